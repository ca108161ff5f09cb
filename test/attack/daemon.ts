import { Catalog } from '../../src/catalog/catalog.js';
import type { Facts, FactSink } from '../../src/catalog/facts.js';
import { createCache, type CachedExchange } from '../../src/dns/forward/cache.js';
import { createForwarder, type Forwarder } from '../../src/dns/forward/forwarder.js';
import { createResponder, type Responder } from '../../src/dns/server/responder.js';
import { createDnsServer, type DnsServer } from '../../src/dns/server/dns-server.js';
import type { RateLimitOptions } from '../../src/dns/server/rate-limit.js';
import type { TcpLimits } from '../../src/dns/server/tcp-limits.js';
import { Zone } from '../../src/dns/zone/zone.js';
import { parseCidr, type Cidr, type HostPort } from '../../src/net/ip.js';
import { DOMAIN, NAME_SERVER, TTL } from '../conformance/golden/fixture.js';
import { goldenFacts, goldenRecords } from '../conformance/golden/facts.js';
import { wireName } from '../support/soa.js';

export interface DaemonOptions {
  readonly upstreams?: readonly HostPort[];
  /** The golden zone by default. */
  readonly facts?: Facts;
  /** CIDR texts; loopback by default. */
  readonly allow?: readonly string[];
  readonly tcp?: Partial<TcpLimits>;
  readonly times?: { readonly hedge: number; readonly deadline: number };
  readonly cacheBytes?: number;
  /** None by default, so that no other guard hides behind it. */
  readonly rateLimit?: RateLimitOptions;
  /** The responder's clock, in ms. */
  readonly now?: () => number;
}

/** The name server as the daemon puts it together, on loopback. */
export interface Daemon {
  readonly address: HostPort;
  readonly catalog: Catalog;
  /** Where the facts came from, for changes. */
  readonly sink: FactSink;
  readonly responder: Responder;
  readonly forwarder: Forwarder;
  readonly cache: CachedExchange;
  readonly server: DnsServer;
  /** Faults of its own: there must be none. */
  readonly faults: readonly unknown[];
  stop(): Promise<void>;
}

export async function startDaemon(options: DaemonOptions = {}): Promise<Daemon> {
  const { upstreams = [], facts = goldenFacts(), allow = ['127.0.0.0/8'], tcp, times, cacheBytes } = options;
  const { rateLimit, now } = options;
  const catalog = new Catalog();
  const sink = catalog.sink('golden');
  sink.replace(facts);
  sink.status({ state: 'live', asOf: 0 });
  const forwarder = createForwarder({
    upstreams,
    listen: [],
    ownNames: [wireName(DOMAIN)],
    ...(times && { times }),
  });
  const cache = createCache(forwarder.exchange, cacheBytes === undefined ? {} : { maxBytes: cacheBytes });
  const faults: unknown[] = [];
  const responder = createResponder({
    resolver: new Zone({
      catalog,
      domain: DOMAIN,
      environment: 'default',
      ttl: TTL,
      negativeTtl: TTL,
      nameServers: [NAME_SERVER],
      records: goldenRecords(),
      allow: allow.map(parseCidr).filter((range): range is Cidr => range !== undefined),
      serialBase: 0,
    }),
    forwarder: {
      exchange: cache.exchange,
      lookup: (question) => cache.lookup(question),
      isLoop: (edns) => forwarder.isLoop(edns),
    },
    onFault: (error) => faults.push(error),
    ...(rateLimit && { rateLimit }),
    ...(now && { now }),
  });
  const server = createDnsServer({
    listen: [{ ip: '127.0.0.1', port: 0 }],
    responder,
    log: { info: () => undefined },
    ...(tcp && { tcp }),
  });
  await server.start();
  const [address = { ip: '127.0.0.1', port: 0 }] = server.addresses();
  const stop = async () => {
    await server.stop();
    forwarder.close();
  };
  return { address, catalog, sink, responder, forwarder, cache, server, faults, stop };
}
