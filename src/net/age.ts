const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

/** A duration in its two largest units: `8s`, `3m12s`, `5h3m`, `4d2h`, `120d`. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < MINUTE) return `${seconds}s`;
  if (seconds < HOUR) return pair(seconds, MINUTE, 'm', 1, 's');
  if (seconds < DAY) return pair(seconds, HOUR, 'h', MINUTE, 'm');
  return seconds < 100 * DAY ? pair(seconds, DAY, 'd', HOUR, 'h') : `${Math.floor(seconds / DAY)}d`;
}

function pair(seconds: number, big: number, bigName: string, small: number, smallName: string): string {
  const rest = Math.floor((seconds % big) / small);
  return `${Math.floor(seconds / big)}${bigName}${rest === 0 ? '' : `${rest}${smallName}`}`;
}

/** The time from one timestamp to another; empty when either is absent. */
export function ageBetween(from: string | undefined, to: number): string {
  const start = from === undefined ? Number.NaN : Date.parse(from);
  return Number.isNaN(start) ? '' : formatAge(to - start);
}
