const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** Bytes in the largest unit that keeps the number at 1 or more, with at most three digits: `812B`, `4.77MiB`. */
export function formatBytes(octets: number): string {
  let [size, unit] = [octets, 0];
  // A number that would be rounded to 1000 or more takes the next unit.
  while (size >= 999.5 && unit < UNITS.length - 1) [size, unit] = [size / 1024, unit + 1];
  const digits = unit === 0 || size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
  return `${size.toFixed(digits)}${UNITS[unit] ?? ''}`;
}
