import { ConsulError } from './consul-client.js';
import type { QueryTimers } from './blocking-query.js';

/** Milliseconds between two attempts while Consul is unreachable. Its return is noticed within 2 s. */
const PROBE_MS = 1000;
/** Milliseconds over which waiting queries are spread once Consul is back. */
const SPREAD_MS = 500;

/**
 * Lets one request at a time check whether Consul is back, regardless of the number of queries, and spreads the others
 * afterwards. A thousand watches must cause neither a thousand attempts per second nor a thousand requests at once.
 */
export class Gate {
  readonly #timers: QueryTimers;
  readonly #waiting = new Set<() => void>();
  readonly #cancels = new Set<() => void>();
  #isClosed = false;
  /** While the gate is closed: whether the next request may try. */
  #mayTry = false;
  /** The time for the next attempt is set. Many requests fail at once, and only one of them is to try again. */
  #isDue = false;

  constructor(timers: QueryTimers) {
    this.#timers = timers;
  }

  /** Makes a request as soon as it is allowed. @throws the request's error, or ConsulError when it was stopped */
  async pass<T>(signal: AbortSignal, request: () => Promise<T>): Promise<T> {
    if (this.#isClosed) await this.#turn(signal);
    try {
      const answer = await request();
      this.#open();
      return answer;
    } catch (error) {
      if (signal.aborted) this.#release();
      else if (isAway(error)) this.#close();
      else this.#open();
      throw error;
    }
  }

  stop(): void {
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
    this.#openAll(0);
  }

  #turn(signal: AbortSignal): Promise<void> {
    if (this.#mayTry) {
      this.#mayTry = false;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const go = () => {
        this.#waiting.delete(go);
        signal.removeEventListener('abort', stop);
        resolve();
      };
      const stop = () => {
        this.#waiting.delete(go);
        reject(new ConsulError('stopped'));
      };
      signal.addEventListener('abort', stop, { once: true });
      this.#waiting.add(go);
    });
  }

  #close(): void {
    this.#isClosed = true;
    if (this.#isDue) return;
    this.#isDue = true;
    this.#mayTry = false;
    this.#after(PROBE_MS * (0.5 + 0.5 * this.#timers.random()), () => {
      this.#isDue = false;
      this.#release();
    });
  }

  /** Lets the next caller try. */
  #release(): void {
    if (!this.#isClosed) return;
    const [next] = this.#waiting;
    if (next) next();
    else this.#mayTry = true;
  }

  #open(): void {
    if (!this.#isClosed) return;
    this.#openAll(SPREAD_MS);
  }

  #openAll(spread: number): void {
    this.#isClosed = false;
    this.#mayTry = false;
    for (const go of [...this.#waiting]) {
      this.#waiting.delete(go);
      if (spread === 0) go();
      else this.#after(spread * this.#timers.random(), go);
    }
  }

  #after(ms: number, task: () => void): void {
    const cancel = this.#timers.after(ms, () => {
      this.#cancels.delete(cancel);
      task();
    });
    this.#cancels.add(cancel);
  }
}

/** Consul was unreachable, or unable to answer anything. Another query would fail too. */
function isAway(error: unknown): boolean {
  return error instanceof ConsulError && (error.status === undefined || error.status >= 500);
}
