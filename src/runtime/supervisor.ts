import { errorMessage } from '../net/error-message.js';
import { systemTimers, type Timers } from './timers.js';

/** How long what ended by itself waits to be started again, in ms; twice as long each time in a row. */
const FIRST_RESTART_MS = 50;
const MAX_RESTART_MS = 5000;
/** What ran so long had not failed in a row. */
const STEADY_MS = 60_000;

/** How often something ended by itself. */
export interface Restarts {
  readonly count: number;
  /** Why it did so last, in one line; absent: it never did. */
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
   * @param ended to be called once, when it runs no more, and not before this has returned; with one line
   * @throws Error when it cannot be started now; that counts as an end
   */
  readonly start: (ended: (reason: string) => void) => Running;
  /** It runs: it can be told what there is to do. */
  readonly started?: (running: Running) => void;
  /** It runs no more, whether it was told to or not: what it held is to be put in order. */
  readonly ended?: () => void;
  /** After `ended`, when it was not told to. It is started again. @param reason one line */
  readonly crashed: (reason: string) => void;
  readonly timers?: Timers;
}

/** Keeps one thing running, such as a thread: starts it again whenever it ends by itself, later each time in a row. */
export class Supervisor<Running> {
  readonly #options: SupervisorOptions<Running>;
  readonly #timers: Timers;
  #running: Running | undefined;
  #isStarted = false;
  #isStopping = false;
  #startedAt = 0;
  /** In a row. */
  #failures = 0;
  #restarts: Restarts = { count: 0 };
  #cancelRestart: (() => void) | undefined;
  #stopped: Promise<void> | undefined;
  #onEnd: (() => void) | undefined;

  constructor(options: SupervisorOptions<Running>) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
  }

  /** Undefined: it was not started yet, waits to be started again, or has stopped. */
  get running(): Running | undefined {
    return this.#running;
  }

  /** Whether it was started, although it may be away just now. */
  get isStarted(): boolean {
    return this.#isStarted;
  }

  get restarts(): Restarts {
    return this.#restarts;
  }

  /** Keeps it running from now on. Harmless when it was started before. */
  start(): void {
    if (this.#isStarted || this.#isStopping) return;
    this.#isStarted = true;
    this.#start();
  }

  /**
   * Resolves when it runs no more. It is never started again.
   * @param tell has it end; not called when it does not run
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
