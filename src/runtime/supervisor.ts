import { errorMessage } from '../net/error-message.js';
import { systemTimers, type Timers } from './timers.js';

/** How long to wait before restarting after an unexpected end, in ms. The wait doubles with each failure in a row. */
const FIRST_RESTART_MS = 50;
const MAX_RESTART_MS = 5000;
/** A failure after this much running time counts as the first in a row. */
const STEADY_MS = 60_000;

/** How often something ended unexpectedly. */
export interface Restarts {
  readonly count: number;
  /** Why it last ended unexpectedly, in one line. Undefined if it never did. */
  readonly lastError?: string;
}

/** Of several together; the last of them that has one has the last error. */
export function sumOfRestarts(all: readonly { readonly restarts: Restarts }[]): Restarts {
  const each = all.map(({ restarts }) => restarts);
  const lastError = each.findLast((restarts) => restarts.lastError !== undefined)?.lastError;
  const count = each.reduce((sum, restarts) => sum + restarts.count, 0);
  return { count, ...(lastError !== undefined && { lastError }) };
}

export interface SupervisorOptions<Running> {
  /**
   * Starts it.
   * @param ended call this once with a one-line reason when it has ended, but not before `start` has returned
   * @throws Error when it cannot start now; that counts as a failure
   */
  readonly start: (ended: (reason: string) => void) => Running;
  /** Called when it runs and can receive work. */
  readonly started?: (running: Running) => void;
  /** Called when it has ended, on request or not. Clean up its resources here. */
  readonly ended?: () => void;
  /** Called after `ended` if the end was unexpected. The supervisor will restart it. @param reason one line */
  readonly crashed: (reason: string) => void;
  readonly timers?: Timers;
}

/**
 * Keeps one thing running, such as a thread. Restarts it after each unexpected end, with a longer wait for each failure
 * in a row.
 */
export class Supervisor<Running> {
  readonly #options: SupervisorOptions<Running>;
  readonly #timers: Timers;
  #running: Running | undefined;
  #isStarted = false;
  #isStopping = false;
  #startedAt = 0;
  /** Failures in a row. */
  #failures = 0;
  #restarts: Restarts = { count: 0 };
  #cancelRestart: (() => void) | undefined;
  #stopped: Promise<void> | undefined;
  #onEnd: (() => void) | undefined;

  constructor(options: SupervisorOptions<Running>) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
  }

  /** Undefined before the start, while it waits for a restart, and after it has stopped. */
  get running(): Running | undefined {
    return this.#running;
  }

  /** Whether it was started. It may be waiting for a restart. */
  get isStarted(): boolean {
    return this.#isStarted;
  }

  get restarts(): Restarts {
    return this.#restarts;
  }

  /** Keeps it running from now on. Does nothing when called again. */
  start(): void {
    if (this.#isStarted || this.#isStopping) return;
    this.#isStarted = true;
    this.#start();
  }

  /**
   * Stops it for good. Resolves when it has ended.
   * @param tell asks it to end; not called when it does not run
   */
  stop(tell: (running: Running) => void): Promise<void> {
    return (this.#stopped ??= this.#stop(tell));
  }

  async #stop(tell: (running: Running) => void): Promise<void> {
    this.#isStopping = true;
    this.#cancelRestart?.();
    const running = this.#running;
    if (running === undefined) return;
    await new Promise<void>((resolve) => {
      this.#onEnd = resolve;
      tell(running);
    });
  }

  #start(): void {
    this.#startedAt = this.#timers.now();
    try {
      this.#running = this.#options.start((reason) => this.#ended(reason));
    } catch (error) {
      this.#ended(errorMessage(error));
      return;
    }
    this.#options.started?.(this.#running);
  }

  #ended(reason: string): void {
    this.#running = undefined;
    this.#options.ended?.();
    this.#onEnd?.();
    if (this.#isStopping) return;
    const { count } = this.#restarts;
    this.#restarts = { count: count + 1, lastError: reason };
    if (this.#timers.now() - this.#startedAt > STEADY_MS) this.#failures = 0;
    const wait = Math.min(MAX_RESTART_MS, FIRST_RESTART_MS * 2 ** this.#failures++);
    this.#cancelRestart = this.#timers.after(wait, () => this.#start());
    this.#options.crashed(reason);
  }
}
