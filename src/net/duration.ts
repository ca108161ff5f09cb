const millisecondsIn = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
type Unit = keyof typeof millisecondsIn;

/** `500ms`, `10s`, `5m`, `1h`, `7d`. @returns milliseconds; undefined when the text is no duration */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text);
  return match === null ? undefined : Number(match[1]) * millisecondsIn[match[2] as Unit];
}

/** The text with the largest unit that {@link parseDuration} reads as this number of milliseconds. */
export function formatDuration(milliseconds: number): string {
  const unit =
    (['d', 'h', 'm', 's'] as const).find((each) => milliseconds % millisecondsIn[each] === 0) ?? 'ms';
  return milliseconds === 0 ? '0s' : `${milliseconds / millisecondsIn[unit]}${unit}`;
}
