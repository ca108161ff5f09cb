import { UnreachableError } from '../api/client.js';
import { StateReplica } from '../api/stream/state-replica.js';
import { watchMessages } from '../api/watch-client.js';
import type { Context } from './context.js';
import { daemonError } from './daemon-error.js';

/** The shortest time between two requests, in milliseconds. Changes come in bursts, and one request sees them all. */
const LEAST_MS = 100;
/** Milliseconds until the daemon is asked again after the connection was lost. */
const RETRY_MS = 1000;

/** Follows the daemon's state through its stream, and resumes the stream where it broke off. */
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
   * Resolves with the current state as soon as there is one.
   * @throws CliError when the daemon cannot be reached
   */
  async state(): Promise<StateReplica> {
    while (this.#replica.revision === undefined && this.#fault === undefined) await this.#news();
    if (this.#fault !== undefined) throw daemonError(this.#fault, this.#context.address);
    return this.#replica;
  }

  /**
   * Resolves when the state changes, or at once if it has changed since the last call.
   * @param mostMs resolves after this time in any case
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

  /** Ends early when the watch is closed, and leaves no timer behind. */
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
