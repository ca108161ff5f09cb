import { systemTimers } from '../../../src/runtime/timers.js';
import { describe, expect, it } from 'vitest';
import { createCache } from '../../../src/dns/forward/cache.js';
import type { ForwardQuestion, ForwardResult } from '../../../src/dns/forward/exchange.js';
import { EDE, RCODE, TYPE } from '../../../src/wire/constants.js';
import { lowerCaseName } from '../../../src/wire/name.js';
import type { ResourceRecord } from '../../../src/wire/resource-record.js';
import { composeReply } from '../../../src/wire/reply.js';
import { a, cname, decoded, manyA, name, parsed, query, soa } from '../../wire/helpers.js';

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
  ...(fields.upstreams && { upstreams: fields.upstreams }),
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

/** NXDOMAIN with an SOA of this TTL and this MINIMUM. */
function denial(ttl: number, minimum: number): Parameters<typeof reply>[0] {
  const record = soa('example.org');
  if (record.rdata.kind !== 'soa') throw new Error('not an SOA');
  return {
    rcode: RCODE.NXDOMAIN,
    authority: [{ ...record, ttl, rdata: { ...record.rdata, minimum } }],
  };
}

/**
 * A cache over upstreams that do as told, with a clock and timers that stand still. With `hold`, upstreams answer when
 * one of `held` is called.
 */
function withUpstream(answer: ForwardResult, { maxBytes = 20_000 } = {}) {
  const state = {
    answer,
    asked: 0,
    now: 0,
    hold: false,
    held: [] as (() => void)[],
    reject: [] as (() => void)[],
  };
  const timers: { readonly run: () => void; readonly ms: number }[] = [];
  const cache = createCache(
    () => {
      state.asked++;
      if (!state.hold) return Promise.resolve({ ...state.answer });
      return new Promise((resolve, reject) => {
        state.held.push(() => resolve({ ...state.answer }));
        state.reject.push(() => reject(new Error('a fault')));
      });
    },
    {
      maxBytes,
      timers: {
        now: () => state.now,
        after: (ms, run) => {
          const timer = { run, ms };
          timers.push(timer);
          return () => void timers.splice(timers.indexOf(timer), 1);
        },
      },
    },
  );
  const ask = async (fields?: Parameters<typeof question>[0]): Promise<string> => {
    const result = await cache.exchange(question(fields));
    if (!result.ok) return `${result.rcode}`;
    const ttls = [...result.message.answers, ...result.message.authority].map((record) => record.ttl);
    return `${result.message.rcode} ${ttls.join(',')}${result.ede ? ` ede ${result.ede.code}` : ''}`;
  };
  return { state, timers, cache, ask };
}

