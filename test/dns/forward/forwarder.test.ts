import { describe, expect, it } from 'vitest';
import { EDE, EDNS_OPTION, FLAG, RCODE, TYPE } from '../../../src/wire/constants.js';
import type { Query } from '../../../src/wire/query-message.js';
import type { ResourceRecord } from '../../../src/wire/resource-record.js';
import type { ReplyBody } from '../../../src/wire/reply.js';
import { a, cname, manyA, name, soa } from '../../wire/helpers.js';
import { replyTo, type Received } from './fake-upstream.js';
import {
  forwarder,
  honest,
  nobody,
  outcome,
  QNAME,
  question,
  setFlags,
  SLOW_HEDGE,
  upstream,
} from './harness.js';

describe('one upstream', () => {
  it('receives a query that we made ourselves', async () => {
    const fake = await upstream(({ query, send }) => send(honest(query)));
    const result = await forwarder([fake]).exchange(
      question(QNAME, { dnssecOk: true, checkingDisabled: true }),
    );
    expect(outcome(result)).toEqual([1]);
    const [received] = fake.received;
    expect(received?.query).toMatchObject({ rd: true, cd: true, ad: true, question: { type: 1, class: 1 } });
    expect(received?.query.edns).toMatchObject({ udpSize: 1232, version: 0, dnssecOk: true });
    expect(received?.query.edns?.options.map(({ code, data }) => [code, data.length])).toEqual([
      [EDNS_OPTION.LOOP_MARK, 8],
      [EDNS_OPTION.COOKIE, 8],
    ]);
  });

  it('is asked with IDs and from ports that do not repeat', async () => {
    const fake = await upstream(({ query, send }) => send(replyTo(query, { rcode: 3 })));
    const forward = forwarder([fake]);
    await Promise.all(Array.from({ length: 100 }, (_, i) => forward.exchange(question(`n${i}.example.org`))));
    const ids = fake.received.map(({ query }) => query.id);
    expect(new Set(ids).size).toBeGreaterThan(95);
    expect(new Set(fake.received.map(({ from }) => from?.port)).size).toBeGreaterThan(90);
    expect(ids.filter((id, i) => id === (ids[i - 1] ?? -2) + 1).length).toBeLessThan(5);
  });

  it('is asked over TCP when its reply was truncated', async () => {
    const fake = await upstream(({ query, transport, send }) => {
      const reply = replyTo(query, { rcode: 0, answers: manyA(QNAME, transport === 'tcp' ? 100 : 0) });
      send(transport === 'tcp' ? reply : setFlags(reply, FLAG.QR | FLAG.TC));
    });
    const result = await forwarder([fake]).exchange(question());
    expect(result.ok && result.message.answers.length).toBe(100);
  });

  it('is asked without EDNS when it cannot read it, and this is remembered', async () => {
    const fake = await upstream(({ query, send }) => {
      send(
        query.edns
          ? Buffer.from([query.id >> 8, query.id & 255, 0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0])
          : honest(query),
      );
    });
    const forward = forwarder([fake]);
    expect(outcome(await forward.exchange(question()))).toEqual([1]);
    expect(outcome(await forward.exchange(question(QNAME, { type: 1, dnssecOk: true })))).toEqual([1]);
    expect(fake.received.map(({ query }) => query.edns !== undefined)).toEqual([true, false, false]);
  });

  it('gets one query for many clients that ask the same, and separate ones otherwise', async () => {
    const fake = await upstream(({ query, send }) => setTimeout(() => send(honest(query)), 20));
    const forward = forwarder([fake]);
    await Promise.all(Array.from({ length: 500 }, () => forward.exchange(question())));
    expect(fake.received.length).toBe(1);
    expect(forward.counters()).toMatchObject({ flights: 1, joined: 499 });
    await Promise.all([
      forward.exchange(question()),
      forward.exchange(question(QNAME, { dnssecOk: true })),
      forward.exchange(question(QNAME, { checkingDisabled: true })),
      forward.exchange(question(QNAME, { type: 28 })),
    ]);
    expect(fake.received.length).toBe(5);
    const { counts, sum } = forward.status().routes[0]?.upstreams[0]?.times ?? { counts: [], sum: 0 };
    expect(counts.reduce((all, count) => all + count, 0)).toBe(5);
    expect(sum).toBeGreaterThan(0);
  });

  it('may answer late', async () => {
    // It answers the first query when the second has come.
    let answerFirst = (): void => undefined;
    const fake = await upstream(({ query, send }, index) => {
      if (index > 0) answerFirst();
      else answerFirst = () => send(honest(query));
    });
    const forward = forwarder([fake], { times: { hedge: 50, deadline: 60_000 } });
    expect(outcome(await forward.exchange(question()))).toEqual([1]);
    expect(fake.received.length).toBe(2);
  });
});

