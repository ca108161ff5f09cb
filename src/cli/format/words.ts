import type { Tone } from './style.js';

/** Shortens container ids as Docker does; other ids are only useful in full. */
export function shortId(id: string, truncate: boolean): string {
  return truncate && /^[0-9a-f]{64}$/.test(id) ? id.slice(0, 12) : id;
}

export function healthTone(health: string): Tone {
  if (health === 'healthy') return 'good';
  return health === 'stopped' ? 'dim' : health === 'unhealthy' ? 'bad' : 'warn';
}

/** `3 services`, `1 service`, `2 queries`. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : plural}`;
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
