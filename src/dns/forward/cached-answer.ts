import type { Upstream } from '../../net/upstream.js';
import { EDE, RCODE, TYPE } from '../../wire/constants.js';
import { decodeMessage, type Message } from '../../wire/message.js';
import type { ForwardResult } from './exchange.js';

type Answer = Extract<ForwardResult, { ok: true }>;

/** Kept no longer than this, whatever it says. */
const MAX_TTL_S = 86_400;
/** RFC 2308 section 5 allows hours; a name that comes into being should not be denied that long. */
const MAX_NEGATIVE_TTL_S = 300;
/** RFC 8767 section 4. */
const STALE_TTL_S = 30;
/** RFC 8767 section 5 allows up to three days. */
const MAX_STALE_S = 86_400;
/** The part of its time that is left when a popular answer is fetched again. */
const PREFETCH_SHARE = 0.1;
const PREFETCH_HITS = 2;

/** What an entry and each of its records cost beside their bytes (measured). */
const OVERHEAD = 900;
const RECORD_OVERHEAD = 40;

/** Answers whose decoded form is remembered, and records that such a one has at most: some hundred bytes each. */
const MAX_RECENT = 256;
const MAX_RECENT_RECORDS = 16;

/** How long an answer may be kept; positive: it has data of the type. */
export interface Lifetime {
  readonly positive: boolean;
  /** 0: not at all. */
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
  // A denial without an SOA does not say how long it is true.
  if (soa?.rdata.kind !== 'soa') return { positive, seconds: 0 };
  return { positive, seconds: Math.min(MAX_NEGATIVE_TTL_S, soa.rdata.minimum, ...ttls) };
}

/** The answers that were reported last. Only these remember their decoded form, which costs more than the bytes. */
export class RecentAnswers {
  readonly #ring: CachedAnswer[] = [];
  #at = 0;

  add(answer: CachedAnswer): void {
    this.#ring[this.#at]?.forget();
    this.#ring[this.#at] = answer;
    this.#at = (this.#at + 1) % MAX_RECENT;
  }
}

/** An answer of an upstream as it was, and as it is to be reported now. Times are in ms, of one monotonic clock. */
export class CachedAnswer {
  readonly storedAt: number;
  /** Bytes that it takes, about. */
  readonly size: number;
  readonly #wire: Uint8Array;
  readonly #typeAt: number;
  /** Where the TTLs of the records are, and what they were. */
  readonly #ttls: readonly { readonly at: number; readonly ttl: number }[];
  readonly #expiresAt: number;
  readonly #lifetime: number;
  readonly #upstream: Upstream;
  readonly #recent: RecentAnswers;
  #hits = 0;
  /** The answer as it was reported last; it is the same for a second. */
  #told: { readonly age: number; readonly type: number; readonly answer: Answer } | undefined;

  /** @param answer with a wire form of its own, which stays as it is */
  constructor(
    { message, upstream }: Answer,
    { positive, seconds }: Lifetime,
    recent: RecentAnswers,
    now: number,
  ) {
    const records = [...message.answers, ...message.authority];
    // What is kept for less time than it says must not be kept for longer by the client.
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

  /** The answer with every TTL run down by whole seconds; undefined when it is past its time. */
  fresh(type: number, now: number): Answer | undefined {
    if (now >= this.#expiresAt) return undefined;
    return this.#tell(type, Math.floor((now - this.storedAt) / 1000));
  }

  /** The answer past its time, for when no upstream answers (RFC 8767); undefined when it is a day past. */
  stale(type: number, now: number): Answer | undefined {
    return this.isUsable(now) ? this.#tell(type, 'stale') : undefined;
  }

  /** Whether it may still be given when no upstream answers. */
  isUsable(now: number): boolean {
    return now - this.#expiresAt <= MAX_STALE_S * 1000;
  }

  /** Counts a client. @returns whether so many came, and its end is so near, that it should be fetched again */
  hit(now: number): boolean {
    return ++this.#hits >= PREFETCH_HITS && this.#expiresAt - now <= this.#lifetime * PREFETCH_SHARE;
  }

  /** Lets go of the decoded form; the next client costs decoding again. */
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
    // That a name does not exist is true for every type.
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
