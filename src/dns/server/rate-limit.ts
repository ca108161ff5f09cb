import { LRUCache } from 'lru-cache';
import { ipBytes, ipFamily } from '../../net/ip.js';
import { latin1 } from '../../wire/bytes.js';
import { RCODE } from '../../wire/constants.js';
import { nameKey, type DnsName } from '../../wire/name.js';

export interface RateLimitOptions {
  /** Replies of one kind per second and network. A network may save up as many. */
  readonly perSecond: number;
  /** Whether a client (canonical address) is known well enough to be exempt from the limit. Called for every reply. */
  isExempt(address: string): boolean;
}

/**
 * `slip`: a reply with TC and without data. It hardly harms the victim of a forger, and an honest client can continue
 * over TCP.
 */
export type RateVerdict = 'send' | 'slip' | 'drop';

/** The content of a reply that determines which replies count as alike. */
export interface ReplyKind {
  readonly rcode: number;
  readonly source: 'own' | 'upstream';
  /** The queried name. Undefined if it could not be read. */
  readonly name?: DnsName | undefined;
  /** The wildcard that produced the answer (RFC 4592). */
  readonly wildcard?: DnsName | undefined;
  /** The zone that denies the name. */
  readonly zone?: DnsName | undefined;
}

/** One network and one kind of reply. */
interface Bucket {
  tokens: number;
  /** When `tokens` was computed, in ms. */
  at: number;
  /** Replies held back so far. */
  limited: number;
}

/** How many networks and kinds are remembered, the most recent ones. */
const MAX_BUCKETS = 10_000;

/** Of the withheld replies, every second one is sent truncated. */
const SLIP = 2;

/**
 * Response rate limiting (https://kb.isc.org/docs/aa-01000). If a network gets the same UDP reply over and over,
 * further replies are withheld, because the source is probably forged. Uses token buckets that refill over time.
 */
export class RateLimiter {
  readonly #options: RateLimitOptions;
  readonly #now: () => number;
  readonly #buckets: LRUCache<string, Bucket>;

  /** @param now monotonic, in ms */
  constructor(options: RateLimitOptions, now: () => number, maxBuckets = MAX_BUCKETS) {
    this.#options = options;
    this.#now = now;
    this.#buckets = new LRUCache({ max: maxBuckets });
  }

  isExempt(address: string): boolean {
    return this.#options.isExempt(address);
  }

  /** Decides about a reply to an address that is not exempt. */
  check(address: string, kind: ReplyKind): RateVerdict {
    const { perSecond } = this.#options;
    const key = `${prefixOf(address)} ${kindKey(kind)}`;
    const now = this.#now();
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      bucket = { tokens: perSecond, at: now, limited: 0 };
      this.#buckets.set(key, bucket);
    }
    bucket.tokens = Math.min(perSecond, bucket.tokens + ((now - bucket.at) / 1000) * perSecond);
    bucket.at = now;
    if (bucket.tokens >= 1) {
      bucket.tokens--;
      return 'send';
    }
    return ++bucket.limited % SLIP === 0 ? 'slip' : 'drop';
  }
}

/** An attacker who can spoof one address of a network can spoof all of it: /24, and /56 for IPv6. */
function prefixOf(address: string): string {
  return ipFamily(address) === 4
    ? address.slice(0, address.lastIndexOf('.'))
    : latin1(ipBytes(address).subarray(0, 7));
}

/**
 * Equal for replies of equal use to a forger. A name that cannot be invented at will counts by itself. Where names can
 * be invented (denials, wildcards, foreign domains), all of them count as one kind, as do errors.
 */
export function kindKey({ rcode, source, name, wildcard, zone }: ReplyKind): string {
  const isAnswer = rcode === RCODE.NOERROR || rcode === RCODE.NXDOMAIN;
  if (!isAnswer || name === undefined) return String(rcode);
  if (source === 'upstream') return `${rcode} ${latin1(lastTwoLabels(name)).toLowerCase()}`;
  const own = rcode === RCODE.NXDOMAIN ? zone : (wildcard ?? name);
  return own === undefined ? String(rcode) : `${rcode} ${nameKey(own)}`;
}

function lastTwoLabels(name: DnsName): DnsName {
  let [at, before] = [0, 0];
  for (let next = 0; name[next] !== 0 && next < name.length; next += (name[next] ?? 0) + 1) {
    before = at;
    at = next;
  }
  return name.subarray(before);
}
