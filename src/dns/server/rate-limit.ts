import { LRUCache } from 'lru-cache';
import { ipBytes, ipFamily } from '../../net/ip.js';
import { latin1 } from '../../wire/bytes.js';
import { RCODE } from '../../wire/constants.js';
import { nameKey, type DnsName } from '../../wire/name.js';

export interface RateLimitOptions {
  /** Replies of one kind that one network gets in a second; it may save up as many. */
  readonly perSecond: number;
  /** Whether a client (canonical address) is known well enough to get as many replies as it likes. Asked for every reply. */
  isExempt(address: string): boolean;
}

/** `slip`: a reply without data and with TC, which a forger's victim loses little by and an honest client gets on with. */
export type RateVerdict = 'send' | 'slip' | 'drop';

/** What a reply says, as far as it makes replies alike. */
export interface ReplyKind {
  readonly rcode: number;
  readonly source: 'own' | 'upstream';
  /** The name asked for; absent when it could not be read. */
  readonly name?: DnsName | undefined;
  /** The wildcard that answered (RFC 4592). */
  readonly wildcard?: DnsName | undefined;
  /** The zone that denies the name. */
  readonly zone?: DnsName | undefined;
}

/** A network that asks for one kind of reply. */
interface Bucket {
  tokens: number;
  /** When `tokens` was true, in ms. */
  at: number;
  /** Replies held back so far. */
  limited: number;
}

/** Networks and kinds remembered; the ones that asked last. */
const MAX_BUCKETS = 10_000;

/** Of the replies held back every second one slips through. */
const SLIP = 2;

/**
 * Response rate limiting (https://kb.isc.org/docs/aa-01000): replies over UDP to a network that gets the same one over
 * and over are held back, because their source is most likely forged. Token buckets, refilled as time goes by.
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

  /** What becomes of a reply to an address that is not exempt. */
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

/** Who spoofs one address of a network can spoof all of it: /24, and /56 of IPv6. */
function prefixOf(address: string): string {
  return ipFamily(address) === 4
    ? address.slice(0, address.lastIndexOf('.'))
    : latin1(ipBytes(address).subarray(0, 7));
}

/**
 * The same for replies that are worth the same to a forger. A name that cannot be made up at will stands for itself;
 * where names can be made up (denials, wildcards, domains of others) all of them share one kind, and so do errors.
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
