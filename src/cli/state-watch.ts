import { UnreachableError } from '../api/client.js';
import { StateReplica } from '../api/stream/state-replica.js';
import { watchMessages } from '../api/watch-client.js';
import type { Context } from './context.js';
import { daemonError } from './daemon-error.js';

/** Milliseconds between two looks at least: changes come in crowds, and one look sees what all of them did. */
const LEAST_MS = 100;
/** Milliseconds until the daemon is asked again after it went away. */
const RETRY_MS = 1000;

/** Follows the daemon's state by its stream, and resumes it where it was cut. */
export class StateWatch {
  readonly #context: Context;
  readonly #closing = new AbortController();
  readonly #replica = new StateReplica();
  #fault: unknown;
  #changed = false;
  #onNews: () => void = () => undefined;

  constructor(context: Context) {
    this.#context = context;
    void this.#follow();
  }

  /**
   * The state as it is now, as soon as there is one.
   * @throws CliError when the daemon cannot be reached
   */
  async state(): Promise<StateReplica> {
    while (this.#replica.revision === undefined && this.#fault === undefined) await this.#news();
    if (this.#fault !== undefined) throw daemonError(this.#fault, this.#context.address);
    return this.#replica;
  }

  /**
   * Until the state changes, or did since the last call.
   * @param mostMs but no longer than this
   */
  async wait(mostMs = Infinity): Promise<void> {
    await this.#sleep(Math.min(LEAST_MS, mostMs));
    if (!this.#changed) await Promise.race([this.#news(), this.#sleep(mostMs - LEAST_MS)]);
    this.#changed = false;
  }

  close(): void {
    this.#closing.abort();
  }

  #news(): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => (this.#onNews = resolve));
  }

  async #follow(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        const { api } = this.#context.address;
        for await (const message of watchMessages(api, this.#replica.cursor, signal)) {
          const wasAway = this.#fault !== undefined;
          this.#fault = undefined;
          if (this.#replica.apply(message) || wasAway) this.#tell();
        }
        this.#fault = new UnreachableError('ECONNRESET', 'it ended the stream');
      } catch (error) {
        this.#fault = error;
      }
      this.#replica.cut();
      this.#tell();
      await this.#sleep(RETRY_MS);
    }
  }

  #tell(): void {
    this.#changed = true;
    this.#onNews();
  }

  /** Ends early, and leaves no timer, when the watch is closed. */
  #sleep(ms: number): Promise<void> {
    const { signal } = this.#closing;
    if (signal.aborted || ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = ms === Infinity ? undefined : setTimeout(done, ms);
      signal.addEventListener('abort', done);
    });
  }
}
