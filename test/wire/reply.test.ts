import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EDE, EDNS_OPTION, FLAG, RCODE, TYPE } from '../../src/wire/constants.js';
import { findOption } from '../../src/wire/edns.js';
import { composeReply, replyLimit, truncatedReply } from '../../src/wire/reply.js';
import { anyRecord } from './arbitrary.js';
import { nameToText } from '../../src/wire/name-text.js';
import { a, cname, decoded, hex, manyA, parsed, query, soa, srv } from './helpers.js';

const OWNER = 'big.rancher.internal';
const plain = parsed(query(OWNER, TYPE.A));
const withEdns = parsed(query(OWNER, TYPE.A, { edns: { dnssecOk: true, options: [] } }));

describe('replyLimit', () => {
  const edns = (udpSize: number) => ({ udpSize, extendedRcode: 0, version: 0, dnssecOk: false, options: [] });
  it.each([
    ['udp', undefined, 512],
    ['udp', edns(0), 512],
    ['udp', edns(100), 512],
    ['udp', edns(1000), 1000],
    ['udp', edns(65535), 1232],
    ['tcp', undefined, 65535],
    ['tcp', edns(512), 65535],
  ] as const)('over %s with %j', (transport, opt, limit) => {
    expect(replyLimit(transport, opt)).toBe(limit);
  });
});

describe('truncatedReply', () => {
  it('is the question with TC, and an OPT if and only if the query had one', () => {
    const options = [{ code: 10, data: Buffer.alloc(24, 1) }];
    const message = decoded(truncatedReply(withEdns, { rcode: 3, ra: true }, options));
    expect(message).toMatchObject({
      rcode: 3,
      answers: [],
      edns: { dnssecOk: true, options: [{ code: 10 }] },
    });
    expect(message.flags).toBe(FLAG.QR | FLAG.TC | FLAG.RD | FLAG.RA | 3);
    expect(hex(message.questions[0]?.name)).toBe(hex(plain.question.name));
    expect(decoded(truncatedReply(plain, { rcode: RCODE.BADCOOKIE }, options))).toMatchObject({
      rcode: RCODE.SERVFAIL,
      additionals: [],
    });
  });
});

