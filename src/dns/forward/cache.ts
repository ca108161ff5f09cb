import { LRUCache } from 'lru-cache';
import { EDE, RCODE } from '../../wire/constants.js';
import { systemTimers, type Timers } from '../../runtime/timers.js';
import { CachedAnswer, lifetimeOf, RecentAnswers } from './cached-answer.js';
import type { Exchange, ForwardQuestion, ForwardResult } from './exchange.js';
import { answerKey, questionKey } from './question-key.js';

export interface CacheOptions {
  /**
   * Maximum bytes of answers with data. Negative answers have a fifth of it for themselves, so that they evict nothing.
   */
  readonly maxBytes?: number;
  readonly timers?: Timers;
}

export interface CacheCounters {
  readonly hits: number;
  readonly misses: number;
  /** Expired answers that were given because no upstream answered, or not in time. */
  readonly stale: number;
  /** Answers that were fetched again before they expired. */
  readonly prefetches: number;
  /** Bytes in the cache. */
  readonly bytes: number;
}

export interface CachedExchange {
  readonly exchange: Exchange;
  /** The answer that is known without asking a server. Undefined if a server must be asked. */
  lookup(question: ForwardQuestion): ForwardResult | undefined;
  /** The same for callers other than clients. It counts nothing and never returns an expired answer. */
  peek(question: ForwardQuestion): ForwardResult | undefined;
  counters(): CacheCounters;
  clear(): void;
}

const DEFAULT_MAX_BYTES = 8 * 1024 * 1024;
const NEGATIVE_SHARE = 0.2;
/** Longer answers are passed on but not cached: a flood of them would evict everything else. */
const MAX_ENTRY = 8192;
const MAX_FAILURES = 1000;
/** How long a failure is remembered. The time doubles with each failure in a row (RFC 9520 section 3.2). */
const FAILURE_S = 1;
const MAX_FAILURE_S = 5;
/** The same if an expired answer can be given instead (RFC 8767 section 5, "failure recheck timer"). */
const FAILURE_RECHECK_S = 30;
/**
 * How long a client waits before it receives an expired answer, in ms (RFC 8767 section 5, "client response timer").
 */
const CLIENT_TIME = 1800;

interface Failure {
  readonly result: ForwardResult;
  readonly until: number;
  readonly inARow: number;
}

/** A pending question for which a cached answer could stand in. */
interface Refresh {
  readonly result: Promise<ForwardResult>;
  /** Resolves when a client should not wait any longer. */
  readonly overdue: Promise<undefined>;
}

/**
 * Caches upstream answers for as long as they allow. Each record's TTL counts down. A denial lives as long as its SOA
 * says (RFC 2308), a failure for seconds (RFC 9520). Popular answers are refreshed before they expire. Expired answers
 * are served only if no upstream answers (RFC 8767). The cache knows nothing about clients: the caller decides whether
 * a client may ask.
 * @param exchange must return the same result object to all callers that wait for one flight, and a new object for the
 * next flight; its answers must own their wire forms
 */