describe('several upstreams', () => {
  it.each([
    ['SERVFAIL', ({ query, send }: Received) => send(replyTo(query, { rcode: RCODE.SERVFAIL }))],
    ['REFUSED', ({ query, send }: Received) => send(replyTo(query, { rcode: RCODE.REFUSED }))],
    ['FORMERR', ({ query, send }: Received) => send(replyTo(query, { rcode: RCODE.FORMERR }))],
    ['silence', () => undefined],
  ])('are asked in turn after %s', async (_, script) => {
    const first = await upstream(script);
    const second = await upstream(({ query, send }) => send(honest(query)));
    const forward = forwarder([first, second], { times: { hedge: 300, deadline: 60_000 } });
    const result = await forward.exchange(question());
    expect(outcome(result)).toEqual([1]);
    expect(result.ok && result.upstream).toEqual(second.address);
  });

  it.each([
    ['NXDOMAIN', RCODE.NXDOMAIN],
    ['NODATA', RCODE.NOERROR],
  ])('stop at %s', async (_, rcode) => {
    const first = await upstream(({ query, send }) =>
      send(replyTo(query, { rcode, authority: [soa('org')] })),
    );
    const second = await upstream(({ query, send }) => send(honest(query)));
    const result = await forwarder([first, second]).exchange(question());
    expect(result.ok && result.message.rcode).toBe(rcode);
    expect(second.received.length).toBe(0);
  });

  it('skip a failed one, try it again with one query, and come back to it', async () => {
    let time = 0;
    let up = false;
    const first = await upstream(({ query, send }) => {
      if (up) send(honest(query));
    });
    const second = await upstream(({ query, send }) => send(honest(query)));
    const forward = forwarder([first, second], { now: () => time, times: SLOW_HEDGE });
    await forward.exchange(question('a.example.org'));
    const states = () => forward.status().routes.map(({ suffix, upstreams }) => [suffix, upstreams]);
    expect(states()).toMatchObject([['.', [{ up: false, failures: 1, lastError: 'timeout' }, { up: true }]]]);
    await forward.exchange(question('b.example.org'));
    expect([first.received.length, second.received.length]).toEqual([1, 2]);
    up = true;
    time = 1000;
    await Promise.all(['c', 'd', 'e'].map((label) => forward.exchange(question(`${label}.example.org`))));
    expect([first.received.length, second.received.length]).toEqual([2, 4]);
    await forward.exchange(question('f.example.org'));
    expect([first.received.length, second.received.length]).toEqual([3, 4]);
    expect(states()).toMatchObject([['.', [{ up: true }, { up: true }]]]);
  });
});

