import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createResponder } from '../../../src/dns/server/responder.js';
import { FLAG } from '../../../src/wire/constants.js';
import { decodeMessage } from '../../../src/wire/message.js';
import { rdataToText } from '../../../src/wire/record-text.js';
import type { ResourceRecord } from '../../../src/wire/resource-record.js';
import { manyA, name, query } from '../../wire/helpers.js';

const client = { address: '192.0.2.7', port: 5353 } as const;

/** What comes back when the answer is this. */
function ask(packet: Buffer, answers: readonly ResourceRecord[], from = 0, transport: 'udp' | 'tcp' = 'udp') {
  const resolver = {
    resolve: () => ({ kind: 'answer', rcode: 0, aa: true, answers, authority: [] }) as const,
  };
  const reply = createResponder({ resolver, randomBelow: () => from }).respond(packet, {
    ...client,
    transport,
  });
  if (!Buffer.isBuffer(reply)) throw new Error('no reply at once');
  const message = decodeMessage(reply, { records: 65_535 });
  if (!message.ok) throw new Error(message.fault);
  return message.message;
}

describe('an answer over UDP', () => {
  /** The wire form of a name of this many bytes. */
  const nameOf = (octets: number) => `${'n'.repeat(octets - 4)}.x`;

  // Header 12, question name + 4, 16 an address; 29 of them and a name of 32 bytes are 512, with an OPT 73 and 37 are 1232.
  it.each([
    [511, 29, 31, undefined],
    [512, 29, 32, undefined],
    [513, 29, 33, undefined],
    [1231, 73, 36, 1232],
    [1232, 73, 37, 1232],
    [1233, 73, 38, 1232],
  ])('of %i octets is complete if and only if it fits', (octets, addresses, nameOctets, ednsSize) => {
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

  it('that does not fit contains as many records as possible, of one set, starting anywhere', () => {
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

describe('an answer over TCP', () => {
  it('that exceeds a message contains as many records as fit, starts anywhere, and is not marked as truncated', () => {
    for (const from of [0, 4500]) {
      const { answers, wire, flags, rcode } = ask(query('web.x', 1), manyA('web.x', 5000), from, 'tcp');
      expect([answers.length, rcode, flags & FLAG.TC]).toEqual([Math.floor((65_535 - 23) / 16), 0, 0]);
      expect(wire.length).toBeGreaterThan(65_535 - 16);
      const [first] = answers;
      const wanted = manyA('web.x', 5000)[from];
      expect(first && rdataToText(first.rdata)).toBe(wanted && rdataToText(wanted.rdata));
    }
  });
});
