import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSampled, isWanted, queryLogEntry, replyClass } from '../../../src/dns/server/query-log.js';
import { RCODE, TYPE } from '../../../src/wire/constants.js';
import { composeReply, truncatedReply } from '../../../src/wire/reply.js';
import { nameFromLabels } from '../../../src/wire/name.js';
import { a, parsed, query, soa } from '../../wire/helpers.js';

const head = parsed(query('Web.x', TYPE.A, { edns: { dnssecOk: false, options: [] } }));
const reply = (rcode: number, body = {}) => composeReply(head, { rcode, ...body }, 512).message;
const write = () => undefined;

describe('the query log', () => {
  it.each([
    ['success', 0, reply(0, { answers: [a('Web.x', '10.0.0.1')] })],
    ['success', 0, truncatedReply(head, { rcode: 0 })],
    ['denial', 0, reply(0, { authority: [soa('x')] })],
    ['denial', RCODE.NXDOMAIN, reply(RCODE.NXDOMAIN, { authority: [soa('x')] })],
    ['error', RCODE.SERVFAIL, reply(RCODE.SERVFAIL)],
    ['error', RCODE.BADVERS, reply(RCODE.BADVERS)],
  ] as const)('calls it %s: %#', (expected, rcode, message) => {
    expect(replyClass(rcode, message)).toBe(expected);
    expect(isWanted({ write }, rcode, message)).toBe(true);
    expect(isWanted({ write, classes: [expected] }, rcode, message)).toBe(true);
    const others = (['success', 'denial', 'error'] as const).filter((each) => each !== expected);
    expect(isWanted({ write, classes: others }, rcode, message)).toBe(false);
  });

  it('samples the configured share, and uses no random number when that is all', () => {
    const numbers = [0, 0.09, 0.1, 0.9];
    expect(numbers.map((number) => isSampled({ write, sample: 0.1 }, () => number))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(isSampled({ write, sample: 0 }, () => 0)).toBe(false);
    const never = () => expect.unreachable();
    expect(isSampled({ write }, never)).toBe(true);
  });

  it('records for a reply which client asked what, and the result', () => {
    const client = { address: '10.42.0.7', transport: 'udp' } as const;
    const message = truncatedReply(head, { rcode: 0 });
    const logged = { client, rcode: 0, source: 'own', message, ms: 0.1234 } as const;
    const told = { client: '10.42.0.7', transport: 'udp', source: 'own', ms: 0.1234 };
    expect(queryLogEntry({ ...logged, question: head.question })).toEqual({
      ...told,
      ...{ name: 'Web.x', type: 'A', rcode: 'NOERROR', octets: 34, truncated: true },
    });
    const unreadable = queryLogEntry({ ...logged, rcode: RCODE.FORMERR, message: Buffer.alloc(12) });
    expect(unreadable).toEqual({ ...told, rcode: 'FORMERR', octets: 12, truncated: false });
  });

  it('contains only printable ASCII, whatever the name contains', () => {
    const label = fc
      .uint8Array({ minLength: 1, maxLength: 63 })
      .map((octets) => Buffer.from(octets).toString('latin1'));
    fc.assert(
      fc.property(fc.array(label, { maxLength: 3 }), (labels) => {
        const name = nameFromLabels(labels) ?? new Uint8Array(1);
        const entry = queryLogEntry({
          client: { address: '::1', transport: 'tcp' },
          question: { name, type: 65280, class: 1 },
          rcode: 3,
          source: 'upstream',
          message: reply(3),
          ms: 1,
        });
        expect(entry.name).toMatch(/^[!-~]+$/);
      }),
    );
    const escaped = queryLogEntry({
      client: { address: '::1', transport: 'tcp' },
      question: { name: nameFromLabels(['a\n\x1b[2J é']) ?? new Uint8Array(1), type: 1, class: 1 },
      rcode: 3,
      source: 'own',
      message: reply(3),
      ms: 1,
    });
    expect(escaped.name).toBe('a\\010\\027[2J\\032\\233');
  });
});
