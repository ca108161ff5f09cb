import type { Exchange, ForwardQuestion, ForwardResult } from '../forward/exchange.js';
import type { Edns } from '../../wire/edns.js';
import type { Transport } from '../accept.js';
import { createServerCookies, type ServerCookies } from './cookies.js';
import { createCounters, readCounters, type DnsCounters } from './counters.js';
import { Pipeline } from './pipeline.js';
import type { QueryLogOptions } from './query-log.js';
import type { RateLimitOptions } from './rate-limit.js';
import type { Resolver } from '../resolver.js';
import type { RandomBelow } from '../rotate.js';

/** Who sent a packet: canonical address and port. */
export interface Client {
  readonly address: string;
  readonly port: number;
  readonly transport: Transport;
  /** Over TCP: how long the connection may be idle now, in ms; told to a client that asks for it (RFC 7828). */
  readonly idleTime?: () => number;
  /** Whether the query log looks at the packet; absent: that is still to be drawn. */
  readonly sampled?: boolean | undefined;
}

/** Asks others for what is not ours. */
export interface ResponderForwarder {
  readonly exchange: Exchange;
  /** What is known without asking, so that the reply comes at once. */
  readonly lookup?: (question: ForwardQuestion) => ForwardResult | undefined;
  isLoop(edns: Edns | undefined): boolean;
}

/** What may change while the server runs. */
export interface ResponderTuning {
  /** Limits the replies over UDP to whoever is not exempt and shows no cookie of ours; absent: no limit. */
  readonly rateLimit?: RateLimitOptions | undefined;
  /** Absent: nothing is logged, and nothing is spent on it. */
  readonly queryLog?: QueryLogOptions | undefined;
  /** The server's name for clients that ask for NSID (RFC 5001), 1 to 128 octets of UTF-8; absent: none is told. */
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
  /** Told of a fault of our own, such as a throw of the resolver; the client got SERVFAIL. */
  readonly onFault?: (error: unknown) => void;
}

/** What became of a packet. */
export interface Handled {
  /** Absent: silence. */
  readonly message?: Buffer;
  readonly source: 'own' | 'upstream';
}

export interface Responder {
  /**
   * The reply to a packet; undefined means silence. It comes at once when it needs nobody else. Never throws, never
   * rejects. The packet may be reused when the call returns.
   */
  respond(packet: Uint8Array, client: Client): Buffer | undefined | Promise<Buffer | undefined>;
  /** The same without counting, limiting and logging, for looking at what a client would get. */
  preview(packet: Uint8Array, client: Client): Handled | Promise<Handled>;
  /** Replaces all of the tuning. What the rate limit remembers is forgotten. @throws Error when `nsid` is too long */
  tune(tuning: ResponderTuning): void;
  counters(): DnsCounters;
}

/**
 * The rules that packets are answered by, the same for every transport.
 * @throws Error with one line when `nsid` is empty or too long
 */
export function createResponder(options: ResponderOptions): Responder {
  const counters = createCounters();
  const shared = { ...options, cookies: options.cookies ?? createServerCookies() };
  const pipeline = new Pipeline(shared, counters);
  pipeline.tune(options);
  let { nsid } = options;
  return {
    respond(packet, client) {
      counters.packets[client.transport]++;
      const handled = pipeline.handle(packet, client);
      return handled instanceof Promise ? handled.then(({ message }) => message) : handled.message;
    },
    preview(packet, client) {
      const silent = new Pipeline(shared, createCounters());
      silent.tune({ nsid });
      return silent.handle(packet, client);
    },
    tune(tuning) {
      pipeline.tune(tuning);
      nsid = tuning.nsid;
    },
    counters: () => readCounters(counters),
  };
}
