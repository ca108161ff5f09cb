import { getLines } from '../api/client.js';
import type { Context } from './context.js';

/** Milliseconds from one ring to the next at least: events come in crowds, and one look sees what all of them did. */
const LEAST_MS = 100;
/** At most: what makes no event is seen then. */
const MOST_MS = 1000;

/** Rings when the daemon tells of an event, so that whoever shows a state looks when it changes and not by the clock alone. */
export class EventBell {
  readonly #context: Context;
  readonly #closing = new AbortController();
  #rang = false;
  #onRing: () => void = () => undefined;

  constructor(context: Context) {
    this.#context = context;
    void this.#follow();
  }

  /** Until the next event, or one that came since the last call; never shorter or longer than is good for the daemon. */
  async wait(): Promise<void> {
    await this.#sleep(LEAST_MS);
    if (!this.#rang) {
      const ring = new Promise<void>((resolve) => (this.#onRing = resolve));
      await Promise.race([ring, this.#sleep(MOST_MS - LEAST_MS)]);
    }
    this.#rang = false;
  }

  close(): void {
    this.#closing.abort();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        const events = getLines(this.#context.address.api, '/v1/events', { follow: true, last: 0 }, signal);
        while ((await events.next()).done !== true) {
          this.#rang = true;
          this.#onRing();
        }
      } catch {
        // A daemon that is away is told of by whoever looks; without events they look once a second.
      }
      await this.#sleep(MOST_MS);
    }
  }

  /** Ends early, and leaves no timer, when the bell is closed. */
  #sleep(ms: number): Promise<void> {
    const { signal } = this.#closing;
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done);
    });
  }
}
