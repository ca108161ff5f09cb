import type { Upstream } from '../../net/upstream.js';
import { TimeHistogram, type TimesMs } from '../../runtime/time-histogram.js';

/** How long a silent upstream is skipped, first and at most, in ms. The time doubles with each failed trial. */
const FIRST_BACKOFF = 1000;
const MAX_BACKOFF = 30_000;

/** How long a trial query prevents further trials, in ms. */
const TRIAL_TIME = 1000;

/** How long an upstream that cannot read EDNS is asked without it, in ms (RFC 6891 section 7). */
const PLAIN_TIME = 300_000;

export interface UpstreamStatus {
  readonly upstream: Upstream;
  readonly up: boolean;
  /** Failures since its last answer. */
  readonly failures: number;
  /** The last failure: `timeout`, `ECONNREFUSED`. Undefined if it never failed. */
  readonly lastError?: string;
  /** How long its answers took. */
  readonly times: TimesMs;
}

/** Upper bounds in milliseconds. */
const BOUNDS_MS = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500] as const;

/** The remembered state of one upstream. Times are in ms of the injected monotonic clock. */
export class UpstreamHealth {
  readonly upstream: Upstream;
  readonly #now: () => number;
  readonly #times = new TimeHistogram(BOUNDS_MS);
  #failures = 0;
  #lastError: string | undefined;
  #downUntil = 0;
  #trialUntil = 0;
  #plainUntil = 0;

  constructor(upstream: Upstream, now: () => number) {
    this.upstream = upstream;
    this.#now = now;
  }

  /** Whether to ask it in its turn. A failed upstream gets a single trial query when its time is up. */
  takeTurn(): boolean {
    if (this.#failures === 0) return true;
    const now = this.#now();
    if (now < this.#downUntil || now < this.#trialUntil) return false;
    this.#trialUntil = now + TRIAL_TIME;
    return true;
  }

  /** @param ms from the question to the answer, over all transports that this took */
  answered(ms: number): void {
    this.#times.add(ms);
    this.#failures = 0;
  }

  /** Failures of concurrent queries count once. */
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
    const status = {
      upstream: this.upstream,
      up: this.#failures === 0,
      failures: this.#failures,
      times: this.#times.read(),
    };
    return this.#lastError === undefined ? status : { ...status, lastError: this.#lastError };
  }
}

/** The order in which to ask: available upstreams as given, then the failed ones, in case all failed. */
export function inOrder<T extends { readonly health: UpstreamHealth }>(peers: readonly T[]): readonly T[] {
  const ready = new Set(peers.filter(({ health }) => health.takeTurn()));
  return [...ready, ...peers.filter((peer) => !ready.has(peer))];
}
