import type { Timers } from '../runtime/timers.js';

/** The catalog's drains, as far as their time is concerned. */
export interface DrainPort {
  /** When the next one ends, milliseconds since the epoch; undefined: none ends by itself. */
  readonly nextDrainExpiry: number | undefined;
  /** Ends those whose time is over. */
  expireDrains(): void;
}

/** The longest that setTimeout waits without wrapping around. */
const longestWait = 2 ** 31 - 1;

/** Ends operators' drains when their time is over. The catalog has no timers; this is its. */
export class DrainKeeper {
  readonly #drains: DrainPort;
  readonly #timers: Pick<Timers, 'after'>;
  readonly #clock: () => number;
  #cancel: (() => void) | undefined;

  /** @param clock milliseconds since the epoch */
  constructor(drains: DrainPort, timers: Pick<Timers, 'after'>, clock: () => number) {
    this.#drains = drains;
    this.#timers = timers;
    this.#clock = clock;
  }

  /** To be called at the start and after each drain that is set or taken back. */
  refresh(): void {
    this.stop();
    const at = this.#drains.nextDrainExpiry;
    if (at === undefined) return;
    const wait = Math.min(Math.max(0, at - this.#clock()), longestWait);
    this.#cancel = this.#timers.after(wait, () => {
      this.#drains.expireDrains();
      this.refresh();
    });
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
