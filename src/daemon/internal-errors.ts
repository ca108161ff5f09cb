import type { Problem } from '../catalog/model.js';
import { errorMessage } from '../net/error-message.js';
import type { Log } from '../net/log.js';

/** So many within {@link WINDOW_MS} end the process: what is broken is broken for good. */
const MOST = 5;
const WINDOW_MS = 60_000;

export interface InternalErrorsOptions {
  readonly log: Log;
  /** Called once, when there were too many within a minute. */
  readonly onTooMany: () => void;
  /** Milliseconds that only grow. */
  readonly now?: () => number;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
}

/**
 * Errors that no code caught. One costs what it was about, never the whole host its names. Several within a minute end
 * the process, so that it is started again with the state that it saved.
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

  /** Since the process began. */
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
    log.error(`${MOST} internal errors within a minute: Fairlead ends, so that it can be started again`);
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
