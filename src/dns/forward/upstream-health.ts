import type { Upstream } from '../../net/upstream.js';

/** First and longest time that a silent upstream is passed over, in ms; it doubles with every failed trial. */
const FIRST_BACKOFF = 1000;
const MAX_BACKOFF = 30_000;

/** How long a trial query keeps others from trying too, in ms. */
const TRIAL_TIME = 1000;

/** How long an upstream that cannot read EDNS is asked without it, in ms (RFC 6891 section 7). */
const PLAIN_TIME = 300_000;

export interface UpstreamStatus {
  readonly upstream: Upstream;
  readonly up: boolean;
  /** Times that it was given up since it last answered. */
  readonly failures: number;
  /** The last of them: `timeout`, `ECONNREFUSED`; absent when it never failed. */
  readonly lastError?: string;
}

/** What is remembered of one upstream. Times are those of the injected monotonic clock, in ms. */
export class UpstreamHealth {
  readonly upstream: Upstream;
  readonly #now: () => number;
  #failures = 0;
  #lastError: string | undefined;
  #downUntil = 0;
  #trialUntil = 0;
  #plainUntil = 0;

  constructor(upstream: Upstream, now: () => number) {
    this.upstream = upstream;
    this.#now = now;
  }

  /** Whether to ask it in its turn. One that failed gets a single trial query when its time is over. */
  takeTurn(): boolean {
    if (this.#failures === 0) return true;
    const now = this.#now();
    if (now < this.#downUntil || now < this.#trialUntil) return false;
    this.#trialUntil = now + TRIAL_TIME;
    return true;
  }

  answered(): void {
    this.#failures = 0;
  }

  /** Failures of queries that were under way together count once. */
  failed(error: string): void {
    this.#lastError = error;
    const now = this.#now();
    if (this.#failures > 0 && now < this.#downUntil) return;
    this.#failures++;
    this.#downUntil = now + Math.min(FIRST_BACKOFF * 2 ** (this.#failures - 1), MAX_BACKOFF);
  }

  get plain(): boolean {
    return this.#now() < this.#plainUntil;
  }

  rejectsEdns(): void {
    this.#plainUntil = this.#now() + PLAIN_TIME;
  }

  status(): UpstreamStatus {
    const status = { upstream: this.upstream, up: this.#failures === 0, failures: this.#failures };
    return this.#lastError === undefined ? status : { ...status, lastError: this.#lastError };
  }
}

/** The order to ask in: those whose turn it is as given, then the failed ones, in case all failed. */
export function inOrder<T extends { readonly health: UpstreamHealth }>(peers: readonly T[]): readonly T[] {
  const ready = new Set(peers.filter(({ health }) => health.takeTurn()));
  return [...ready, ...peers.filter((peer) => !ready.has(peer))];
}
