import { Catalog } from '../../../src/catalog/catalog.js';
import type { FactSink } from '../../../src/catalog/facts.js';
import { Compiler } from '../../../src/dns/answers/compiler.js';
import { LocalAnswers } from '../../../src/dns/answers/local.js';
import { Tally, type TallyCounts } from '../../../src/dns/answers/tally.js';
import { Versions } from '../../../src/dns/answers/versions.js';
import { createCache, type CachedExchange } from '../../../src/dns/forward/cache.js';
import { createForwarder } from '../../../src/dns/forward/forwarder.js';
import { createResponder, type Responder } from '../../../src/dns/server/responder.js';
import {
  createDnsServer,
  type DnsServer,
  type DnsServerOptions,
} from '../../../src/dns/server/dns-server.js';
import { NativeUdp } from '../../../src/dns/server/native/native-udp.js';
import { listenUdp } from '../../../src/dns/server/udp-server.js';
import { isNearby } from '../../../src/dns/zone/access.js';
import { Zone } from '../../../src/dns/zone/zone.js';
import { loadLibc } from '../../../src/linux/libc.js';
import { workerScript } from '../../support/worker-script.js';
import { DOMAIN, NAME_SERVER, SOA_TIMES, TTL } from '../golden/fixture.js';
import { goldenFacts, goldenRecords } from '../golden/facts.js';
import type { Variant } from '../model.js';
import { wireName } from '../packets.js';
import type { Target } from './target.js';
import { startUpstream } from './upstream.js';

const VARIANTS: readonly Variant[] = ['open', 'closed', 'loading', 'stale'];

/** Short, so that a query that upstream never answers holds nobody up when the run ends. */
const FORWARD_TIMES = { hedge: 1000, deadline: 2000 };

/** From what UDP is answered: the responder alone; compiled answers too, one by one or by threads. */
export type Answers = 'plain' | 'dgram' | 'native';

export interface FairleadTarget extends Target {
  /** What was answered from compiled answers. */
  counts(): TallyCounts;
}

/** Fairlead in this process, each variant on loopback sockets of its own. */
export async function startFairlead(answers: Answers = 'plain'): Promise<FairleadTarget> {
  const upstream = await startUpstream();
  const servers = new Map<Variant, DnsServer>();
  const ends: (() => Promise<void>)[] = [];
  const counts: (() => TallyCounts)[] = [];
  const stop = async () => {
    await Promise.all([...servers.values()].map((server) => server.stop()));
    await Promise.all(ends.map((end) => end()));
    await upstream.close();
  };
  try {
    for (const variant of VARIANTS) {
      const catalog = new Catalog({ clock: () => 0 });
      tell(catalog.sink('golden'), variant);
      const parts = partsOf(catalog, variant, variant === 'closed' ? [] : [upstream.address]);
      const udp = await udpOf(answers, catalog, parts);
      if (udp) {
        ends.push(udp.end);
        counts.push(udp.counts);
      }
      const server = createDnsServer({
        listen: [{ ip: '127.0.0.1', port: 0 }],
        responder: parts.responder,
        ...(udp && { listenUdp: udp.listenUdp }),
        log: { info: () => undefined },
      });
      await server.start();
      servers.set(variant, server);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    name: 'fairlead',
    version: 'Fairlead',
    port: (variant) => servers.get(variant)?.addresses()[0]?.port,
    // A refusal too says RA: whoever asks is told no, not that the server is not a resolver.
    recursion: () => true,
    counts: () => counts[VARIANTS.indexOf('open')]?.() ?? Tally.sum([]),
    stop,
  };
}

interface Parts {
  readonly zone: Zone;
  readonly cache: CachedExchange;
  readonly responder: Responder;
  /** Of the zone's SOA. */
  readonly serialBase: number;
}

interface Udp {
  readonly listenUdp: NonNullable<DnsServerOptions['listenUdp']>;
  readonly counts: () => TallyCounts;
  readonly end: () => Promise<void>;
}

async function udpOf(
  answers: Answers,
  catalog: Catalog,
  { zone, cache, responder, serialBase }: Parts,
): Promise<Udp | undefined> {
  if (answers === 'plain') return undefined;
  const versions = new Versions();
  const now = () => Number(process.hrtime.bigint()) / 1e9;
  versions.publish('all', (serialBase + catalog.snapshot.revision) | 0);
  const compiler = new Compiler({
    versions,
    snapshot: () => catalog.snapshot,
    environment: () => 'default',
    isServed: isNearby,
    resolve: (snapshot, view, question) => zone.resolveFor(snapshot, view, question),
    onFault: (error) => {
      throw error;
    },
    lookup: (question) => cache.peek(question),
    now,
  });
  if (answers === 'dgram') {
    const local = new LocalAnswers({ versions, compiler, now });
    return {
      listenUdp: (address, counters) => listenUdp(address, responder, counters, local),
      counts: () => Tally.sum([local.tally]),
      end: () => Promise.resolve(),
    };
  }
  const libc = await loadLibc();
  if ('unavailable' in libc) throw new Error(libc.unavailable);
  const log = {
    warn: (message: string) => {
      throw new Error(message);
    },
  };
  const native = new NativeUdp({
    realTime: true,
    libc,
    workers: 1,
    versions,
    compiler,
    responder,
    log,
    script: workerScript(),
  });
  return {
    listenUdp: (address, counters) => native.listen(address, counters),
    counts: () => native.counts(),
    end: () => native.stop(),
  };
}

/** The responder of a variant, over facts that the caller tells. */
export function responderOf(
  catalog: Catalog,
  variant: Variant,
  upstreams: Parameters<typeof createForwarder>[0]['upstreams'],
): Responder {
  return partsOf(catalog, variant, upstreams).responder;
}

function partsOf(
  catalog: Catalog,
  variant: Variant,
  upstreams: Parameters<typeof createForwarder>[0]['upstreams'],
): Parts {
  const serialBase = SOA_TIMES.serial - catalog.snapshot.revision;
  const zone = new Zone({
    catalog,
    domain: DOMAIN,
    environment: 'default',
    ttl: TTL,
    negativeTtl: variant === 'closed' ? 5 : 1,
    nameServers: [NAME_SERVER],
    records: goldenRecords(),
    serialBase,
  });
  const forwarder = createForwarder({
    upstreams,
    listen: [],
    ownNames: [wireName('')],
    times: FORWARD_TIMES,
  });
  const cache = createCache(forwarder.exchange);
  const responder = createResponder({
    resolver: zone,
    forwarder: {
      exchange: cache.exchange,
      lookup: (question) => cache.lookup(question),
      isLoop: (edns) => forwarder.isLoop(edns),
    },
    onFault: (error) => {
      throw error;
    },
  });
  return { zone, cache, responder, serialBase };
}

function tell(sink: FactSink, variant: Variant): void {
  if (variant === 'loading') return;
  sink.replace(goldenFacts());
  sink.status(
    variant === 'stale'
      ? { state: 'stale', asOf: 0, error: 'the engine is away' }
      : { state: 'live', asOf: 0 },
  );
}
