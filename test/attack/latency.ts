import { setTimeout as sleep } from 'node:timers/promises';
import { round } from './heap.js';

export interface Latency {
  readonly p50: number;
  readonly p99: number;
  /** Of those that were asked. */
  readonly answered: number;
  readonly asked: number;
}

/** Asks one query after the other while `goesOn` says so, `pause` ms apart. */
export async function measureLatency(
  ask: () => Promise<Buffer | undefined>,
  goesOn: (asked: number) => boolean,
  pause = 4,
): Promise<Latency> {
  const times: number[] = [];
  let asked = 0;
  for (; goesOn(asked); asked++) {
    const started = performance.now();
    if (await ask()) times.push(performance.now() - started);
    await sleep(pause);
  }
  times.sort((a, b) => a - b);
  const at = (share: number) =>
    round(times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0);
  return { p50: at(0.5), p99: at(0.99), answered: times.length, asked };
}

/** True until the promise is settled. */
export function until(promise: Promise<unknown>): () => boolean {
  let isPending = true;
  const settle = () => {
    isPending = false;
  };
  promise.then(settle, settle);
  return () => isPending;
}
