import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawLookers, isWanted, queryLogEntry, replyClass } from '../../../src/dns/server/query-log.js';
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

  it.each<
    [string, { log: number; watch: number }, boolean | undefined, number, ReturnType<typeof drawLookers>]
  >([
    ['nobody', { log: 0, watch: 0 }, undefined, 0, undefined],
    ['nobody, whatever a thread has drawn', { log: 0, watch: 0 }, true, 0, undefined],
    ['the log, of its share', { log: 0.1, watch: 0 }, undefined, 0.09, { log: true, watch: false }],
    ['nobody, beyond its share', { log: 0.1, watch: 0 }, undefined, 0.1, undefined],
    ['both', { log: 0.1, watch: 0.5 }, undefined, 0.09, { log: true, watch: true }],
    ['those with the larger share', { log: 0.1, watch: 0.5 }, undefined, 0.4, { log: false, watch: true }],
    ['nobody, if a thread has not drawn it', { log: 1, watch: 1 }, false, 0, undefined],
    ['part of what a thread has drawn', { log: 0.1, watch: 0.5 }, true, 0.21, { log: false, watch: true }],
    ['all that a thread has drawn', { log: 0.1, watch: 0.5 }, true, 0.19, { log: true, watch: true }],
  ])('is for %s: %o, %s, %d', (_, shares, sampled, random, expected) => {
    expect(drawLookers(shares, sampled, () => random)).toEqual(expected);
  });

  it('uses no random number when there is nothing to decide', () => {
    const never = () => expect.unreachable();
    expect(drawLookers({ log: 1, watch: 0 }, undefined, never)).toEqual({ log: true, watch: false });
    expect(drawLookers({ log: 0.5, watch: 0.5 }, true, never)).toEqual({ log: true, watch: true });
    expect(drawLookers({ log: 0, watch: 0.01 }, true, never)).toEqual({ log: false, watch: true });
  });

  it.each([
    ['no-clients', { name: 'Web.x' }, 'client'],
    ['no-names', {}, 'client'],
    ['no-names', {}, 'name'],
  ] as const)('keeps what dns.privacy %s hides to itself', (privacy, rest, hidden) => {
    const client = { address: '10.42.0.7', transport: 'udp' } as const;
    const logged = { client, rcode: 0, source: 'own', message: reply(0), ms: 1 } as const;
    const entry = queryLogEntry({ ...logged, question: head.question }, privacy);
    expect(entry).not.toHaveProperty(hidden);
    expect(entry).toMatchObject({ type: 'A', rcode: 'NOERROR', ...rest });
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
