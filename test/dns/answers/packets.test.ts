import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TYPE } from '../../../src/wire/constants.js';
import { ref, taskFact } from '../../support/facts.js';
import { query } from '../../conformance/packets.js';
import { ground, sorted } from './support.js';
import { runs } from '../../support/depth.js';

const CLIENT = '127.0.0.1';

function started() {
  const on = ground();
  const sink = on.catalog.sink('docker');
  sink.replace({
    tasks: ['10.0.0.2', '10.0.0.3', '10.0.0.4'].map((ip, i) =>
      taskFact(`t${i}`, {
        service: ref('web.shop'),
        ip,
        ports: [{ port: 80, protocol: 'tcp', name: 'http', target: 80 }],
      }),
    ),
  });
  sink.status({ state: 'live' });
  return on;
}

const seeds = [
  query('web.shop.rancher.internal.', TYPE.A),
  query('web.shop.rancher.internal.', TYPE.AAAA, { opt: {} }),
  query('_http._tcp.web.shop.rancher.internal.', TYPE.SRV, { opt: { flags: 0x8000 } }),
  query('none.shop.rancher.internal.', TYPE.A),
];

/** Bytes changed, taken out, put in, at any place. */
const mutation = fc.array(
  fc.record({
    at: fc.nat(90),
    octet: fc.integer({ min: 0, max: 255 }),
    how: fc.constantFrom('set', 'set', 'flip', 'insert', 'remove', 'cut'),
  }),
  { maxLength: 3 },
);

function mutate(
  packet: Uint8Array,
  changes: readonly { at: number; octet: number; how: string }[],
): Uint8Array {
  const octets = [...packet];
  for (const { at, octet, how } of changes) {
    const place = at % Math.max(1, octets.length);
    if (how === 'set') octets[place] = octet;
    else if (how === 'flip') octets[place] = (octets[place] ?? 0) ^ (1 << (octet & 7));
    else if (how === 'insert') octets.splice(place, 0, octet);
    else if (how === 'remove') octets.splice(place, 1);
    else octets.splice(place);
  }
  return Uint8Array.from(octets);
}

describe('any packet at all', () => {
  it('gets from compiled answers the same as from the responder, or nothing', () => {
    const on = started();
    let answered = 0;
    fc.assert(
      fc.property(fc.constantFrom(...seeds), mutation, (seed, changes) => {
        const packet = mutate(seed, changes);
        for (let round = 0; round < 3; round++) {
          const known = on.ask(packet, CLIENT);
          if (!known) continue;
          answered++;
          expect(sorted(known)).toEqual(sorted(on.plain(packet, CLIENT)));
        }
      }),
      { numRuns: runs(3000) },
    );
    expect(answered).toBeGreaterThan(runs(3000) / 3);
  });

  it('leaves no trace in the next one', () => {
    const on = started();
    for (const seed of seeds) for (let round = 0; round < 3; round++) on.ask(seed, CLIENT);
    const long = query('web.shop.rancher.internal.', TYPE.A, { opt: { options: [[10, '00'.repeat(200)]] } });
    for (const seed of seeds) {
      expect(on.ask(long, CLIENT)).toBeUndefined();
      expect(sorted(on.ask(seed, CLIENT))).toEqual(sorted(on.plain(seed, CLIENT)));
    }
  });

  it('gets its own case back', () => {
    const on = started();
    const upper = query('WEB.shop.RANCHER.internal.', TYPE.A);
    on.ask(query('web.shop.rancher.internal.', TYPE.A), CLIENT);
    const reply = on.ask(upper, CLIENT);
    expect(reply?.subarray(12, upper.length)).toEqual(upper.subarray(12));
  });

  it('of an unknown client gets nothing', () => {
    const on = started();
    const packet = seeds[0] ?? Buffer.alloc(0);
    for (let round = 0; round < 3; round++) expect(on.ask(packet, '192.0.2.1')).toBeUndefined();
  });

  it('of an IPv6 client is answered too', () => {
    const on = started();
    const packet = seeds[0] ?? Buffer.alloc(0);
    on.ask(packet, '::1');
    expect(sorted(on.ask(packet, '::1'))).toEqual(sorted(on.plain(packet, '::1')));
    expect(on.ask(packet, 'fd00::2')).toBeUndefined();
  });
});

describe('while the catalog is loading', () => {
  it('nothing is compiled', () => {
    const on = ground();
    on.catalog.sink('docker');
    const packet = query('web.shop.rancher.internal.', TYPE.A);
    for (let round = 0; round < 3; round++) expect(on.ask(packet, CLIENT)).toBeUndefined();
  });
});
