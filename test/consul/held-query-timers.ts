import { setImmediate as turn } from 'node:timers/promises';
import type { QueryTimers } from '../../src/consul/blocking-query.js';

/** Time that stands still until it is moved. */
export class HeldQueryTimers implements QueryTimers {
  time = 0;
  chance = 0;
  #waiting: { readonly at: number; readonly task: () => void }[] = [];
  now = () => this.time;
  random = () => this.chance;

  after(ms: number, task: () => void): () => void {
    const entry = { at: this.time + ms, task };
    this.#waiting.push(entry);
    return () => {
      this.#waiting = this.#waiting.filter((each) => each !== entry);
    };
  }

  get pending(): number {
    return this.#waiting.length;
  }

  /** Milliseconds until the next task. */
  get next(): number {
    return Math.min(...this.#waiting.map(({ at }) => at)) - this.time;
  }

  async advance(ms: number): Promise<void> {
    const end = this.time + ms;
    for (;;) {
      await settle();
      const due = this.#waiting.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.#waiting = this.#waiting.filter((each) => each !== due);
      this.time = Math.max(this.time, due.at);
      due.task();
    }
    this.time = end;
    await settle();
  }
}

/** Lets everything that can go on go on. */
export async function settle(): Promise<void> {
  for (let count = 0; count < 10; count++) await turn();
}