describe('the forward cache', () => {
  it('counts every TTL down separately and asks again when the first has expired', async () => {
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
      '3 5',
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

  it('remembers a failure for a second, repeated failures for longer, but at most for five', async () => {
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

  it('returns an expired answer only while no upstream answers, and says so', async () => {
    const { state, cache, ask } = withUpstream(reply({ answers: [a(QNAME, '192.0.2.1', 10)] }));
    await ask();
    state.now = 11_000;
    state.answer = failed;
    expect(await ask()).toBe('0 30 ede 3');
    expect(await ask()).toBe('0 30 ede 3');
    state.now = 40_999;
    expect(await ask()).toBe('0 30 ede 3');
    expect(state.asked).toBe(2);
    expect(cache.counters().stale).toBe(3);
    state.now = 41_000;
    state.answer = reply({ rcode: RCODE.NXDOMAIN, authority: [soa('example.org')] });
    expect(await ask()).toBe('3 1');
    state.now = 50_000;
    state.answer = failed;
    expect(await ask()).toBe('2');
    expect(await ask()).toBe('2');
  });

  it('forgets an answer a day after its expiry', async () => {
    const { state, ask } = withUpstream(reply({ answers: [a(QNAME, '192.0.2.1', 10)] }));
    await ask();
    state.now = 10_000 + 86_400_001;
    state.answer = failed;
    expect(await ask()).toBe('2');
  });

  it('distinguishes questions by type, DO and CD', async () => {
    const { state, ask } = withUpstream(reply({ answers: [a(QNAME, '192.0.2.1', 60)] }));
    await ask();
    await ask({ dnssecOk: true });
    await ask({ checkingDisabled: true });
    await ask({ text: 'other.example.org' });
    expect(state.asked).toBe(4);
    await ask({ text: 'WWW.example.org' });
    expect(state.asked).toBe(4);
  });

  it('shares the answers of a client’s own upstreams only with clients that have the same', async () => {
    const { state, ask } = withUpstream(reply({ answers: [a(QNAME, '192.0.2.1', 60)] }));
    const [one, two] = [
      { ip: '10.0.0.1', port: 53 },
      { ip: '10.0.0.2', port: 53 },
    ] as const;
    const tls = { ...one, tls: { name: 'dns.example' } };
    for (const upstreams of [[one], [two], [one, two], [tls]]) {
      await ask({ upstreams });
      await ask({ upstreams: [...upstreams] });
    }
    expect(state.asked).toBe(4);
    await ask({ upstreams: [] });
    await ask();
    expect(state.asked).toBe(5);
  });

  it('knows that a nonexistent name has no data of any type', async () => {
    const { state, cache, ask } = withUpstream(
      reply({ rcode: RCODE.NXDOMAIN, authority: [{ ...soa('example.org'), ttl: 60 }] }),
    );
    await ask();
    const other = await cache.exchange(question({ type: TYPE.AAAA }));
    expect(other.ok && [other.message.rcode, other.message.questions[0]?.type]).toEqual([3, TYPE.AAAA]);
    expect(state.asked).toBe(1);
    await ask({ dnssecOk: true });
    expect(state.asked).toBe(2);
    state.now = 5000;
    state.answer = reply({ answers: [a(QNAME, '192.0.2.1', 60)] });
    expect(await ask()).toBe('0 60');
    state.answer = reply({ authority: [soa('example.org')] }, TYPE.AAAA);
    expect(await ask({ type: TYPE.AAAA })).toBe('0 1');
    expect(await ask()).toBe('0 60');
  });

  it.each([
    ['no data', reply({ authority: [soa('example.org')] })],
    [
      'a chain that ends nowhere',
      reply({
        rcode: RCODE.NXDOMAIN,
        answers: [cname(QNAME, 'b.example.org')],
        authority: [soa('example.org')],
      }),
    ],
  ])('does not apply %s to other types', async (_what, answer) => {
    const { state, ask } = withUpstream(answer);
    await ask();
    await ask({ type: TYPE.AAAA });
    expect(state.asked).toBe(2);
  });

  it('returns no expired data of a name that was denied since', async () => {
    const { state, ask } = withUpstream(reply({ answers: [a(QNAME, '192.0.2.1', 10)] }));
    await ask();
    state.now = 11_000;
    state.answer = reply({ rcode: RCODE.NXDOMAIN, authority: [soa('example.org')] }, TYPE.AAAA);
    await ask({ type: TYPE.AAAA });
    state.now = 20_000;
    state.answer = failed;
    expect(await ask()).toBe('2');
  });

  it.each([
    ['a day', { answers: [a(QNAME, '192.0.2.1', 604_800)] }, 86_400, '0 86400'],
    ['five minutes for a denial', denial(7200, 7200), 300, '3 300'],
    ['what the SOA says for a denial', denial(100, 7200), 100, '3 100'],
    ['what the SOA says of denials', denial(7200, 20), 20, '3 20'],
  ])(
    'keeps nothing longer than %s, and lets no client keep it longer',
    async (_what, body, seconds, expected) => {
      const { state, ask } = withUpstream(reply(body));
      expect(await ask()).toBe(expected);
      state.now = seconds * 1000 - 1;
      expect(await ask()).toMatch(/^[03] 1$/);
      expect(state.asked).toBe(1);
      state.now = seconds * 1000;
      await ask();
      expect(state.asked).toBe(2);
    },
  );

  it('never lets a failure hide a valid answer', async () => {
    const { state, ask } = withUpstream(failed);
    await ask();
    state.now = 1000;
    state.answer = reply({ answers: [a(QNAME, '192.0.2.1', 20)] });
    await ask();
    await ask();
    state.now = 19_000;
    state.answer = failed;
    // Popular and near its end: this starts the failing prefetch.
    expect(await ask()).toBe('0 2');
    await Promise.resolve();
    expect(await ask()).toBe('0 2');
    expect(state.asked).toBe(3);
  });

  it('counts a failure once, however many clients waited for it', async () => {
    let now = 0;
    const flight = Promise.resolve(failed);
    const cache = createCache(() => flight, { timers: { ...systemTimers, now: () => now } });
    await Promise.all(Array.from({ length: 50 }, () => cache.exchange(question())));
    now = 999;
    expect(cache.lookup(question())).toBe(failed);
    now = 1000;
    expect(cache.lookup(question())).toBeUndefined();
  });

  describe('when upstreams are slow', () => {
    it('waits 1.8 s and then returns an expired answer; later clients do not wait', async () => {
      const { state, timers, cache, ask } = withUpstream(reply({ answers: [a(QNAME, '192.0.2.1', 10)] }));
      await ask();
      state.now = 11_000;
      state.hold = true;
      const waiting = ask();
      expect(timers.map(({ ms }) => ms)).toEqual([1800]);
      timers[0]?.run();
      expect(await waiting).toBe('0 30 ede 3');
      expect(await ask()).toBe('0 30 ede 3');
      expect(state.asked).toBe(2);
      expect(cache.counters().stale).toBe(2);
      state.held[0]?.();
      await Promise.resolve();
      expect(await ask()).toBe('0 10');
      expect(timers).toEqual([]);
    });

    it('returns the new answer when it arrives in time', async () => {
      const { state, timers, ask } = withUpstream(reply({ answers: [a(QNAME, '192.0.2.1', 10)] }));
      await ask();
      state.now = 11_000;
      state.hold = true;
      const waiting = [ask(), ask()];
      state.held[0]?.();
      expect(await Promise.all(waiting)).toEqual(['0 10', '0 10']);
      expect([state.asked, timers]).toEqual([2, []]);
    });

    it('separates clients that came through another forwarder; otherwise two would wait for each other', async () => {
      const { state, cache, ask } = withUpstream(reply({ answers: [a(QNAME, '192.0.2.1', 10)] }));
      await ask();
      state.now = 11_000;
      state.hold = true;
      const waiting = [
        cache.exchange(question()),
        cache.exchange({ ...question(), marks: new Uint8Array(8) }),
      ];
      expect(state.asked).toBe(3);
      for (const answer of state.held) answer();
      await Promise.all(waiting);
    });
  });

  describe('shortly before the expiry', () => {
    const popular = () => {
      const made = withUpstream(reply({ answers: [a(QNAME, '192.0.2.1', 100)] }));
      return {
        ...made,
        times: async (count: number) => {
          for (let i = 0; i < count; i++) await made.ask();
        },
      };
    };

    it('fetches an answer that was requested twice again, once, and lets no client wait for it', async () => {
      const { state, cache, ask, times } = popular();
      await times(3);
      state.now = 89_999;
      await ask();
      expect(state.asked).toBe(1);
      state.now = 90_000;
      state.hold = true;
      expect(await ask()).toBe('0 10');
      expect(await ask()).toBe('0 10');
      expect([state.asked, cache.counters().prefetches]).toEqual([2, 1]);
      state.held[0]?.();
      await Promise.resolve();
      await Promise.resolve();
      expect(await ask()).toBe('0 100');
    });

    it('survives a fault of the upstream exchange', async () => {
      const { state, ask, times } = popular();
      await times(3);
      state.now = 90_000;
      state.hold = true;
      await ask();
      state.reject[0]?.();
      await Promise.resolve();
      expect(await ask()).toBe('0 10');
    });

    it('does not fetch an answer that no other client requested, or that failed just now', async () => {
      const { state, ask, times } = popular();
      await ask();
      state.now = 95_000;
      await ask();
      expect(state.asked).toBe(1);
      state.answer = failed;
      await times(4);
      expect(state.asked).toBe(2);
    });
  });

  it('returns the same bytes for a second, without any work', async () => {
    const { state, cache, ask } = withUpstream(reply({ answers: [a(QNAME, '192.0.2.1', 60)] }));
    expect(cache.lookup(question())).toBeUndefined();
    await ask();
    state.now = 1000;
    const first = cache.lookup(question());
    state.now = 1999;
    expect(cache.lookup(question())).toBe(first);
    state.now = 2000;
    expect(cache.lookup(question())).not.toBe(first);
    expect(cache.counters()).toMatchObject({ hits: 3, misses: 1 });
  });

  it('can be emptied, and can have size 0', async () => {
    const body = { answers: [a(QNAME, '192.0.2.1', 60)] };
    const { state, cache, ask } = withUpstream(reply(body));
    await ask();
    cache.clear();
    await ask();
    expect(state.asked).toBe(2);
    const none = withUpstream(reply(body), { maxBytes: 0 });
    await none.ask();
    await none.ask();
    expect([none.state.asked, none.cache.counters().bytes]).toEqual([2, 0]);
  });

  it('is limited in bytes, and denials evict no answers', async () => {
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
