import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isReferral, scrubReply, withoutData, type ScrubQuestion } from '../../../src/dns/forward/scrub.js';
import { CLASS, FLAG, RCODE, TYPE } from '../../../src/wire/constants.js';
import type { DnsName } from '../../../src/wire/name.js';
import type { ResourceRecord } from '../../../src/wire/resource-record.js';
import { relayReply } from '../../../src/wire/relay.js';
import { composeReply, type ReplyBody } from '../../../src/wire/reply.js';
import { recordToText } from '../../../src/wire/record-text.js';
import { a, cname, decoded, name, parsed, query, soa } from '../../wire/helpers.js';
import { runs } from '../../support/depth.js';

const QNAME = 'www.example.org';
const OWN: readonly DnsName[] = [name('rancher.internal')];

const raw = (owner: string, type: number, bytes: Uint8Array, klass: number = CLASS.IN): ResourceRecord => ({
  owner: name(owner),
  type,
  class: klass,
  ttl: 60,
  rdata: { kind: 'raw', bytes },
});
const ns = (owner: string): ResourceRecord => ({
  ...raw(owner, TYPE.NS, new Uint8Array()),
  rdata: { kind: 'ns', target: name(`ns.${owner}`) },
});
/** The rest of the data does not matter. */
const sig = (owner: string, covered: number): ResourceRecord =>
  raw(owner, TYPE.RRSIG, Uint8Array.of(covered >> 8, covered & 255, ...Buffer.alloc(18)));
const dname = (owner: string, target: string): ResourceRecord => ({
  ...raw(owner, TYPE.DNAME, name(target)),
});

const ADDRESS = a(QNAME, '192.0.2.1');
const CHAIN = [cname(QNAME, 'b.example.org'), cname('b.example.org', 'c.example.net')];
const END = a('c.example.net', '192.0.2.3');

function scrub(body: Partial<ReplyBody>, fields: Partial<ScrubQuestion> = {}) {
  const type = fields.type ?? TYPE.A;
  const packet = composeReply(
    parsed(query(QNAME, type, { edns: { dnssecOk: true, options: [] } })),
    { rcode: 0, ra: true, ...body },
    65_535,
  ).message;
  const asked = { name: name(QNAME), type, dnssecOk: false, ...fields };
  return scrubReply(decoded(packet), asked, OWN);
}

/** What is left, as text: the rcode, the answers, and behind a bar the rest. */
function left(body: Partial<ReplyBody>, fields?: Partial<ScrubQuestion>): string[] {
  const result = scrub(body, fields);
  if (!result.ok) return [result.fault];
  // What is relayed and what is kept is read from the bytes: they must say the same as the records.
  const { rcode, answers, authority, additionals, edns } = decoded(result.message.wire);
  expect(result.message).toMatchObject({ rcode, additionals: [] });
  expect([result.message.answers, result.message.authority].map((each) => each.map(recordToText))).toEqual(
    [answers, authority].map((each) => each.map(recordToText)),
  );
  expect([additionals, edns]).toEqual([[], undefined]);
  return [String(rcode), ...texts(answers), '|', ...texts(authority)];
}

const texts = (records: readonly ResourceRecord[]) =>
  records.map((record) => {
    const [owner = '', , , type = '', ...data] = recordToText(record).split(' ');
    return type === 'A' || type === 'CNAME' ? `${owner} ${data.join(' ')}` : `${owner} ${type}`;
  });

const W = `${QNAME}.`;
const CHAIN_TEXT = [`${W} b.example.org.`, 'b.example.org. c.example.net.'];

