import type { Upstream } from '../../net/upstream.js';
import { EDE, RCODE, TYPE } from '../../wire/constants.js';
import { decodeMessage, type Message } from '../../wire/message.js';
import type { ForwardResult } from './exchange.js';

type Answer = Extract<ForwardResult, { ok: true }>;

/** The longest time to cache an answer, whatever its TTLs say. */
const MAX_TTL_S = 86_400;
/** RFC 2308 section 5 allows hours, but a newly created name should not be denied that long. */
const MAX_NEGATIVE_TTL_S = 300;
/** RFC 8767 section 4. */
const STALE_TTL_S = 30;
/** RFC 8767 section 5 allows up to three days. */
const MAX_STALE_S = 86_400;
/** A popular answer is fetched again when this share of its lifetime is left. */
const PREFETCH_SHARE = 0.1;
const PREFETCH_HITS = 2;

/** The memory that an entry and each of its records need in addition to their bytes (measured). */
const OVERHEAD = 900;
const RECORD_OVERHEAD = 40;

/**
 * How many answers keep their decoded form, and the most records of such an answer. Each takes a few hundred bytes.
 */
const MAX_RECENT = 256;
const MAX_RECENT_RECORDS = 16;

/** How long an answer may be cached. `positive`: it has data of the type. */
export interface Lifetime {
  readonly positive: boolean;
  /** 0: do not cache. */
  readonly seconds: number;
}

/** A positive answer lives as long as its shortest TTL, a denial by its SOA (RFC 2308 section 5). */
export function lifetimeOf({ rcode, answers, authority, questions }: Message): Lifetime {
  const type = questions[0]?.type;
  const ttls = [...answers, ...authority].map((record) => record.ttl);
  const positive =
    rcode === RCODE.NOERROR && answers.some((record) => record.type === type || type === TYPE.ANY);
  if (positive) return { positive, seconds: Math.min(MAX_TTL_S, ...ttls) };
  const soa = authority.find((record) => record.type === TYPE.SOA);
  // Without an SOA, a denial does not say how long it is valid.
  if (soa?.rdata.kind !== 'soa') return { positive, seconds: 0 };
  return { positive, seconds: Math.min(MAX_NEGATIVE_TTL_S, soa.rdata.minimum, ...ttls) };
}

/** The most recently returned answers. Only these keep their decoded form, which is larger than the bytes. */
export class RecentAnswers {
  readonly #ring: CachedAnswer[] = [];
  #at = 0;

  add(answer: CachedAnswer): void {
    this.#ring[this.#at]?.forget();
    this.#ring[this.#at] = answer;
    this.#at = (this.#at + 1) % MAX_RECENT;
  }
}

/** An upstream's answer as received, and as it should be returned now. Times are in ms of one monotonic clock. */
export class CachedAnswer {
  readonly storedAt: number;
  /** Approximate size in bytes. */
  readonly size: number;
  readonly #wire: Uint8Array;
  readonly #typeAt: number;
  /** The offsets of the records' TTLs, and their original values. */
  readonly #ttls: readonly { readonly at: number; readonly ttl: number }[];
  readonly #expiresAt: number;
  readonly #lifetime: number;
  readonly #upstream: Upstream;
  readonly #recent: RecentAnswers;
  #hits = 0;
  /** The last returned answer. It stays the same for a second. */
  #told: { readonly age: number; readonly type: number; readonly answer: Answer } | undefined;

  /** @param answer must own its wire form, which is not modified */
  constructor(
    { message, upstream }: Answer,
    { positive, seconds }: Lifetime,
    recent: RecentAnswers,
    now: number,
  ) {
    const records = [...message.answers, ...message.authority];
    // If the cache shortens the lifetime, the client must not keep the answer for longer either.
    const most = positive ? MAX_TTL_S : seconds;
    this.#wire = message.wire;
    this.#typeAt = message.questionsEnd - 4;
    this.#ttls = records.map(({ ttlAt, ttl }) => ({ at: ttlAt, ttl: Math.min(ttl, most) }));
    this.storedAt = now;
    this.#lifetime = seconds * 1000;
    this.#expiresAt = now + this.#lifetime;
    this.#upstream = upstream;
    this.#recent = recent;
    this.size = OVERHEAD + message.wire.length + records.length * RECORD_OVERHEAD;
  }

  /** The answer with all TTLs counted down by whole seconds. Undefined if it has expired. */
  fresh(type: number, now: number): Answer | undefined {
    if (now >= this.#expiresAt) return undefined;
    return this.#tell(type, Math.floor((now - this.storedAt) / 1000));
  }

  /** The expired answer, for when no upstream answers (RFC 8767). Undefined a day after its expiry. */
  stale(type: number, now: number): Answer | undefined {
    return this.isUsable(now) ? this.#tell(type, 'stale') : undefined;
  }

  /** Whether it may still be given when no upstream answers. */
  isUsable(now: number): boolean {
    return now - this.#expiresAt <= MAX_STALE_S * 1000;
  }

  /** Counts a client. @returns whether it should be fetched again, because it is popular and about to expire */
  hit(now: number): boolean {
    return ++this.#hits >= PREFETCH_HITS && this.#expiresAt - now <= this.#lifetime * PREFETCH_SHARE;
  }

  /** Drops the decoded form. The next client causes decoding again. */
  forget(): void {
    this.#told = undefined;
  }

  #tell(type: number, age: number | 'stale'): Answer | undefined {
    const key = age === 'stale' ? -1 : age;
    if (this.#told?.age === key && this.#told.type === type) return this.#told.answer;
    const wire = new Uint8Array(this.#wire);
    const view = new DataView(wire.buffer);
    for (const { at, ttl } of this.#ttls) {
      view.setUint32(at, age === 'stale' ? STALE_TTL_S : Math.max(0, ttl - age));
    }
    // A name's nonexistence applies to every type.
    view.setUint16(this.#typeAt, type);
    const decoded = decodeMessage(wire);
    if (!decoded.ok) return undefined;
    const base = { ok: true, message: decoded.message, upstream: this.#upstream } as const;
    const answer: Answer = age === 'stale' ? { ...base, ede: { code: EDE.STALE_ANSWER } } : base;
    if (this.#ttls.length > MAX_RECENT_RECORDS) return answer;
    if (!this.#told) this.#recent.add(this);
    this.#told = { age: key, type, answer };
    return answer;
  }
}
