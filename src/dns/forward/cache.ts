import { LRUCache } from 'lru-cache';
import { EDE, RCODE, TYPE } from '../wire/constants.js';
import { decodeMessage, type Message } from '../wire/message.js';
import type { Exchange, ForwardQuestion, ForwardResult } from './exchange.js';
import { latin1 } from '../wire/bytes.js';

export interface CacheOptions {
  /** Octets for answers with data; negative ones have a fifth of it for themselves, so that they push out nothing. */
  readonly maxBytes?: number;
  /** Monotonic, in ms. */
  readonly now?: () => number;
}

export interface CacheCounters {
  readonly hits: number;
  readonly misses: number;
  /** Answers past their time that were given because no upstream answered. */
  readonly stale: number;
  /** Octets held. */
  readonly bytes: number;
}

export interface CachedExchange {
  readonly exchange: Exchange;
  counters(): CacheCounters;
  clear(): void;
}

const DEFAULT_MAX_BYTES = 8 * 1024 * 1024;
/** What an entry costs beside its octets. */
const OVERHEAD = 300;
/** Longer answers are passed on and not kept: a flood of them would push everything else out. */
const MAX_ENTRY = 8192;
const MAX_TTL_S = 86_400;
/** RFC 2308 section 5 allows hours; a name that comes into being should not be denied that long. */
const MAX_NEGATIVE_TTL_S = 300;
/** A failure is remembered this long, twice as long each time in a row (RFC 9520 section 3.2). */
const FAILURE_S = 1;
const MAX_FAILURE_S = 5;
/** RFC 8767 section 4 and 5. */
const STALE_TTL_S = 30;
const MAX_STALE_S = 86_400;

interface Answer {
  readonly wire: Uint8Array;
  /** Where the TTLs of its records are, and what they were. */
  readonly ttls: readonly { readonly at: number; readonly ttl: number }[];
  /** In ms. */
  readonly storedAt: number;
  readonly expiresAt: number;
  readonly upstream: Extract<ForwardResult, { ok: true }>['upstream'];
}

interface Failure {
  readonly result: ForwardResult;
  readonly until: number;
  readonly inARow: number;
}

/**
 * Keeps what upstreams answered, for as long as they said: every record's own TTL runs down, a denial lives by its SOA
 * (RFC 2308), a failure for seconds (RFC 9520). What is past its time is given only when no upstream answers (RFC 8767).
 * It knows nothing of clients: whether somebody may ask is decided before.
 */
export function createCache(exchange: Exchange, options: CacheOptions = {}): CachedExchange {
  const { maxBytes = DEFAULT_MAX_BYTES, now = () => performance.now() } = options;
  const store = (share: number) =>
    new LRUCache<string, Answer>({
      maxSize: Math.max(1, Math.floor(maxBytes * share)),
      sizeCalculation: sizeOf,
    });
  const positives = store(1);
  const negatives = store(0.2);
  const failures = new LRUCache<string, Failure>({ max: 1000 });
  const counters = { hits: 0, misses: 0, stale: 0 };

  const fresh = (key: string): ForwardResult | undefined => {
    const answer = positives.get(key) ?? negatives.get(key);
    if (answer && now() < answer.expiresAt) return restore(answer, now());
    const failure = failures.get(key);
    if (!failure || now() >= failure.until) return undefined;
    const old = positives.peek(key);
    return (old && stale(old, now())) ?? failure.result;
  };

  const keep = (key: string, result: ForwardResult): void => {
    if (!result.ok) {
      // An overload is ours, not the name's.
      if (result.rcode !== RCODE.SERVFAIL || result.ede.code === EDE.OTHER) return;
      const inARow = (failures.get(key)?.inARow ?? 0) + 1;
      const seconds = Math.min(MAX_FAILURE_S, FAILURE_S * 2 ** (inARow - 1));
      failures.set(key, { result, until: now() + seconds * 1000, inARow });
      return;
    }
    failures.delete(key);
    const lifetime = lifetimeOf(result.message);
    const { wire } = result.message;
    // A new answer takes the place of an old one of the other kind too: a name that is gone is not kept as stale.
    positives.delete(key);
    negatives.delete(key);
    if (lifetime.seconds <= 0 || wire.length > MAX_ENTRY) return;
    (lifetime.positive ? positives : negatives).set(key, answerOf(result, now(), lifetime.seconds));
  };

  return {
    async exchange(question) {
      const key = keyOf(question);
      const known = fresh(key);
      if (known) {
        counters.hits++;
        return known;
      }
      counters.misses++;
      const result = await exchange(question);
      const old = result.ok ? undefined : positives.peek(key);
      keep(key, result);
      const outdated = old && stale(old, now());
      if (!outdated) return result;
      counters.stale++;
      return outdated;
    },
    counters: () => ({ ...counters, bytes: positives.calculatedSize + negatives.calculatedSize }),
    clear() {
      positives.clear();
      negatives.clear();
      failures.clear();
    },
  };
}

