/** Timers, so that a test can hold the clock. */
export interface Clock {
  /** Milliseconds; only differences mean something. */
  now(): number;
  setTimer(work: () => void, ms: number): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  setTimer: (work, ms) => {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
};

export interface Wait {
  min: number;
  max: number;
}

/**
 * Waits until nothing has changed for `min`, but no longer than `max` after the first change. Both are milliseconds; 0
 * acts at once.
 */
export class Quiescence {
  readonly #clock: Clock;
  readonly #act: () => void;
  #wait: Wait;
  #first: number | undefined;
  #cancel: (() => void) | undefined;

  constructor(wait: Wait, clock: Clock, act: () => void) {
    this.#wait = wait;
    this.#clock = clock;
    this.#act = act;
  }

  set wait(wait: Wait) {
    this.#wait = wait;
  }

  /** Something changed. */
  touch(): void {
    const now = this.#clock.now();
    this.#first ??= now;
    this.#cancel?.();
    const left = this.#first + this.#wait.max - now;
    this.#cancel = this.#clock.setTimer(
      () => {
        this.stop();
        this.#act();
      },
      Math.max(0, Math.min(this.#wait.min, left)),
    );
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#first = undefined;
  }
}
