import type { Problem } from '../catalog/model.js';
import { errorMessage } from '../net/error-message.js';
import type { Log } from '../net/log.js';

/** This many errors within {@link WINDOW_MS} end the process, because the fault is permanent. */
const MOST = 5;
const WINDOW_MS = 60_000;

export interface InternalErrorsOptions {
  readonly log: Log;
  /** Called once, after too many errors within a minute. */
  readonly onTooMany: () => void;
  /** A monotonic clock in milliseconds. */
  readonly now?: () => number;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
}

/**
 * Uncaught errors. One error ends only the work that caused it; the host keeps its names. Several errors within a
 * minute end the process, so that it is restarted with its saved state.
 */
export class InternalErrors {
  readonly #options: Required<InternalErrorsOptions>;
  #recent: number[] = [];
  #count = 0;
  #last = { message: '', at: 0 };
  #isOver = false;

  constructor(options: InternalErrorsOptions) {
    this.#options = { now: () => performance.now(), clock: Date.now, ...options };
  }

  /** Since the process started. */
  get count(): number {
    return this.#count;
  }

  note(error: unknown): void {
    const { log, now, clock, onTooMany } = this.#options;
    const at = now();
    this.#count++;
    this.#last = { message: errorMessage(error), at: clock() };
    this.#recent = [...this.#recent.filter((each) => at - each < WINDOW_MS), at];
    const stack = error instanceof Error ? error.stack : undefined;
    log.error('internal error; please report it', { error: errorMessage(error), stack });
    if (this.#recent.length < MOST || this.#isOver) return;
    this.#isOver = true;
    log.error(`${MOST} internal errors within a minute: Fairlead ends, so that it can be restarted`);
    onTooMany();
  }

  problems(): readonly Problem[] {
    if (this.#count === 0) return [];
    const times = this.#count === 1 ? 'an internal error' : `${this.#count} internal errors`;
    const { message, at } = this.#last;
    return [
      {
        code: 'internal-error',
        subject: 'fairlead',
        message: `${times} since the start, the last at ${new Date(at).toISOString()}: ${message.split('\n')[0] ?? ''}; please report it with its lines in the log`,
      },
    ];
  }
}
