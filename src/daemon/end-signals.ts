import type { Log } from '../net/log.js';

const NUMBERS = { SIGTERM: 15, SIGINT: 2 } as const;
type EndSignal = keyof typeof NUMBERS;

/**
 * The signals of the process from the creation of this object. A signal that comes before the daemon is ready is not
 * lost, and does not end the process halfway.
 */
export class Signals {
  /** Resolves at the first signal that asks the process to end. */
  readonly ended: Promise<EndSignal>;
  #isEnding = false;
  #hasHungUp: boolean;
  #onHangUp: (() => void) | undefined;
  #log: Log | undefined;

  /** @param hasHungUp whether SIGHUP came earlier */
  constructor(hasHungUp = false) {
    this.#hasHungUp = hasHungUp;
    process.on('SIGHUP', () => {
      if (this.#onHangUp) this.#onHangUp();
      else this.#hasHungUp = true;
    });
    this.ended = new Promise((resolve) => {
      for (const signal of ['SIGTERM', 'SIGINT'] as const)
        process.on(signal, () => {
          // The second signal is urgent: unfinished work is dropped.
          if (this.#isEnding) process.exit(128 + NUMBERS[signal]);
          this.#isEnding = true;
          this.#log?.info('stopping', { signal });
          resolve(signal);
        });
    });
  }

  logTo(log: Log): void {
    this.#log = log;
  }

  /** @param reload called at each SIGHUP from now on, and at once if one came earlier */
  onHangUp(reload: () => void): void {
    this.#onHangUp = reload;
    if (this.#hasHungUp) reload();
    this.#hasHungUp = false;
  }
}
