import type { Tone } from './style.js';

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

/** Shortens container ids as Docker does; other ids are only useful in full. */
export function shortId(id: string, truncate: boolean): string {
  return truncate && /^[0-9a-f]{64}$/.test(id) ? id.slice(0, 12) : id;
}

export function healthTone(health: string): Tone {
  if (health === 'healthy') return 'good';
  return health === 'stopped' ? 'dim' : health === 'unhealthy' ? 'bad' : 'warn';
}

/** `3 services`, `1 service`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** `A 3, AAAA 1`: largest first, zeros left out. */
export function tally(counts: Readonly<Partial<Record<string, number>>>): string {
  return Object.entries(counts)
    .map(([name, number = 0]) => ({ name, number }))
    .filter(({ number }) => number > 0)
    .sort((a, b) => b.number - a.number)
    .map(({ name, number }) => `${name} ${number}`)
    .join(', ');
}
