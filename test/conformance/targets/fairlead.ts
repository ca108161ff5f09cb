import { Catalog, type FactSink } from '../../../src/catalog/index.js';
import { createCache } from '../../../src/dns/forward/cache.js';
import { createForwarder } from '../../../src/dns/forward/forwarder.js';
import { createResponder, type Responder } from '../../../src/dns/server/responder.js';
import { createDnsServer, type DnsServer } from '../../../src/dns/server/server.js';
import { Zone } from '../../../src/dns/zone/zone.js';
import { DOMAIN, NAME_SERVER, SOA_TIMES, TTL } from '../golden/fixture.js';
import { goldenFacts, goldenRecords } from '../golden/facts.js';
import type { Variant } from '../model.js';
import { wireName } from '../packets.js';
import type { Target } from './target.js';
import { startUpstream } from './upstream.js';

const VARIANTS: readonly Variant[] = ['open', 'closed', 'loading', 'stale'];

/** Short, so that a query that upstream never answers holds nobody up when the run ends. */
const FORWARD_TIMES = { hedge: 200, deadline: 500 };

/** Fairlead in this process, each variant on loopback sockets of its own. */
export async function startFairlead(): Promise<Target> {
  const upstream = await startUpstream();
  const servers = new Map<Variant, DnsServer>();
  const stop = async () => {
    await Promise.all([...servers.values()].map((server) => server.stop()));
    await upstream.close();
  };
  try {
    for (const variant of VARIANTS) {
      const responder = goldenResponder(variant, variant === 'closed' ? [] : [upstream.address]);
      const server = createDnsServer({
        listen: [{ ip: '127.0.0.1', port: 0 }],
        responder,
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
    // A refusal too says RA: whoever asks is told no, not that the server is no resolver.
    recursion: () => true,
    stop,
  };
}

/** The responder of a variant. */
function goldenResponder(
  variant: Variant,
  upstreams: Parameters<typeof createForwarder>[0]['upstreams'],
): Responder {
  const catalog = new Catalog({ clock: () => 0 });
  tell(catalog.sink('golden'), variant);
  return responderOf(catalog, variant, upstreams);
}

/** As {@link goldenResponder}, over facts that the caller tells. */
export function responderOf(
  catalog: Catalog,
  variant: Variant,
  upstreams: Parameters<typeof createForwarder>[0]['upstreams'],
): Responder {
  const zone = new Zone({
    catalog,
    domain: DOMAIN,
    environment: 'default',
    ttl: TTL,
    negativeTtl: variant === 'closed' ? 5 : 1,
    nameServers: [NAME_SERVER],
    records: goldenRecords(),
    serialBase: SOA_TIMES.serial - catalog.snapshot.revision,
  });
  const forwarder = createForwarder({
    upstreams,
    listen: [],
    ownNames: [wireName('')],
    times: FORWARD_TIMES,
  });
  return createResponder({
    resolver: zone,
    forwarder: {
      exchange: createCache(forwarder.exchange).exchange,
      isLoop: (edns) => forwarder.isLoop(edns),
    },
    onFault: (error) => {
      throw error;
    },
  });
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
