import { dialSocket } from '../api/socket-dial.js';
import { StreamClient } from '../api/stream-client.js';
import type { StateReplica } from '../api/stream/state-replica.js';
import type { FiguresJson, SubscribeJson } from '../api/types/stream.js';
import type { Context } from './context.js';
import { daemonError } from './daemon-error.js';

/** The shortest time between two looks, in milliseconds. Changes come in bursts, and one look sees them all. */
const LEAST_MS = 100;

const STATE: SubscribeJson = { type: 'subscribe', channels: ['state'] };

/** Follows what the daemon shows through its stream, and resumes the stream where it broke off. */
export class StateWatch {
  readonly #context: Context;
  readonly #closing = new AbortController();
  readonly #client: StreamClient;
  #changed = false;
  #onNews: () => void = () => undefined;

  /** @param wanted the state of everything by default */
  constructor(context: Context, wanted: SubscribeJson = STATE) {
    this.#context = context;
    this.#client = new StreamClient({
      dial: dialSocket(context.address.api),
      wanted,
      onNews: () => {
        this.#changed = true;
        this.#onNews();
      },
    });
    void this.#client.follow();
  }

  /**
   * Resolves with the current state as soon as there is one.
   * @throws CliError when the daemon cannot be reached
   */
  state(): Promise<StateReplica> {
    return this.#first(({ replica }) => (replica.revision === undefined ? undefined : replica));
  }

  /**
   * Resolves with the current figures as soon as there are any.
   * @throws CliError when the daemon cannot be reached
   */
  figures(): Promise<FiguresJson> {
    return this.#first(({ figures }) => figures);
  }

  /**
   * Resolves when something changes, or at once if it has changed since the last call.
   * @param mostMs resolves after this time in any case
   */
  async wait(mostMs = Infinity): Promise<void> {
    await this.#sleep(Math.min(LEAST_MS, mostMs));
    if (!this.#changed) await Promise.race([this.#news(), this.#sleep(mostMs - LEAST_MS)]);
    this.#changed = false;
  }

  close(): void {
    this.#client.close();
    this.#closing.abort();
  }

  async #first<Value>(of: (position: StreamClient['position']) => Value | undefined): Promise<Value> {
    for (;;) {
      const { fault, position } = this.#client;
      if (fault !== undefined) throw daemonError(fault, this.#context.address);
      const value = of(position);
      if (value !== undefined) return value;
      await this.#news();
    }
  }

  #news(): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => (this.#onNews = resolve));
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
