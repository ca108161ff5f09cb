import type { Exchange, ForwardQuestion, ForwardResult } from '../forward/exchange.js';
import type { Edns } from '../../wire/edns.js';
import type { Resolver } from '../resolver.js';
import type { RandomBelow } from '../rotate.js';
import type { ServerCookies } from './cookies.js';
import type { QueryLogOptions } from './query-log.js';
import type { RateLimitOptions } from './rate-limit.js';

/** Asks others for what is not ours. */
export interface ResponderForwarder {
  readonly exchange: Exchange;
  /** What is known without asking, so that the reply comes at once. */
  readonly lookup?: (question: ForwardQuestion) => ForwardResult | undefined;
  isLoop(edns: Edns | undefined): boolean;
}

/** What may change while the server runs. */
export interface ResponderTuning {
  /** Limits the replies over UDP to clients that are not exempt and show no cookie of ours; absent: no limit. */
  readonly rateLimit?: RateLimitOptions | undefined;
  /** Absent: nothing is logged, and nothing is spent on it. */
  readonly queryLog?: QueryLogOptions | undefined;
  /** The server's name for clients that ask for NSID (RFC 5001), 1 to 128 octets of UTF-8; absent: none is sent. */
  readonly nsid?: string | undefined;
  /** Queries of one address that may wait for upstreams; more get SERVFAIL at once (DNSBomb, CVE-2024-33655). */
  readonly maxForwardsPerClient?: number | undefined;
}

export interface ResponderOptions extends ResponderTuning {
  readonly resolver: Resolver;
  /** Absent: what is not ours is refused. */
  readonly forwarder?: ResponderForwarder;
  /** By default with secrets of its own. */
  readonly cookies?: ServerCookies;
  /** Where the sets of an answer begin; random by default. */
  readonly randomBelow?: RandomBelow;
  /** From 0 up to, and without, 1: which queries the log looks at. */
  readonly random?: () => number;
  /** Monotonic, in ms. */
  readonly now?: () => number;
  /** Receives a fault of our own, such as a throw of the resolver; the client got SERVFAIL. */
  readonly onFault?: (error: unknown) => void;
}
