import { readFileSync } from 'node:fs';
import type { ForwardingJson } from '../api/types/dns-figures.js';
import type { CatalogReader } from '../catalog/catalog.js';
import type { Demand } from '../catalog/demand.js';
import type { Snapshot } from '../catalog/snapshot.js';
import type { Config } from '../config/config-model.js';
import { createCache, type CachedExchange } from '../dns/forward/cache.js';
import { createForwarder, type Forwarder } from '../dns/forward/forwarder.js';
import { parseSearchList, systemUpstreams } from '../dns/forward/system-upstreams.js';
import type { ResponderTuning } from '../dns/server/responder-options.js';
import { nameFromLabels } from '../wire/name.js';
import { isKnown, isNearby } from '../dns/zone/access.js';
import { parseTopLevelDomains } from '../dns/zone/top-level-domains.js';
import { Zone } from '../dns/zone/zone.js';
import { isLoopback, parseCidr, type Cidr } from '../net/ip.js';
import { formatUpstream } from '../net/upstream.js';
import { fileFault } from '../text/file-fault.js';
import type { DaemonLog } from './daemon-log.js';
import { readResolvConf } from './read-resolv-conf.js';

/** The parts of the name server that depend on the configuration; a reload creates them again. */
export interface Names {
  readonly zone: Zone;
  readonly forwarder: Forwarder;
  readonly cache: CachedExchange;
  readonly tuning: ResponderTuning;
  /** Whether a client is answered, and whether without a rate limit. */
  isServedFreely(snapshot: Snapshot, address: string): boolean;
}

export interface NamesContext {
  readonly catalog: Pick<CatalogReader, 'snapshot'>;
  /** Hears which services clients ask for. */
  readonly demand?: Demand;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly log: DaemonLog;
  /** The host's resolv.conf; /etc/resolv.conf by default. */
  readonly resolvConf?: string;
}

export const RESOLV_CONF = '/etc/resolv.conf';

/** @throws Error with one line if a file in the configuration cannot be read, or a setting cannot work */
export function createNames(config: Config, context: NamesContext): Names {
  const { dns, domain, environment } = config;
  const { catalog, demand, startedAt, log } = context;
  const apex = nameFromLabels(domain.split('.'));
  const suffixes = Object.keys(dns.forward);
  const host = dns.upstreams === 'system' ? readResolvConf(context.resolvConf ?? RESOLV_CONF) : '';
  const forwarder = createForwarder({
    upstreams: dns.upstreams === 'system' ? systemUpstreams(host, dns.listen) : dns.upstreams,
    forward: new Map(Object.entries(dns.forward)),
    ...(dns.upstreamCa !== undefined && { ca: readNamed('dns.upstreamCa', dns.upstreamCa) }),
    listen: dns.listen,
    ownNames: apex ? [apex] : [],
    ...(dns.rebindProtection && {
      rebind: { allow: [...dns.rebindProtection.allow, ...suffixes], ownNetworks: networksOf(catalog) },
    }),
    log: log.of('forward'),
    times: { hedge: Math.ceil(dns.upstreamTimeout / 2), deadline: dns.upstreamTimeout + 1500 },
  });
  const { topLevelDomains } = dns;
  const zone = new Zone({
    catalog,
    ...(demand && { demand }),
    domain,
    environment,
    ttl: dns.ttl,
    negativeTtl: dns.negativeTtl,
    nameServers: dns.listen.map(({ ip }) => ip),
    serialBase: Math.floor(startedAt / 1000),
    records: dns.records,
    forwardSuffixes: suffixes,
    searchSuffixes: parseSearchList(host),
    ...(topLevelDomains !== undefined && {
      topLevelDomains: parseTopLevelDomains(readNamed('dns.topLevelDomains', topLevelDomains)),
    }),
    ...(dns.allow && { allow: dns.allow }),
  });
  const cache = createCache(forwarder.exchange, { maxBytes: dns.cacheSize * 2 ** 20 });
  const { allow, rateLimit } = dns;
  const isExempt = exemption(dns);
  const isServedFreely = (snapshot: Snapshot, address: string) =>
    (allow ? allow.some((range) => range.contains(address)) : isNearby(snapshot, address)) &&
    (rateLimit === 0 || isExempt(snapshot, address));
  return { zone, forwarder, cache, tuning: tuningOf(dns, catalog, log, isExempt), isServedFreely };
}

type Exemption = (snapshot: Snapshot, address: string) => boolean;

/**
 * Clients without a rate limit: the host, which asks a listener from the listener's own address, and clients in the
 * catalog.
 */
function exemption({ listen }: Config['dns']): Exemption {
  const own = new Set(listen.map(({ ip }) => ip));
  return (snapshot, address) => isLoopback(address) || own.has(address) || isKnown(snapshot, address);
}

function tuningOf(
  dns: Config['dns'],
  catalog: NamesContext['catalog'],
  log: DaemonLog,
  isExempt: Exemption,
): ResponderTuning {
  const queries = log.of('query');
  return {
    maxForwardsPerClient: dns.maxForwardsPerClient,
    privacy: dns.privacy,
    ...(dns.rateLimit > 0 && {
      rateLimit: {
        perSecond: dns.rateLimit,
        isExempt: (address) => isExempt(catalog.snapshot, address),
      },
    }),
    ...(dns.queryLog && {
      queryLog: {
        sample: 1 / dns.queryLog.sample,
        classes: dns.queryLog.classes,
        write: (entry) => queries.info('query', { ...entry }),
      },
    }),
    ...(dns.nsid !== undefined && { nsid: dns.nsid }),
  };
}

/** The host as a client: it asks a listener from the listener's own address, if that address may ask. */
export function hostClient({ dns }: Config, snapshot: Snapshot): string {
  const mayAsk = (ip: string) =>
    dns.allow ? dns.allow.some((range) => range.contains(ip)) : isNearby(snapshot, ip);
  return dns.listen.map(({ ip }) => ip).find(mayAsk) ?? '127.0.0.1';
}

/** The API's figures about forwarding. @param compiled answers from the cache that bypassed the forwarder */
export function forwardingStatus({ forwarder, cache }: Names, compiled: number): ForwardingJson {
  const routes = forwarder.status().routes.map(({ suffix, upstreams }) => ({
    suffix,
    upstreams: upstreams.map(({ upstream, ...status }) => ({ address: formatUpstream(upstream), ...status })),
  }));
  const counters = cache.counters();
  return { routes, ...forwarder.counters(), cache: { ...counters, hits: counters.hits + compiled } };
}

/** The subnets of the catalog's networks; read again only when these change. */
function networksOf(catalog: NamesContext['catalog']): () => readonly Cidr[] {
  let revision: number | undefined;
  let subnets: readonly Cidr[] = [];
  return () => {
    const { snapshot } = catalog;
    if (revision !== snapshot.networksRevision) {
      revision = snapshot.networksRevision;
      const texts = [...snapshot.networks()].flatMap((network) => network.subnets);
      subnets = texts.map(parseCidr).filter((cidr) => cidr !== undefined);
    }
    return subnets;
  };
}

function readNamed(key: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`${key}: ${path}: ${fileFault(error)}`, { cause: error });
  }
}