describe('failure', () => {
  it('is SERVFAIL with EDE 23 at once when the network refuses', async () => {
    const forward = forwarder([nobody]);
    expect(await forward.exchange(question())).toMatchObject({
      ok: false,
      rcode: RCODE.SERVFAIL,
      ede: {
        code: EDE.NETWORK_ERROR,
        text: expect.stringMatching(/^127\.0\.0\.1:\d+: ECONNREFUSED$/) as string,
      },
    });
  });

  it('does not end a query that another upstream can answer', async () => {
    const fake = await upstream(({ query, send }) => send(honest(query)));
    expect(outcome(await forwarder([nobody, fake]).exchange(question()))).toEqual([1]);
  });

  it('is SERVFAIL with EDE 22 when all are silent, with two queries each at most', async () => {
    const fakes = [await upstream(() => undefined), await upstream(() => undefined)];
    const forward = forwarder(fakes, { times: { hedge: 30, deadline: 1000 } });
    expect(outcome(await forward.exchange(question()))).toBe(
      `${RCODE.SERVFAIL}/${EDE.NO_REACHABLE_AUTHORITY}`,
    );
    expect(fakes.map(({ received }) => received.length)).toEqual([2, 2]);
    expect(forward.counters().failures).toBe(1);
  });

  it('asks an upstream that refused only once', async () => {
    const fake = await upstream(({ query, send }) => send(replyTo(query, { rcode: RCODE.SERVFAIL })));
    expect(outcome(await forwarder([fake]).exchange(question()))).toBe('2/22');
    expect(fake.received.length).toBe(1);
  });

  it.each([
    ['no upstream', {}, QNAME, `${RCODE.REFUSED}/${EDE.NOT_AUTHORITATIVE}`],
    ['too many clients', { maxInFlight: 0 }, QNAME, `${RCODE.SERVFAIL}/${EDE.OTHER}`],
    ['a single label', {}, 'printer', `${RCODE.REFUSED}/${EDE.NOT_AUTHORITATIVE}`],
    ['an own name', {}, 'Web.stack.Rancher.internal', `${RCODE.REFUSED}/${EDE.NOT_AUTHORITATIVE}`],
  ])('with %s asks no upstream', async (_, options, text, expected) => {
    expect(outcome(await forwarder([], options).exchange(question(text)))).toBe(expected);
  });
});

describe('a reply', () => {
  it('is passed on without anything that was not asked for', async () => {
    const fake = await upstream(({ query, send }) =>
      send(
        replyTo(query, {
          rcode: 0,
          answers: [a(QNAME, '192.0.2.1'), a('web.stack.rancher.internal', '192.0.2.66')],
          authority: [soa('rancher.internal')],
          additionals: [a('rancher.internal', '192.0.2.66')],
        }),
      ),
    );
    const result = await forwarder([fake]).exchange(question());
    expect(outcome(result)).toEqual([1]);
    expect(result.ok && [result.message.authority, result.message.additionals]).toEqual([[], []]);
  });

  it.each<[string, (query: Query) => ReplyBody, string]>([
    ['a CNAME loop', () => ({ rcode: 0, answers: [cname(QNAME, QNAME)] }), `${RCODE.SERVFAIL}/${EDE.OTHER}`],
    [
      'a referral',
      () => ({ rcode: 0, authority: [nsOfOrg] }),
      `${RCODE.SERVFAIL}/${EDE.NO_REACHABLE_AUTHORITY}`,
    ],
  ])('that is %s is a failure', async (_, body, expected) => {
    const fake = await upstream(({ query, send }) => send(replyTo(query, body(query))));
    expect(outcome(await forwarder([fake]).exchange(question()))).toBe(expected);
  });

  it('that is a bomb of pointers is not read, and the next server is asked', async () => {
    const bomb = await upstream(({ query, transport, send }) => {
      if (transport === 'udp') send(setFlags(replyTo(query, { rcode: 0 }), FLAG.QR | FLAG.TC));
      else send(pointerBomb(query));
    });
    const good = await upstream(({ query, send }) => send(honest(query)));
    const forward = forwarder([bomb, good]);
    expect(outcome(await forward.exchange(question()))).toEqual([1]);
    expect(forward.status().routes[0]?.upstreams[0]?.lastError).toBe('malformed reply: too-many-records');
  });
});

const nsOfOrg: ResourceRecord = {
  ...soa('org'),
  type: TYPE.NS,
  rdata: { kind: 'ns', target: name('ns.org') },
};

/** 64 KiB of records whose owners point at a name of 127 labels (reference: dns-packet takes 46 ms for it). */
function pointerBomb(query: Query): Buffer {
  const head = replyTo({ ...query, edns: undefined }, { rcode: 0 });
  const owner = Buffer.concat([...Array.from({ length: 127 }, () => Buffer.from([1, 97])), Buffer.alloc(1)]);
  const first = Buffer.concat([owner, Buffer.from([0, 16, 0, 1, 0, 0, 0, 0, 0, 0])]);
  const rest = Buffer.from([0xc0 | (head.length >> 8), head.length & 255, 0, 16, 0, 1, 0, 0, 0, 0, 0, 0]);
  const count = Math.floor((65_535 - head.length - first.length) / rest.length);
  head.writeUInt16BE(count + 1, 6);
  return Buffer.concat([head, first, ...Array.from({ length: count }, () => rest)]);
}
