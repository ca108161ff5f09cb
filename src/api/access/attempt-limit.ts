import { canonicalIp, ipBytes, ipFamily } from '../../net/ip.js';

export interface AttemptLimits {
  /** Attempts that failed, from one address. */
  readonly perAddress: number;
  /** Attempts that failed, from all addresses together. */
  readonly overall: number;
  /** Milliseconds after which a failure is forgotten. */
  readonly windowMs: number;
}

export const ATTEMPT_LIMITS: AttemptLimits = { perAddress: 10, overall: 100, windowMs: 300_000 };

/**
 * Limits how often tokens can be guessed. An attempt counts as failed from its beginning until it has succeeded, so
 * many attempts at once do not get past the limit.
 */
export class AttemptLimit {
  readonly #limits: AttemptLimits;
  readonly #clock: () => number;
  /** The times of failures by network, oldest first. */
  readonly #failures = new Map<string, number[]>();
  #total = 0;

  /** @param clock milliseconds since the epoch */
  constructor(clock: () => number, limits: AttemptLimits = ATTEMPT_LIMITS) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /**
   * Begins an attempt.
   * @param address canonical, or a name for the transport
   * @returns `succeeded` takes the failure back; or how many milliseconds the client must wait
   */
  begin(address: string): { readonly succeeded: () => void } | { readonly waitMs: number } {
    const now = this.#clock();
    this.#forget(now);
    const network = networkOf(address);
    const own = this.#failures.get(network) ?? [];
    const { perAddress, overall, windowMs } = this.#limits;
    const [oldest = now] =
      own.length >= perAddress ? own : this.#total >= overall ? this.#oldest() : [Infinity];
    if (oldest !== Infinity) return { waitMs: Math.max(1, oldest + windowMs - now) };
    own.push(now);
    this.#failures.set(network, own);
    this.#total += 1;
    return {
      succeeded: () => {
        const at = own.indexOf(now);
        if (at < 0) return;
        own.splice(at, 1);
        this.#total -= 1;
        if (own.length === 0) this.#failures.delete(network);
      },
    };
  }

  #oldest(): number[] {
    return [Math.min(...[...this.#failures.values()].map(([first = Infinity]) => first))];
  }

  #forget(now: number): void {
    for (const [network, times] of this.#failures) {
      // A failure in the future is from before the clock was set back.
      while (times[0] !== undefined && (times[0] + this.#limits.windowMs <= now || times[0] > now)) {
        times.shift();
        this.#total -= 1;
      }
      if (times.length === 0) this.#failures.delete(network);
    }
  }
}

/** One host has 2^64 addresses of IPv6 at hand, so those of one /64 count together. */
function networkOf(address: string): string {
  const ip = canonicalIp(address);
  if (ip === undefined || ipFamily(ip) === 4) return address;
  return Buffer.from(ipBytes(ip).subarray(0, 8)).toString('hex');
}
