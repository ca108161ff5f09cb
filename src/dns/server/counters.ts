import { rcodeName, typeName } from '../../wire/constants.js';
import type { Transport } from '../accept.js';
import type { CookieState } from './cookies.js';

/** Why a packet got no reply. */
export type DropReason = 'short' | 'response' | 'source-port' | 'policy' | 'rate-limit';

/** Totals since the start. */
export interface DnsCounters {
  /** By type name. Types without a name count as `other`. */
  readonly queries: Readonly<Record<string, number>>;
  /** By response code name. */
  readonly replies: Readonly<Record<string, number>>;
  readonly dropped: Readonly<Record<DropReason, number>>;
  /** Received packets. */
  readonly packets: Readonly<Record<Transport, number>>;
  /** Replies sent with TC set. */
  readonly truncated: number;
  /** Queries passed to the forwarder, including targets of CNAMEs. */
  readonly forwarded: number;
  /** Queries that had already passed this process. */
  readonly loops: number;
  /** Queries with a DNS cookie, by its state. */
  readonly cookies: Readonly<Record<CookieState, number>>;
  /** Replies that the rate limit truncated (TC). Replies that it withheld are in `dropped['rate-limit']`. */
  readonly slipped: number;
  /** Queries that got SERVFAIL instead of being forwarded, because their client had too many pending. */
  readonly overloads: number;
  /** Internal errors answered with SERVFAIL. */
  readonly faults: number;
}

export interface MutableCounters {
  readonly queries: Map<number, number>;
  readonly replies: Map<number, number>;
  readonly dropped: Record<DropReason, number>;
  readonly packets: Record<Transport, number>;
  truncated: number;
  forwarded: number;
  loops: number;
  readonly cookies: Record<CookieState, number>;
  slipped: number;
  overloads: number;
  faults: number;
}

export function createCounters(): MutableCounters {
  return {
    queries: new Map(),
    replies: new Map(),
    dropped: { short: 0, response: 0, 'source-port': 0, policy: 0, 'rate-limit': 0 },
    packets: { udp: 0, tcp: 0 },
    truncated: 0,
    forwarded: 0,
    loops: 0,
    cookies: { new: 0, valid: 0, invalid: 0 },
    slipped: 0,
    overloads: 0,
    faults: 0,
  };
}

const OTHER = -1;

export function countQuery(counters: MutableCounters, type: number): void {
  // A client may ask for 65536 types, so types without a name share one counter.
  const key = typeName(type).startsWith('TYPE') ? OTHER : type;
  counters.queries.set(key, (counters.queries.get(key) ?? 0) + 1);
}

export function countReply(counters: MutableCounters, rcode: number): void {
  counters.replies.set(rcode, (counters.replies.get(rcode) ?? 0) + 1);
}

export function readCounters(counters: MutableCounters): DnsCounters {
  const byName = (numbers: ReadonlyMap<number, number>, name: (number: number) => string) =>
    Object.fromEntries(
      [...numbers].map(([number, count]) => [number === OTHER ? 'other' : name(number), count]),
    );
  return {
    ...counters,
    queries: byName(counters.queries, typeName),
    replies: byName(counters.replies, rcodeName),
    dropped: { ...counters.dropped },
    packets: { ...counters.packets },
    cookies: { ...counters.cookies },
  };
}