describe('what is extracted from an upstream’s reply', () => {
  it.each<[string, Partial<ReplyBody>, string[]]>([
    ['the addresses', { answers: [ADDRESS] }, ['0', `${W} 192.0.2.1`, '|']],
    [
      'the chain to them',
      { answers: [...CHAIN, END] },
      ['0', ...CHAIN_TEXT, 'c.example.net. 192.0.2.3', '|'],
    ],
    [
      'the chain in its order, whatever the upstream sent',
      { answers: [END, ...CHAIN.toReversed()] },
      ['0', ...CHAIN_TEXT, 'c.example.net. 192.0.2.3', '|'],
    ],
    [
      'nothing else from the answer section',
      {
        answers: [
          a('bank.example', '192.0.2.66'),
          ADDRESS,
          a('web.stack.rancher.internal', '192.0.2.66'),
          cname('z.example', QNAME),
        ],
      },
      ['0', `${W} 192.0.2.1`, '|'],
    ],
    [
      'nothing from the others',
      {
        answers: [ADDRESS],
        authority: [ns('example.org'), a('rancher.internal', '192.0.2.66')],
        additionals: [a('ns.example.org', '192.0.2.66'), a('web.rancher.internal', '192.0.2.66')],
      },
      ['0', `${W} 192.0.2.1`, '|'],
    ],
    [
      'the SOA of a denial, without the rest',
      { rcode: 3, authority: [ns('example.org'), soa('example.org'), a('x.example.org', '192.0.2.66')] },
      ['3', '|', 'example.org. SOA'],
    ],
    ['no SOA of another zone', { rcode: 3, authority: [soa('example.com')] }, ['3', '|']],
    ['no second SOA', { authority: [soa('example.org'), soa('org')] }, ['0', '|', 'example.org. SOA']],
    [
      'the SOA of where the chain ends',
      { answers: CHAIN, authority: [soa('example.org'), soa('example.net')] },
      ['0', ...CHAIN_TEXT, '|', 'example.net. SOA'],
    ],
    [
      'no SOA beside data',
      { answers: [ADDRESS], authority: [soa('example.org')] },
      ['0', `${W} 192.0.2.1`, '|'],
    ],
    [
      'one CNAME of a name',
      {
        answers: [
          cname(QNAME, 'b.example.org'),
          cname(QNAME, 'evil.example'),
          a('evil.example', '192.0.2.66'),
        ],
      },
      ['0', `${W} b.example.org.`, '|'],
    ],
    ['nothing of another class', { answers: [{ ...ADDRESS, class: CLASS.CH }] }, ['0', '|']],
    ['no signatures', { answers: [ADDRESS, sig(QNAME, TYPE.A)] }, ['0', `${W} 192.0.2.1`, '|']],
    [
      'nothing beyond a name of ours, whose existence only we know',
      {
        rcode: 3,
        answers: [cname(QNAME, 'web.stack.Rancher.internal'), a('web.stack.rancher.internal', '192.0.2.66')],
        authority: [soa('rancher.internal')],
      },
      ['0', `${W} web.stack.Rancher.internal.`, '|'],
    ],
    [
      'no chain that comes back',
      { answers: [cname(QNAME, 'b.example'), cname('b.example', QNAME)] },
      ['loop'],
    ],
    ['no CNAME of itself', { answers: [cname(QNAME, QNAME)] }, ['loop']],
    [
      'no endless chain',
      {
        answers: Array.from({ length: 40 }, (_, i) => cname(i ? `${i}.example` : QNAME, `${i + 1}.example`)),
      },
      ['loop'],
    ],
  ])('is %s', (_, body, expected) => {
    expect(left(body)).toEqual(expected);
  });

  it('is the same regardless of the order of records and of foreign ones among them', () => {
    const junk = [
      a('rancher.internal', '192.0.2.66'),
      a('b.example.org.evil.example', '192.0.2.66'),
      cname('evil.example', QNAME),
      ns('example.org'),
      sig(QNAME, TYPE.CNAME),
      { ...a(QNAME, '192.0.2.66'), class: CLASS.HS },
    ];
    const messages = fc
      .subarray(junk)
      .chain((some) => fc.shuffledSubarray([...CHAIN, END, ...some], { minLength: some.length + 3 }));
    fc.assert(
      fc.property(messages, (answers) => {
        expect(left({ answers })).toEqual(['0', ...CHAIN_TEXT, 'c.example.net. 192.0.2.3', '|']);
      }),
      { numRuns: runs(200) },
    );
  });

  it('with DO has signatures and proofs, of this zone', () => {
    const nsec = raw('a.example.org', TYPE.NSEC, Buffer.alloc(10));
    expect(
      left(
        {
          rcode: 3,
          authority: [
            soa('example.org'),
            sig('example.org', TYPE.SOA),
            nsec,
            sig('a.example.org', TYPE.NSEC),
            ns('example.org'),
            sig('example.org', TYPE.NS),
            raw('x.rancher.internal', TYPE.NSEC, Buffer.alloc(10)),
          ],
        },
        { dnssecOk: true },
      ),
    ).toEqual([
      '3',
      '|',
      'example.org. SOA',
      'example.org. RRSIG',
      'a.example.org. NSEC',
      'a.example.org. RRSIG',
    ]);
    expect(
      left(
        {
          answers: [
            dname('example.org', 'example.net'),
            sig('example.org', TYPE.DNAME),
            cname(QNAME, 'www.example.net'),
            a('www.example.net', '192.0.2.1'),
            sig('www.example.net', TYPE.A),
            sig('www.example.net', TYPE.AAAA),
          ],
        },
        { dnssecOk: true },
      ),
    ).toEqual([
      '0',
      'example.org. DNAME',
      'example.org. RRSIG',
      `${W} www.example.net.`,
      'www.example.net. 192.0.2.1',
      'www.example.net. RRSIG',
      '|',
    ]);
  });

  it.each([
    ['CNAME', TYPE.CNAME, [...CHAIN, END], ['0', `${W} b.example.org.`, '|']],
    ['ANY', TYPE.ANY, [ADDRESS, END, soa(QNAME)], ['0', `${W} 192.0.2.1`, `${W} SOA`, '|']],
  ])('for type %s is what the name itself has', (_, type, answers, expected) => {
    expect(left({ answers }, { type })).toEqual(expected);
  });

  it.each([
    ['as they are', [] as ResourceRecord[]],
    ['when the reply is written anew', [END]],
  ])('keeps bytes of unknown types, %s', (_, first) => {
    const bytes = Uint8Array.from({ length: 200 }, (__, i) => i);
    const result = scrub({ answers: [...first, raw(QNAME, 65_280, bytes)] }, { type: 65_280 });
    const relayed = result.ok && relayReply(result.message, parsed(query(QNAME, 65_280)), 512);
    const [record, ...more] = decoded(relayed || new Uint8Array()).answers;
    expect(record?.rdata).toEqual({ kind: 'raw', bytes: Buffer.from(bytes) });
    expect(more).toEqual([]);
  });

  it('owns its bytes: the receive buffer may be reused', () => {
    const packet = composeReply(parsed(query(QNAME, 1)), { rcode: 0, answers: [ADDRESS] }, 512).message;
    const result = scrubReply(decoded(packet), { name: name(QNAME), type: 1, dnssecOk: false }, OWN);
    packet.fill(0xff);
    expect(result.ok && texts(decoded(result.message.wire).answers)).toEqual([`${W} 192.0.2.1`]);
  });

  it('can be emptied, and then claims no authenticity', () => {
    const result = scrub({ answers: [ADDRESS], ad: true });
    const { wire, answers } = withoutData(decoded(result.ok ? result.message.wire : new Uint8Array()));
    expect([answers, decoded(wire).answers, decoded(wire).flags & FLAG.AD]).toEqual([[], [], 0]);
  });
});

describe('a referral', () => {
  it.each([
    ['is name servers and nothing else', { authority: [ns('org')] }, true],
    ['is no denial with an SOA', { authority: [ns('org'), soa('org')] }, false],
    ['is no empty reply', {}, false],
    ['is no answer', { answers: [ADDRESS], authority: [ns('org')] }, false],
    ['is no NXDOMAIN', { rcode: RCODE.NXDOMAIN, authority: [ns('org')] }, false],
  ])('%s', (_, body, expected) => {
    const packet = composeReply(parsed(query(QNAME, 1)), { rcode: 0, ...body }, 512).message;
    expect(isReferral(decoded(packet))).toBe(expected);
  });
});
