import { setImmediate as turn } from 'node:timers/promises';
import type { Timers } from '../../../src/runtime/timers.js';

interface Due {
  readonly at: number;
  readonly seq: number;
  readonly task: () => void;
}

/** Time that stands still until it is moved. */
export class ManualTimers implements Timers {
  #now: number;
  #seq = 0;
  readonly #due = new Set<Due>();

  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, task: () => void): () => void {
    const due: Due = { at: this.#now + ms, seq: this.#seq++, task };
    this.#due.add(due);
    return () => this.#due.delete(due);
  }

  get pending(): number {
    return this.#due.size;
  }

  /** Moves time on, timer by timer, and lets what follows from each happen. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await settle();
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      this.#due.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.task();
      await settle();
    }
    this.#now = until;
  }

  #next(until: number): Due | undefined {
    return [...this.#due].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at || a.seq - b.seq)[0];
  }
}

/** Lets promises and streams come to rest. */
export async function settle(): Promise<void> {
  for (let count = 0; count < 12; count++) await turn();
}
