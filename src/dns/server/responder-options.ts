import type { Exchange, ForwardQuestion, ForwardResult } from '../forward/exchange.js';
import type { Edns } from '../../wire/edns.js';
import type { Resolver } from '../resolver.js';
import type { RandomBelow } from '../rotate.js';
import type { ServerCookies } from './cookies.js';
import type { QueryLogOptions, QueryPrivacy } from './query-log.js';
import type { QueryWatch } from './query-watch.js';
import type { RateLimitOptions } from './rate-limit.js';

/** Asks upstreams for names outside the domain. */
export interface ResponderForwarder {
  readonly exchange: Exchange;
  /** Looks up what is known without asking, so that the reply is immediate. */
  readonly lookup?: (question: ForwardQuestion) => ForwardResult | undefined;
  isLoop(edns: Edns | undefined): boolean;
}

/** Options that may change while the server runs. */
export interface ResponderTuning {
  /** Limits UDP replies to clients that are neither exempt nor present a valid cookie of ours. Undefined: no limit. */
  readonly rateLimit?: RateLimitOptions | undefined;
  /** Undefined: nothing is logged, at no cost. */
  readonly queryLog?: QueryLogOptions | undefined;
  /** What of a query the log leaves out; nothing by default. */
  readonly privacy?: QueryPrivacy | undefined;
  /** The server's name for clients that ask for NSID (RFC 5001), 1 to 128 bytes of UTF-8. Undefined: not sent. */
  readonly nsid?: string | undefined;
  /**
   * How many queries of one address may wait for upstreams. Further ones get SERVFAIL at once (DNSBomb,
   * CVE-2024-33655).
   */
  readonly maxForwardsPerClient?: number | undefined;
}

export interface ResponderOptions extends ResponderTuning {
  readonly resolver: Resolver;
  /** If undefined, names outside the domain are refused. */
  readonly forwarder?: ResponderForwarder;
  /** By default with its own secrets. */
  readonly cookies?: ServerCookies;
  /** Chooses where the sets of an answer start; random by default. */
  readonly randomBelow?: RandomBelow;
  /** Returns a number from 0 up to but excluding 1. Selects the queries to log. */
  readonly random?: () => number;
  /** Monotonic clock in ms. */
  readonly now?: () => number;
  /** Shows queries to people while they look; absent: they cannot. */
  readonly watch?: Pick<QueryWatch, 'share' | 'see'> | undefined;
  /** Receives internal faults, such as an exception of the resolver. The client got SERVFAIL. */
  readonly onFault?: (error: unknown) => void;
}