describe('composeReply', () => {
  it('fits 29 addresses into 512 octets without TC, and sets TC for the 30th while keeping 29', () => {
    // 12 of header, 26 of question, 16 an address: 38 + 16 * 29 = 502.
    const fits = composeReply(plain, { rcode: 0, answers: manyA(OWNER, 29) }, 512);
    expect([fits.message.length, fits.truncated]).toEqual([502, false]);
    const cut = composeReply(plain, { rcode: 0, answers: manyA(OWNER, 30) }, 512);
    expect([cut.message.length, cut.truncated]).toEqual([502, true]);
    const message = decoded(cut.message);
    expect([message.answers.length, (message.flags & FLAG.TC) !== 0]).toEqual([29, true]);
  });

  it.each([
    [38 + 16 * 4, false],
    [38 + 16 * 4 - 1, true],
    [38 + 16 * 4 + 1, false],
  ])('is exact at the limit of %i octets', (limit, truncated) => {
    const reply = composeReply(plain, { rcode: 0, answers: manyA(OWNER, 4) }, limit);
    expect(reply.truncated).toBe(truncated);
    expect(reply.message.length).toBeLessThanOrEqual(limit);
  });

  it('keeps the OPT in a truncated reply, within the limit', () => {
    const { message, truncated } = composeReply(withEdns, { rcode: 0, answers: manyA(OWNER, 100) }, 512);
    expect(truncated).toBe(true);
    expect(message.length).toBeLessThanOrEqual(512);
    expect(decoded(message).edns).toMatchObject({ udpSize: 1232, version: 0, dnssecOk: true });
  });

  it('drops the extended error first, then additionals by whole sets without TC, then answers with TC', () => {
    const targets = ['one', 'two', 'six'].map((label) => `${label}.rancher.internal`);
    const body = {
      rcode: 0,
      answers: targets.map((target) => srv(OWNER, target)),
      additionals: targets.flatMap((target) => [a(target, '10.0.0.1'), a(target, '10.0.0.2')]),
      ede: { code: EDE.STALE_ANSWER, text: 'old' },
    };
    const seen = new Set<string>();
    for (let limit = 600; limit > 60; limit--) {
      const reply = composeReply(withEdns, body, limit);
      expect(reply.message.length).toBeLessThanOrEqual(limit);
      const { answers, additionals, edns } = decoded(reply.message);
      const ede = findOption(edns, EDNS_OPTION.EDE) !== undefined;
      expect(edns).toBeDefined();
      expect(reply.truncated).toBe(answers.length < 3);
      expect(additionals.length % 2).toBe(0);
      seen.add(`${answers.length} answers, ${additionals.length} additionals${ede ? ', error' : ''}`);
    }
    expect([...seen]).toEqual([
      '3 answers, 6 additionals, error',
      '3 answers, 6 additionals',
      '3 answers, 4 additionals',
      '3 answers, 2 additionals',
      '3 answers, 0 additionals',
      '2 answers, 0 additionals',
      '1 answers, 0 additionals',
      '0 answers, 0 additionals',
    ]);
  });

  it('forgets the names of a set that did not fit', () => {
    const additionals = [...manyA('deep.other.example', 40), a('x.other.example', '10.9.9.9')];
    const reply = composeReply(
      plain,
      { rcode: 0, answers: [srv(OWNER, 'deep.other.example')], additionals },
      512,
    );
    const message = decoded(reply.message);
    expect(message.additionals.map(({ owner }) => nameToText(owner))).toEqual(['x.other.example']);
  });

  it('points to no name beyond the reach of a pointer', () => {
    const filler = { kind: 'raw' as const, bytes: Buffer.alloc(1000) };
    const answers = Array.from({ length: 17 }, () => ({
      ...a(OWNER, '10.0.0.1'),
      type: 65280,
      rdata: filler,
    }));
    const chain = ['p', 'q', 'r'].map((label) => cname(`${label}.late.example`, 'end.late.example'));
    const message = decoded(
      composeReply(plain, { rcode: 0, answers: [...answers, ...chain] }, 65535).message,
    );
    expect(message.answers.slice(17).map(({ owner }) => nameToText(owner))).toEqual([
      'p.late.example',
      'q.late.example',
      'r.late.example',
    ]);
  });

  it('puts an extended error into the OPT, its text cut to 64 octets, and none without EDNS', () => {
    const ede = { code: EDE.NETWORK_ERROR, text: 'x'.repeat(63) + 'é' };
    const data = findOption(
      decoded(composeReply(withEdns, { rcode: 2, ede }, 512).message).edns,
      EDNS_OPTION.EDE,
    );
    expect(hex(data)).toBe(`0017${'78'.repeat(63)}`);
    const without = decoded(composeReply(plain, { rcode: 2, ede }, 512).message);
    expect([without.edns, without.additionals.length, without.rcode]).toEqual([undefined, 0, RCODE.SERVFAIL]);
  });

  it('cuts the text of an extended error to whole characters, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => {
        const { message } = composeReply(withEdns, { rcode: 2, ede: { code: 0, text } }, 512);
        const octets = findOption(decoded(message).edns, EDNS_OPTION.EDE)?.subarray(2) ?? Buffer.alloc(0);
        expect(octets.length).toBeLessThanOrEqual(64);
        const shown = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets);
        // Half a surrogate pair has no UTF-8; it becomes U+FFFD.
        const whole = Buffer.from(text, 'utf8').toString('utf8');
        expect(whole.startsWith(shown)).toBe(true);
        expect(Buffer.byteLength(whole) <= 64 ? shown === whole : octets.length > 60).toBe(true);
      }),
    );
  });

  it('keeps other options when the extended error has to go', () => {
    const options = [{ code: 10, data: Buffer.alloc(24, 1) }];
    const body = {
      rcode: 0,
      answers: manyA(OWNER, 4),
      options,
      ede: { code: EDE.STALE_ANSWER, text: 'old' },
    };
    const whole = composeReply(withEdns, body, 512, options).message.length;
    const codes = (limit: number) =>
      decoded(composeReply(withEdns, body, limit, options).message).edns?.options.map(({ code }) => code);
    expect([codes(whole), codes(whole - 1), codes(100)]).toEqual([[10, 15], [10], [10]]);
    expect(decoded(composeReply(plain, body, 512, options).message).edns).toBeUndefined();
  });

  it('remembers no more than 128 names to point to', () => {
    const target = (i: number) => `t${i}.d${i}.example`;
    const answers = Array.from({ length: 200 }, (_, i) => cname(OWNER, target(i)));
    const size = (extra: number) => {
      const more = [...answers, cname(OWNER, target(extra))];
      return composeReply(plain, { rcode: 0, answers: more }, 65535).message.length;
    };
    const base = composeReply(plain, { rcode: 0, answers }, 65535).message.length;
    // A pointer for a name that is remembered; the labels, and a pointer to "example", for one that came too late.
    expect([size(0) - base, size(199) - base]).toEqual([12 + 2, 12 + 5 + 5 + 2]);
  });

  it('copies ID, opcode, RD and CD, and the question byte for byte', () => {
    const head = parsed(query('bIg.Rancher.Internal', TYPE.A, { id: 77, cd: true }));
    const { message } = composeReply(
      head,
      { rcode: 0, aa: true, ra: true, answers: [a(OWNER, '10.0.0.1')] },
      512,
    );
    expect(message.readUInt16BE(2)).toBe(FLAG.QR | FLAG.AA | FLAG.RD | FLAG.RA | FLAG.CD);
    expect(hex(decoded(message).answers[0]?.owner)).toBe(hex(head.question.name));
    expect(message.toString('hex', 38)).toBe('c00c00010001000000010004' + '0a000001');
  });

  it('gives a negative answer its SOA', () => {
    const { message } = composeReply(
      plain,
      { rcode: 3, aa: true, authority: [soa('rancher.internal')] },
      512,
    );
    expect(decoded(message)).toMatchObject({
      rcode: RCODE.NXDOMAIN,
      answers: [],
      authority: [{ type: TYPE.SOA }],
    });
    // The owner of the SOA points into the question.
    expect(message.toString('hex', 38, 40)).toBe('c010');
  });

  it('is well-formed and within its limit for any records and any limit', () => {
    const records = fc.array(anyRecord, { maxLength: 20 });
    fc.assert(
      fc.property(
        records,
        records,
        records,
        fc.integer({ min: 512, max: 3000 }),
        fc.boolean(),
        (...input) => {
          const [answers, authority, additionals, limit, edns] = input;
          const body = { rcode: 0, answers, authority, additionals, ede: { code: 3, text: 'why' } };
          const reply = composeReply(edns ? withEdns : plain, body, limit);
          expect(reply.message.length).toBeLessThanOrEqual(limit);
          const message = decoded(reply.message);
          expect(message.edns !== undefined).toBe(edns);
          expect(reply.truncated).toBe(
            message.answers.length < answers.length || message.authority.length < authority.length,
          );
        },
      ),
    );
  });
});