/** The class is always IN; marks are hop-by-hop and change no answer. */
function keyOf({ name, type, dnssecOk, checkingDisabled }: ForwardQuestion): string {
  return `${type}/${dnssecOk ? 1 : 0}${checkingDisabled ? 1 : 0}/${latin1(name)}`;
}

function sizeOf({ wire, ttls }: Answer): number {
  return wire.length + ttls.length * 40 + OVERHEAD;
}

/** How long an answer may be kept, in seconds; 0: not at all. */
function lifetimeOf({ rcode, answers, authority, questions }: Message): {
  readonly positive: boolean;
  readonly seconds: number;
} {
  const type = questions[0]?.type;
  const ttls = answers.map((record) => record.ttl);
  const positive =
    rcode === RCODE.NOERROR && answers.some((record) => record.type === type || type === TYPE.ANY);
  if (positive) return { positive, seconds: Math.min(MAX_TTL_S, ...ttls) };
  const soa = authority.find((record) => record.type === TYPE.SOA);
  // A denial without an SOA does not say how long it is true (RFC 2308 section 5).
  if (soa?.rdata.kind !== 'soa') return { positive, seconds: 0 };
  return { positive, seconds: Math.min(MAX_NEGATIVE_TTL_S, soa.ttl, soa.rdata.minimum, ...ttls) };
}

function answerOf(
  { message, upstream }: Extract<ForwardResult, { ok: true }>,
  now: number,
  seconds: number,
): Answer {
  const records = [...message.answers, ...message.authority, ...message.additionals];
  return {
    // A copy of its own: the message is a view of a receive buffer many times its size.
    wire: Uint8Array.from(message.wire),
    ttls: records.map(({ ttlAt, ttl }) => ({ at: ttlAt, ttl })),
    storedAt: now,
    expiresAt: now + seconds * 1000,
    upstream,
  };
}

/** An answer past its time, for when no upstream answers (RFC 8767); undefined when it is a day past. */
function stale(answer: Answer, now: number): ForwardResult | undefined {
  if (now - answer.expiresAt > MAX_STALE_S * 1000) return undefined;
  const restored = restore(answer, now, STALE_TTL_S);
  return restored?.ok ? { ...restored, ede: { code: EDE.STALE_ANSWER } } : undefined;
}

/** The answer with its TTLs as they are now, whole seconds; with `ttl` given, all set to that. */
function restore(answer: Answer, now: number, ttl?: number): ForwardResult | undefined {
  const wire = Uint8Array.from(answer.wire);
  const view = new DataView(wire.buffer);
  const age = Math.floor((now - answer.storedAt) / 1000);
  for (const each of answer.ttls) view.setUint32(each.at, ttl ?? Math.max(0, each.ttl - age));
  const decoded = decodeMessage(wire);
  return decoded.ok ? { ok: true, message: decoded.message, upstream: answer.upstream } : undefined;
}
