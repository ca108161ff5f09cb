import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createResponder } from '../../../src/dns/server/responder.js';
import { FLAG } from '../../../src/wire/constants.js';
import type { ResourceRecord } from '../../../src/wire/records.js';
import { decoded, manyA, name, query } from '../../wire/helpers.js';

const client = { address: '192.0.2.7', port: 5353, transport: 'udp' } as const;

/** What comes back over UDP when the answer is this. */
function ask(packet: Buffer, answers: readonly ResourceRecord[], from = 0) {
  const resolver = {
    resolve: () => ({ kind: 'answer', rcode: 0, aa: true, answers, authority: [] }) as const,
  };
  const reply = createResponder({ resolver, randomBelow: () => from }).respond(packet, client);
  if (!Buffer.isBuffer(reply)) throw new Error('no reply at once');
  return decoded(reply);
}

describe('an answer over UDP', () => {
  /** The wire form of a name of this many octets. */
  const nameOf = (octets: number) => `${'n'.repeat(octets - 4)}.x`;

  // Header 12, question name + 4, 16 an address; 29 of them and a name of 32 octets are 512, with an OPT 73 and 37 are 1232.
  it.each([
    [511, 29, 31, undefined],
    [512, 29, 32, undefined],
    [513, 29, 33, undefined],
    [1231, 73, 36, 1232],
    [1232, 73, 37, 1232],
    [1233, 73, 38, 1232],
  ])('of %i octets is whole if and only if it fits', (octets, addresses, nameOctets, ednsSize) => {
    const owner = nameOf(nameOctets);
    expect(name(owner)).toHaveLength(nameOctets);
    const edns = { dnssecOk: false, options: [] };
    const message = ask(query(owner, 1, ednsSize === undefined ? {} : { edns }), manyA(owner, addresses));
    const fits = octets <= (ednsSize ?? 512);
    expect([message.answers.length, (message.flags & FLAG.TC) !== 0]).toEqual([
      fits ? addresses : addresses - 1,
      !fits,
    ]);
    expect(message.wire.length).toBe(fits ? octets : octets - 16);
  });

  it('that does not fit has as many as do, of one set, beginning anywhere', () => {
    const first = new Set<number>();
    fc.assert(
      fc.property(fc.nat(99), (from) => {
        const { answers } = ask(query('web.x', 1), manyA('web.x', 100), from);
        const last = answers.map(({ rdata }) => (rdata.kind === 'a' ? (rdata.address[3] ?? -1) : -1));
        expect(new Set(last).size).toBe(Math.floor((512 - 12 - 7 - 4) / 16));
        expect(last[0]).toBe(from);
        first.add(from);
      }),
    );
    expect(first.size).toBeGreaterThan(10);
  });
});
