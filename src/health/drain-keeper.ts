import type { DrainMark } from '../catalog/health-overlay.js';
import type { Timers } from '../runtime/timers.js';

/** The end times of the catalog's drains. */
export interface DrainPort {
  /** Those in force. A drain is the same object as long as it is. */
  readonly drains: readonly DrainMark[];
  endDrains(marks: readonly DrainMark[]): void;
}

/** The longest time for setTimeout without an overflow. */
const longestWait = 2 ** 31 - 1;

/**
 * Ends operators' drains when their time is over, because the catalog itself has no timers. A drain says when it ends
 * by the wall clock; how long that is away is found out when it is first seen, so that setting the clock changes no
 * drain.
 */
export class DrainKeeper {
  readonly #drains: DrainPort;
  readonly #timers: Timers;
  readonly #clock: () => number;
  /** By the timers' clock. */
  readonly #deadlines = new Map<DrainMark, number>();
  #cancel: (() => void) | undefined;

  /** @param clock milliseconds since the epoch */
  constructor(drains: DrainPort, timers: Timers, clock: () => number = Date.now) {
    this.#drains = drains;
    this.#timers = timers;
    this.#clock = clock;
  }

  /** Call this at the start, and after a drain is set or ended. */
  refresh(): void {
    this.stop();
    this.#follow();
    const next = Math.min(...this.#deadlines.values());
    if (next === Infinity) return;
    const wait = Math.min(Math.max(0, next - this.#timers.now()), longestWait);
    this.#cancel = this.#timers.after(wait, () => {
      this.#end();
      this.refresh();
    });
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #follow(): void {
    const inForce = new Set(this.#drains.drains);
    for (const mark of this.#deadlines.keys()) if (!inForce.has(mark)) this.#deadlines.delete(mark);
    const at = this.#clock();
    const now = this.#timers.now();
    for (const mark of inForce)
      if (mark.until !== undefined && !this.#deadlines.has(mark))
        this.#deadlines.set(mark, now + mark.until - at);
  }

  #end(): void {
    const now = this.#timers.now();
    const over = [...this.#deadlines].filter(([, deadline]) => deadline <= now).map(([mark]) => mark);
    this.#drains.endDrains(over);
  }
}
