import { Catalog } from '../../src/catalog/catalog.js';
import { createServerCookies } from '../../src/dns/server/cookies.js';
import type { QueryLogEntry } from '../../src/dns/server/query-log.js';
import type { ResponderForwarder } from '../../src/dns/server/responder-options.js';
import { createResponder, type Responder } from '../../src/dns/server/responder.js';
import { Zone } from '../../src/dns/zone/zone.js';
import { DOMAIN, NAME_SERVER, TTL } from '../conformance/golden/fixture.js';
import { goldenFacts, goldenRecords } from '../conformance/golden/facts.js';

export interface Subject {
  readonly responder: Responder;
  /** What went wrong inside since the last call, if anything. */
  takeFault(): unknown;
  /** The last line of the query log, and none after it is taken. */
  takeLogged(): QueryLogEntry | undefined;
}

/** A real responder over the golden zone, all that it can do switched on, with somebody else in the place of the upstreams. */
export function createSubject(forwarder: Omit<ResponderForwarder, 'isLoop'>): Subject {
  const catalog = new Catalog({ clock: () => 0 });
  const sink = catalog.sink('golden');
  sink.replace(goldenFacts());
  sink.status({ state: 'live', asOf: 0 });
  const resolver = new Zone({
    catalog,
    domain: DOMAIN,
    environment: 'default',
    ttl: TTL,
    negativeTtl: TTL,
    nameServers: [NAME_SERVER],
    records: goldenRecords(),
    serialBase: 0,
  });
  let fault: unknown;
  let logged: QueryLogEntry | undefined;
  const responder = createResponder({
    resolver,
    forwarder: { ...forwarder, isLoop: () => false },
    // Nothing may depend on chance: the same seed has to fail the same way.
    cookies: createServerCookies({ master: Buffer.alloc(16), clock: () => 0 }),
    randomBelow: () => 0,
    nsid: 'fuzzed',
    queryLog: {
      write: (entry) => {
        logged = entry;
      },
    },
    onFault: (error) => {
      fault = error;
    },
  });
  return {
    responder,
    takeFault() {
      const taken = fault;
      fault = undefined;
      return taken;
    },
    takeLogged() {
      const taken = logged;
      logged = undefined;
      return taken;
    },
  };
}
