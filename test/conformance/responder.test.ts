import { expect, it } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import { PLAIN_UDP_SIZE, RCODE } from '../../src/wire/constants.js';
import { goldenFacts } from './golden/facts.js';
import { query, wireName } from './packets.js';
import { responderOf } from './targets/fairlead.js';
import { isThorough } from '../support/depth.js';

const client = { address: '127.0.0.1', port: 40_000, transport: 'udp' } as const;

/** The code of the reply to a packet, which must come at once. */
function rcodeOf(reply: ReturnType<ReturnType<typeof responderOf>['respond']>): number {
  if (!Buffer.isBuffer(reply)) throw new Error('no reply at once');
  expect(reply.length).toBeLessThanOrEqual(PLAIN_UDP_SIZE);
  return reply.readUInt16BE(2) & 0xf;
}

/** All of them in a long run; in a short one those that have a meaning (RFC 6895), and some of the others. */
const types = Array.from({ length: 0x1_0000 }, (_, type) => type).filter(
  (type) => isThorough || type < 512 || type % 61 === 0,
);

it(`answers every one of ${types.length} types of an existing name without denying the name`, () => {
  const catalog = new Catalog({ clock: () => 0 });
  const sink = catalog.sink('golden');
  sink.replace(goldenFacts());
  sink.status({ state: 'live', asOf: 0 });
  const responder = responderOf(catalog, 'open', []);
  const packet = query('web.stack', 0);
  const typeAt = 12 + wireName('web.stack').length;
  const seen = new Map<number, number>();
  for (const type of types) {
    packet.writeUInt16BE(type, typeAt);
    const rcode = rcodeOf(responder.respond(packet, client));
    seen.set(rcode, (seen.get(rcode) ?? 0) + 1);
  }
  expect([...seen].sort(([a], [b]) => a - b)).toEqual([
    [RCODE.NOERROR, types.length - 7],
    // OPT, TKEY, TSIG and, over UDP, AXFR.
    [RCODE.FORMERR, 4],
    // MAILA and MAILB.
    [RCODE.NOTIMP, 2],
    // IXFR.
    [RCODE.REFUSED, 1],
  ]);
});

it('denies nothing before the facts arrive, and forgets nothing when their source goes away', () => {
  const catalog = new Catalog({ clock: () => 0 });
  const sink = catalog.sink('golden');
  const responder = responderOf(catalog, 'open', []);
  const codes = () =>
    ['web.stack', 'nobody'].map((name) => rcodeOf(responder.respond(query(name, 1), client)));
  expect(codes()).toEqual([RCODE.SERVFAIL, RCODE.SERVFAIL]);
  sink.replace(goldenFacts());
  sink.status({ state: 'live', asOf: 0 });
  expect(codes()).toEqual([RCODE.NOERROR, RCODE.NXDOMAIN]);
  sink.status({ state: 'stale', asOf: 0, error: 'the engine is away' });
  expect(codes()).toEqual([RCODE.NOERROR, RCODE.NXDOMAIN]);
});
