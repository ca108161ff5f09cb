import type { Timers } from '../../runtime/timers.js';

export interface ExpectedServicesOptions {
  readonly timers: Timers;
  /** Reads the list of services. */
  readonly readList: () => void;
  /** When it was read, as the timers count. */
  readonly readAt: () => number;
  /** Milliseconds for which the list is too young to be read again. */
  readonly freshFor: () => number;
  /** Whether Consul answers. While it is away, nothing can be found. */
  readonly isLive: () => boolean;
}

/** Milliseconds between the looks after the first, which is at once. */
const AGAIN = [5000, 10_000, 20_000];

interface Search {
  readonly key: string;
  readonly isThere: () => boolean;
  /** A list that was read then, or later, is as good as a look. */
  readonly since: number;
  /** The waits before the further looks. */
  readonly again: readonly number[];
}

/**
 * Services that Consul's list will soon have: this host has just started a task of them, which is registered meanwhile,
 * or they were there a moment ago. For about half a minute the list is read more often than usual.
 */
export class ExpectedServices {
  readonly #options: ExpectedServicesOptions;
  /** What ends each search. */
  readonly #searches = new Map<string, () => void>();

  constructor(options: ExpectedServicesOptions) {
    this.#options = options;
  }

  /** @param key what this search is for: there is one at a time */
  expect(key: string, isThere: () => boolean): void {
    if (this.#searches.has(key) || isThere()) return;
    this.#lookAfter(0, { key, isThere, since: this.#options.timers.now(), again: AGAIN });
  }

  stop(): void {
    for (const end of this.#searches.values()) end();
    this.#searches.clear();
  }

  #lookAfter(wait: number, search: Search): void {
    this.#searches.set(
      search.key,
      this.#options.timers.after(wait, () => this.#look(search)),
    );
  }

  #look(search: Search): void {
    const { timers, readList, readAt, freshFor, isLive } = this.#options;
    const { key, isThere, since, again } = search;
    this.#searches.delete(key);
    if (isThere()) return;
    if (!isLive()) {
      this.#lookAfter(AGAIN[0] ?? 0, search);
      return;
    }
    if (readAt() < since) {
      const young = freshFor();
      if (young > 0) {
        this.#lookAfter(young, search);
        return;
      }
      readList();
    }
    const [wait, ...rest] = again;
    // Services that are expected at the same time share the looks.
    if (wait !== undefined)
      this.#lookAfter(wait, { key, isThere, since: timers.now() + wait / 2, again: rest });
  }
}
