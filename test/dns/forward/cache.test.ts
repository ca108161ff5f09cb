import { describe, expect, it } from 'vitest';
import { createCache } from '../../../src/dns/forward/cache.js';
import type { ForwardQuestion, ForwardResult } from '../../../src/dns/forward/exchange.js';
import { EDE, RCODE, TYPE } from '../../../src/dns/wire/constants.js';
import { lowerCaseName } from '../../../src/dns/wire/name.js';
import type { ResourceRecord } from '../../../src/dns/wire/records.js';
import { composeReply } from '../../../src/dns/wire/reply.js';
import { a, cname, decoded, manyA, name, parsed, query, soa } from '../wire/helpers.js';

const QNAME = 'www.example.org';
const upstream = { ip: '127.0.0.1', port: 53 };
const failed: ForwardResult = { ok: false, rcode: RCODE.SERVFAIL, ede: { code: EDE.NETWORK_ERROR } };
const overloaded: ForwardResult = { ok: false, rcode: RCODE.SERVFAIL, ede: { code: EDE.OTHER } };

const question = (fields: Partial<ForwardQuestion> & { text?: string } = {}): ForwardQuestion => ({
  name: lowerCaseName(name(fields.text ?? QNAME)),
  type: fields.type ?? TYPE.A,
  dnssecOk: fields.dnssecOk ?? false,
  checkingDisabled: fields.checkingDisabled ?? false,
  marks: new Uint8Array(),
});

function reply(
  body: { rcode?: number; answers?: ResourceRecord[]; authority?: ResourceRecord[] },
  type = TYPE.A as number,
): ForwardResult {
  const { message } = composeReply(
    parsed(query(QNAME, type)),
    { rcode: RCODE.NOERROR, ra: true, ...body },
    65_535,
  );
  return { ok: true, message: decoded(message), upstream };
}

/** A cache over upstreams that do as told, and a clock that stands still. */
function withUpstream(answer: ForwardResult) {
  const state = { answer, asked: 0, now: 0 };
  const cache = createCache(
    () => {
      state.asked++;
      return Promise.resolve(state.answer);
    },
    { now: () => state.now, maxBytes: 20_000 },
  );
  const ask = async (fields?: Parameters<typeof question>[0]): Promise<string> => {
    const result = await cache.exchange(question(fields));
    if (!result.ok) return `${result.rcode}`;
    const ttls = [...result.message.answers, ...result.message.authority].map((record) => record.ttl);
    return `${result.message.rcode} ${ttls.join(',')}${result.ede ? ` ede ${result.ede.code}` : ''}`;
  };
  return { state, cache, ask };
}

describe('the forward cache', () => {
  it('lets every TTL run down on its own and asks again when the first has', async () => {
    const { state, ask } = withUpstream(
      reply({
        answers: [cname(QNAME, 'a.example.org'), a('a.example.org', '192.0.2.1', 20)].map((record, at) => ({
          ...record,
          ttl: at === 0 ? 300 : 20,
        })),
      }),
    );
    expect(await ask()).toBe('0 300,20');
    state.now = 19_999;
    expect(await ask()).toBe('0 281,1');
    expect(state.asked).toBe(1);
    state.now = 20_000;
    expect(await ask()).toBe('0 300,20');
    expect(state.asked).toBe(2);
  });

  it.each([
    [
      'a name that does not exist, by the SOA',
      reply({ rcode: RCODE.NXDOMAIN, authority: [{ ...soa('example.org'), ttl: 60 }] }),
      5,
      '3 60',
    ],
    ['no data, by the SOA', reply({ authority: [{ ...soa('example.org'), ttl: 3 }] }), 3, '0 3'],
  ])('keeps a denial: %s', async (_what, answer, seconds, expected) => {
    const { state, ask } = withUpstream(answer);
    expect(await ask()).toBe(expected);
    state.now = seconds * 1000 - 1;
    await ask();
    expect(state.asked).toBe(1);
    state.now = seconds * 1000;
    await ask();
    expect(state.asked).toBe(2);
  });

  it.each([
    ['a denial without an SOA', reply({ rcode: RCODE.NXDOMAIN })],
    ['an answer with TTL 0', reply({ answers: [a(QNAME, '192.0.2.1', 0)] })],
    [
      'an answer that is very long',
      reply({
        answers: manyA(QNAME, 520)
          .slice(0, 511)
          .map((record) => ({ ...record, ttl: 60 })),
      }),
    ],
    ['an overload', overloaded],
  ])('does not keep %s', async (_what, answer) => {
    const { state, ask } = withUpstream(answer);
    await ask();
    await ask();
    expect(state.asked).toBe(2);
  });

  it('remembers a failure for a second, in a row for longer, and never for more than five', async () => {
    const { state, ask } = withUpstream(failed);
    for (const seconds of [1, 2, 4, 5, 5]) {
      const before = state.asked;
      expect(await ask()).toBe('2');
      expect(state.asked).toBe(before + 1);
      state.now += seconds * 1000 - 1;
      expect(await ask()).toBe('2');
      expect(state.asked).toBe(before + 1);
      state.now += 1;
    }
    state.answer = reply({ answers: [a(QNAME, '192.0.2.1', 1)] });
    expect(await ask()).toBe('0 1');
  });

  it('gives what is past its time only while no upstream answers, and says so', async () => {
    const { state, cache, ask } = withUpstream(reply({ answers: [a(QNAME, '192.0.2.1', 10)] }));
    await ask();
    state.now = 11_000;
    state.answer = failed;
    expect(await ask()).toBe('0 30 ede 3');
    expect(await ask()).toBe('0 30 ede 3');
    expect(cache.counters().stale).toBe(1);
    state.now = 13_000;
    state.answer = reply({ rcode: RCODE.NXDOMAIN, authority: [soa('example.org')] });
    expect(await ask()).toBe('3 1');
    state.now = 20_000;
    state.answer = failed;
    expect(await ask()).toBe('2');
    expect(await ask()).toBe('2');
  });

  it('forgets what is a day past its time', async () => {
    const { state, ask } = withUpstream(reply({ answers: [a(QNAME, '192.0.2.1', 10)] }));
    await ask();
    state.now = 10_000 + 86_400_001;
    state.answer = failed;
    expect(await ask()).toBe('2');
  });

  it('keeps questions apart that differ in type, DO or CD', async () => {
    const { state, ask } = withUpstream(reply({ answers: [a(QNAME, '192.0.2.1', 60)] }));
    await ask();
    await ask({ dnssecOk: true });
    await ask({ checkingDisabled: true });
    await ask({ text: 'other.example.org' });
    expect(state.asked).toBe(4);
    await ask({ text: 'WWW.example.org' });
    expect(state.asked).toBe(4);
  });

  it('is bounded in octets, and denials push out no answers', async () => {
    const { state, cache, ask } = withUpstream(reply({ answers: [a(QNAME, '192.0.2.1', 600)] }));
    await ask();
    state.answer = reply({ rcode: RCODE.NXDOMAIN, authority: [{ ...soa('example.org'), ttl: 600 }] });
    for (let at = 0; at < 500; at++) await ask({ text: `${at}.random.example.org` });
    expect(cache.counters().bytes).toBeLessThanOrEqual(24_000);
    const before = state.asked;
    expect(await ask()).toBe('0 600');
    expect(state.asked).toBe(before);
  });
});
