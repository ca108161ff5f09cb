import { TimeHistogram, type TimesMs } from './time-histogram.js';
import { systemTimers, type Timers } from './timers.js';

/** How often it is looked, in milliseconds. */
const LOOK_MS = 500;
const BOUNDS_MS = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000] as const;

/** How late this thread's event loop is: how long after its time a timer comes. */
export class LoopLateness {
  readonly #times = new TimeHistogram(BOUNDS_MS);
  readonly #timers: Timers;
  #cancel: (() => void) | undefined;

  constructor(timers: Timers = systemTimers) {
    this.#timers = timers;
  }

  start(): void {
    const due = this.#timers.now() + LOOK_MS;
    this.#cancel = this.#timers.after(LOOK_MS, () => {
      this.#times.add(Math.max(0, this.#timers.now() - due));
      this.start();
    });
  }

  stop(): void {
    this.#cancel?.();
  }

  read(): TimesMs {
    return this.#times.read();
  }
}
