import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accept } from '../../src/dns/accept.js';
import { TYPE } from '../../src/wire/constants.js';
import { composeReply } from '../../src/wire/reply.js';
import { query, unhex } from '../wire/helpers.js';
import { runs } from '../support/depth.js';

/** `ns.rancher.internal A IN`, as in reference captures of knot and named. */
const QUESTION = '026e730772616e6368657208696e7465726e616c00 0001 0001';
const OPT = '00 0029 04d0 00 00 0000 0000';

/** What the rule says, in a word or as the bytes of the reply. */
function verdict(packet: Uint8Array, transport: 'udp' | 'tcp' = 'udp'): string {
  const result = accept(packet, transport);
  if (result.action === 'drop') return `drop ${result.reason}`;
  if (result.action === 'query' || result.action === 'cookie') return result.action;
  const { head, rcode, ra } = result;
  return composeReply(head, { rcode, ra }, 512).message.toString('hex');
}

const flat = (text: string): string => text.replace(/\s/g, '');

describe('accept', () => {
  it.each([
    ['nothing', '', 'drop short'],
    ['11 octets', '1234010000010000000000', 'drop short'],
    ['a reply', `1234 8100 0001 0000 0000 0000 ${QUESTION}`, 'drop response'],
    ['a reply with opcode 15', '1234 f800 0000 0000 0000 0000', 'drop response'],
    ['opcode 15, header only', '1234 7800 0000 0000 0000 0000', '1234 f804 0000 0000 0000 0000'],
    ['UPDATE with every flag set', '1234 2fff 0001 0000 0000 0000', '1234 a804 0000 0000 0000 0000'],
    [
      'opcode 15 with EDNS version 1',
      `1234 7800 0000 0000 0000 0001 00 0029 04d0 00 01 0000 0000`,
      '1234 f804 0000 0000 0000 0000',
    ],
    ['no question', '1234 0000 0000 0000 0000 0000', '1234 8001 0000 0000 0000 0000'],
    [
      'no question but an OPT',
      `1234 0000 0000 0000 0000 0001 ${OPT}`,
      `1234 8001 0000 0000 0000 0001 ${OPT}`,
    ],
    [
      'no question but an OPT with a cookie',
      '1234 0000 0000 0000 0000 0001 00 0029 04d0 00000000 000c 000a 0008 0102030405060708',
      'cookie',
    ],
    [
      'the same of EDNS version 1',
      '1234 0000 0000 0000 0000 0001 00 0029 04d0 00 01 0000 000c 000a 0008 0102030405060708',
      `1234 8001 0000 0000 0000 0001 ${OPT}`,
    ],
    [
      'the same with octets behind it',
      '1234 0000 0000 0000 0000 0001 00 0029 04d0 00000000 000c 000a 0008 0102030405060708 00',
      `1234 8001 0000 0000 0000 0001 ${OPT}`,
    ],
    [
      'a cookie of 9 octets',
      `1234 0100 0001 0000 0000 0001 ${QUESTION} 00 0029 04d0 00000000 000d 000a 0009 010203040506070809`,
      `1234 8101 0001 0000 0000 0001 ${QUESTION} ${OPT}`,
    ],
    [
      'two questions',
      `1234 0100 0002 0000 0000 0000 ${QUESTION}${QUESTION}`,
      '1234 8101 0000 0000 0000 0000',
    ],
    ['a question that is not there', '1234 0100 0001 0000 0000 0000', '1234 8101 0000 0000 0000 0000'],
    ['a name cut off', '1234 0100 0001 0000 0000 0000 0361', '1234 8101 0000 0000 0000 0000'],
    [
      'a question without class',
      '1234 0100 0001 0000 0000 0000 0161 00 0001',
      '1234 8101 0000 0000 0000 0000',
    ],
    ['a pointer in QNAME', '1234 0100 0001 0000 0000 0000 c00c 0001 0001', '1234 8101 0000 0000 0000 0000'],
    [
      'a record in a query',
      `1234 0100 0001 0001 0000 0000 ${QUESTION} c00c 0001 0001 00000001 0004 0a000001`,
      `1234 8101 0001 0000 0000 0000 ${QUESTION}`,
    ],
    [
      'a missing OPT',
      `1234 0100 0001 0000 0000 0001 ${QUESTION}`,
      `1234 8101 0001 0000 0000 0000 ${QUESTION}`,
    ],
    [
      'two OPTs',
      `1234 0000 0001 0000 0000 0002 ${QUESTION} ${OPT}${OPT}`,
      `1234 8001 0001 0000 0000 0000 ${QUESTION}`,
    ],
    [
      'an OPT with an owner',
      `1234 0000 0001 0000 0000 0001 ${QUESTION} 0161 00 0029 04d0 00000000 0000`,
      `1234 8001 0001 0000 0000 0000 ${QUESTION}`,
    ],
    [
      'an OPT that is longer than the packet',
      `1234 0000 0001 0000 0000 0001 ${QUESTION} 00 0029 04d0 00000000 0004`,
      `1234 8001 0001 0000 0000 0000 ${QUESTION}`,
    ],
    [
      'half an option',
      `1234 0000 0001 0000 0000 0001 ${QUESTION} 00 0029 04d0 00000000 0003 000a00`,
      `1234 8001 0001 0000 0000 0001 ${QUESTION} ${OPT}`,
    ],
    [
      'an option longer than its record',
      `1234 0000 0001 0000 0000 0001 ${QUESTION} 00 0029 04d0 00000000 0005 000a0002ff`,
      `1234 8001 0001 0000 0000 0001 ${QUESTION} ${OPT}`,
    ],
    [
      '65 options',
      `1234 0000 0001 0000 0000 0001 ${QUESTION} 00 0029 04d0 00000000 0104 ${'fde80000'.repeat(65)}`,
      `1234 8001 0001 0000 0000 0001 ${QUESTION} ${OPT}`,
    ],
    [
      'trailing octets',
      `1234 0100 0001 0000 0000 0000 ${QUESTION} 00`,
      `1234 8101 0001 0000 0000 0000 ${QUESTION}`,
    ],
    [
      'octets behind the OPT',
      `1234 0100 0001 0000 0000 0001 ${QUESTION} ${OPT} 00`,
      `1234 8101 0001 0000 0000 0001 ${QUESTION} ${OPT}`,
    ],
    [
      'EDNS version 1, with an unknown option and DO',
      `1234 0100 0001 0000 0000 0001 ${QUESTION} 00 0029 04d0 00 01 8000 0004 00640000`,
      `1234 8100 0001 0000 0000 0001 ${QUESTION} 00 0029 04d0 01 00 8000 0000`,
    ],
    ['every flag but QR', `1234 07ff 0001 0000 0000 0000 ${QUESTION}`, 'query'],
    [
      'an unknown option',
      `1234 0100 0001 0000 0000 0001 ${QUESTION} 00 0029 04d0 00 00 8080 0004 00640000`,
      'query',
    ],
  ])('%s', (_, packet, expected) => {
    expect(verdict(unhex(packet))).toBe(expected.startsWith('1234') ? flat(expected) : expected);
  });

  const question = (type: number, klass: number) =>
    `026e7300 ${type.toString(16).padStart(4, '0')} ${klass.toString(16).padStart(4, '0')}`;
  it.each([
    ['CH TXT', TYPE.TXT, 3, 'udp', 5],
    ['class HS', TYPE.A, 4, 'udp', 5],
    ['class 0', TYPE.A, 0, 'udp', 5],
    ['class NONE', TYPE.A, 254, 'udp', 5],
    ['class ANY', TYPE.A, 255, 'tcp', 5],
    ['OPT', TYPE.OPT, 1, 'udp', 1],
    ['TKEY', TYPE.TKEY, 1, 'udp', 1],
    ['TSIG', TYPE.TSIG, 1, 'udp', 1],
    ['MAILA', TYPE.MAILA, 1, 'udp', 4],
    ['MAILB', TYPE.MAILB, 1, 'udp', 4],
    ['AXFR over UDP', TYPE.AXFR, 1, 'udp', 1],
    ['AXFR over TCP', TYPE.AXFR, 1, 'tcp', 5],
    ['IXFR', TYPE.IXFR, 1, 'udp', 5],
  ] as const)('%s gets its error, with the question', (_, type, klass, transport, rcode) => {
    const packet = unhex(`1234 0100 0001 0000 0000 0000 ${question(type, klass)}`);
    const expected = flat(`1234 818${rcode} 0001 0000 0000 0000 ${question(type, klass)}`);
    expect(verdict(packet, transport)).toBe(expected);
  });

  it.each([0, 28, 64, 65, 255, 65280, 65535])('type %i of class IN is a query', (type) => {
    expect(verdict(query('x', type))).toBe('query');
  });

  it('looks only at the question of a 64 KiB packet full of records', () => {
    const records = Buffer.alloc(5400 * 12, unhex('c00c 0002 0001 00000001 0002 c00c'));
    const packet = Buffer.concat([unhex(`1234 0100 0001 1518 0000 0000 ${QUESTION}`), records]);
    let reads = 0;
    const counted = new Proxy(packet, {
      get(target, property) {
        if (typeof property === 'string' && /^\d+$/.test(property)) reads++;
        const value: unknown = Reflect.get(target, property, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    expect(accept(counted, 'tcp')).toMatchObject({ action: 'reply', rcode: 1 });
    expect(reads).toBeLessThan(100);
  });

  it('never throws, and refuses in no more bytes than it received', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (packet) => {
        const result = accept(packet, 'udp');
        if (result.action !== 'reply') return;
        const reply = composeReply(result.head, { rcode: result.rcode, ra: result.ra }, 512).message;
        expect(reply.length).toBeLessThanOrEqual(packet.length);
      }),
      { numRuns: runs(2000) },
    );
  });
});