export function createCache(exchange: Exchange, options: CacheOptions = {}): CachedExchange {
  const { maxBytes = DEFAULT_MAX_BYTES, timers = systemTimers } = options;
  const now = (): number => timers.now();
  const store = (share: number) =>
    new LRUCache<string, CachedAnswer>({
      maxSize: Math.max(1, Math.floor(maxBytes * share)),
      sizeCalculation: (answer, key) => answer.size + key.length,
    });
  const positives = store(1);
  const negatives = store(NEGATIVE_SHARE);
  const failures = new LRUCache<string, Failure>({ max: MAX_FAILURES });
  const recent = new RecentAnswers();
  const refreshes = new Map<string, Refresh>();
  /**
   * The cached form of each result. All callers that wait for one flight receive the same result, and it is cached
   * once.
   */
  const kept = new WeakMap<ForwardResult, ForwardResult>();
  const counters = { hits: 0, misses: 0, stale: 0, prefetches: 0 };

  /** An answer with data that can replace a failed upstream's, unless the name has been denied since. */
  const standIn = (question: ForwardQuestion, key: string): CachedAnswer | undefined => {
    const old = positives.peek(key);
    const denial = negatives.peek(answerKey(question, 'name'));
    if (!old?.isUsable(now()) || (denial && denial.storedAt >= old.storedAt)) return undefined;
    return old;
  };

  const stale = (old: CachedAnswer, { type }: ForwardQuestion): ForwardResult | undefined => {
    const result = old.stale(type, now());
    if (result) counters.stale++;
    return result;
  };

  const keep = (question: ForwardQuestion, key: string, result: ForwardResult): ForwardResult => {
    const known = kept.get(result);
    if (known) return known;
    const told = result.ok ? keepAnswer(question, key, result) : keepFailure(question, key, result);
    kept.set(result, told);
    return told;
  };

  const keepFailure = (question: ForwardQuestion, key: string, result: ForwardResult): ForwardResult => {
    // An overload is our problem, not the name's. The same applies to a refusal.
    if (result.ok || result.rcode !== RCODE.SERVFAIL || result.ede.code === EDE.OTHER) return result;
    const inARow = (failures.get(key)?.inARow ?? 0) + 1;
    const seconds = standIn(question, key)
      ? FAILURE_RECHECK_S
      : Math.min(MAX_FAILURE_S, FAILURE_S * 2 ** (inARow - 1));
    failures.set(key, { result, until: now() + seconds * 1000, inARow });
    return result;
  };

  const keepAnswer = (
    question: ForwardQuestion,
    key: string,
    result: Extract<ForwardResult, { ok: true }>,
  ): ForwardResult => {
    failures.delete(key);
    const nameKey = answerKey(question, 'name');
    // A new answer also replaces an old one of the other kind, so that a removed name is not kept as stale.
    positives.delete(key);
    negatives.delete(key);
    negatives.delete(nameKey);
    const { message } = result;
    const lifetime = lifetimeOf(message);
    if (lifetime.seconds <= 0 || message.wire.length > MAX_ENTRY || result.ede) return result;
    const answer = new CachedAnswer(result, lifetime, recent, now());
    // A nonexistent name has no data of any type (RFC 2308 section 5). At the end of a chain, another name is meant.
    const isWholeName = message.rcode === RCODE.NXDOMAIN && message.answers.length === 0;
    if (lifetime.positive) positives.set(key, answer);
    else negatives.set(isWholeName ? nameKey : key, answer);
    return answer.fresh(question.type, now()) ?? result;
  };

  const ask = async (question: ForwardQuestion, key: string): Promise<ForwardResult> =>
    keep(question, key, await exchange(question));

  const refresh = (question: ForwardQuestion, key: string): Refresh => {
    const flightKey = questionKey(question);
    const known = refreshes.get(flightKey);
    if (known) return known;
    let stop = (): void => undefined;
    const overdue = new Promise<undefined>((resolve) => {
      stop = timers.after(CLIENT_TIME, () => resolve(undefined));
    });
    const result = ask(question, key).finally(() => {
      stop();
      refreshes.delete(flightKey);
    });
    const started = { result, overdue };
    refreshes.set(flightKey, started);
    return started;
  };

  const prefetch = (question: ForwardQuestion, key: string): void => {
    if (recentFailure(key) || refreshes.has(questionKey(question))) return;
    counters.prefetches++;
    // No client waits for this refresh, and the present answer does not depend on it.
    refresh(question, key).result.catch(() => undefined);
  };

  const recentFailure = (key: string): ForwardResult | undefined => {
    const failure = failures.get(key);
    return failure && now() < failure.until ? failure.result : undefined;
  };

  const find = (question: ForwardQuestion, key: string): ForwardResult | undefined => {
    const { type } = question;
    const positive = positives.get(key);
    const data = positive?.fresh(type, now());
    if (positive && data) {
      if (positive.hit(now())) prefetch(question, key);
      return data;
    }
    const denial = negatives.get(key) ?? negatives.get(answerKey(question, 'name'));
    const denied = denial?.fresh(type, now());
    if (denied) return denied;
    const failure = recentFailure(key);
    const old = failure && standIn(question, key);
    return (old && stale(old, question)) ?? failure;
  };

  const lookup = (question: ForwardQuestion, key = answerKey(question)): ForwardResult | undefined => {
    const known = find(question, key);
    if (known) counters.hits++;
    return known;
  };

  return {
    async exchange(question) {
      const key = answerKey(question);
      const known = lookup(question, key);
      if (known) return known;
      counters.misses++;
      const old = standIn(question, key);
      if (!old) return ask(question, key);
      const { result, overdue } = refresh(question, key);
      const came = await Promise.race([result, overdue]);
      if (came?.ok) return came;
      return stale(old, question) ?? came ?? result;
    },
    lookup: (question) => lookup(question),
    peek(question) {
      const key = answerKey(question);
      const known = positives.peek(key) ?? negatives.peek(key) ?? negatives.peek(answerKey(question, 'name'));
      return known?.fresh(question.type, now());
    },
    counters: () => ({ ...counters, bytes: positives.calculatedSize + negatives.calculatedSize }),
    clear() {
      positives.clear();
      negatives.clear();
      failures.clear();
    },
  };
}
