import { describe, expect, it } from 'vitest';
import type { ForwardResult } from '../../../src/dns/forward/exchange.js';
import { createServerCookies } from '../../../src/dns/server/cookies.js';
import type { LoggedReply, QueryLogEntry } from '../../../src/dns/server/query-log.js';
import type { Resolution } from '../../../src/dns/resolver.js';
import type { Client } from '../../../src/dns/server/query-client.js';
import type { ResponderOptions } from '../../../src/dns/server/responder-options.js';
import { createResponder } from '../../../src/dns/server/responder.js';
import { EDE, EDNS_OPTION, FLAG, RCODE, TYPE } from '../../../src/wire/constants.js';
import { findOption } from '../../../src/wire/edns.js';
import type { Message } from '../../../src/wire/message.js';
import { a, decoded, hex, manyA, query, soa, unhex } from '../../wire/helpers.js';

const udp: Client = { address: '192.0.2.7', port: 5353, transport: 'udp' };
const tcp: Client = { ...udp, transport: 'tcp', idleTime: () => 10_000 };

const found: Resolution = {
  kind: 'answer',
  rcode: 0,
  aa: true,
  answers: [a('web.x', '10.0.0.1')],
  authority: [],
};
const denied: Resolution = { ...found, rcode: RCODE.NXDOMAIN, answers: [], authority: [soa('x')] };

function start(resolution: Resolution, options: Partial<ResponderOptions> = {}) {
  const clock = { ms: 0 };
  const server = createResponder({
    resolver: { resolve: () => resolution },
    cookies: createServerCookies({ master: Buffer.alloc(16, 1), clock: () => 1_700_000_000_000 + clock.ms }),
    now: () => clock.ms,
    ...options,
  });
  const ask = (packet: Buffer, client = udp): Message | undefined => {
    const reply = server.respond(packet, client);
    if (reply instanceof Promise) throw new Error('no reply at once');
    return reply && decoded(reply);
  };
  return { server, clock, ask };
}

const option = (code: number, data = '') => ({ code, data: unhex(data) });
const withOptions = (...options: readonly ReturnType<typeof option>[]) =>
  query('web.x', TYPE.A, { edns: { dnssecOk: false, options } });
const cookieOf = (message: Message | undefined) => hex(findOption(message?.edns, EDNS_OPTION.COOKIE)) ?? '';
const CLIENT_COOKIE = '0102030405060708';
const onlyCookie = (cookie: string) =>
  Buffer.concat([
    unhex('1234 0100 0000 0000 0000 0001 00 0029 04d0 00000000'),
    unhex((cookie.length / 2 + 4).toString(16).padStart(4, '0')),
    unhex('000a'),
    unhex((cookie.length / 2).toString(16).padStart(4, '0')),
    unhex(cookie),
  ]);

describe('cookies', () => {
  it.each([
    ['an answer', found, 0],
    ['a denial', denied, 3],
    ['a refusal', { kind: 'refuse' } as const, 5],
    ['a fault', { kind: 'forward' } as const, 5],
  ])('come with %s', (_, resolution, rcode) => {
    const { ask, server } = start(resolution);
    const first = ask(withOptions(option(10, CLIENT_COOKIE)));
    expect(cookieOf(first)).toMatch(/^0102030405060708010000006553f100[0-9a-f]{16}$/);
    const second = ask(withOptions(option(10, cookieOf(first))));
    expect([second?.rcode, cookieOf(second)]).toEqual([rcode, cookieOf(first)]);
    ask(withOptions(option(10, CLIENT_COOKIE + '00'.repeat(16))));
    ask(withOptions());
    expect(server.counters().cookies).toEqual({ new: 1, valid: 1, invalid: 1 });
  });

  it('that are wrong or too old only cause a new one', () => {
    const { ask, clock } = start(found);
    const old = cookieOf(ask(withOptions(option(10, CLIENT_COOKIE))));
    clock.ms += 3_601_000;
    const message = ask(withOptions(option(10, old)));
    expect([message?.rcode, message?.answers.length, cookieOf(message) === old]).toEqual([0, 1, false]);
  });

  it('come alone for a query without a question, which shows whether the old one is valid', () => {
    const { ask } = start(found);
    const first = ask(onlyCookie(CLIENT_COOKIE));
    expect([first?.rcode, first?.questions.length, cookieOf(first).length]).toEqual([0, 0, 48]);
    expect(ask(onlyCookie(cookieOf(first)))?.rcode).toBe(RCODE.NOERROR);
    const wrong = ask(onlyCookie(CLIENT_COOKIE + '00'.repeat(16)));
    expect([wrong?.rcode, cookieOf(wrong)]).toEqual([RCODE.BADCOOKIE, cookieOf(first)]);
    expect(ask(onlyCookie('01'))?.rcode).toBe(RCODE.FORMERR);
    expect(ask(Buffer.concat([onlyCookie(CLIENT_COOKIE), Buffer.alloc(1)]))?.rcode).toBe(RCODE.FORMERR);
  });

  it('of an impossible length are FORMERR, with the OPT and without a cookie', () => {
    const { ask } = start(found);
    const message = ask(withOptions(option(10, CLIENT_COOKIE + '00')));
    expect([message?.rcode, message?.edns?.options]).toEqual([RCODE.FORMERR, []]);
  });

  it('survive until a late reply, when the packet is long gone', async () => {
    const failure: ForwardResult = { ok: false, rcode: RCODE.SERVFAIL, ede: { code: EDE.NETWORK_ERROR } };
    const forwarder = { isLoop: () => false, exchange: () => Promise.resolve(failure) };
    const { server } = start({ kind: 'forward' }, { forwarder });
    const packet = withOptions(option(10, CLIENT_COOKIE));
    const late = server.respond(packet, udp);
    packet.fill(0xff);
    const message = decoded((await late) ?? Buffer.alloc(0));
    expect(cookieOf(message).slice(0, 16)).toBe(CLIENT_COOKIE);
  });
});

describe('NSID and edns-tcp-keepalive', () => {
  const both = withOptions(option(3), option(11));
  const codes = (message: Message | undefined) =>
    message?.edns?.options.map(({ code, data }) => `${code}:${String(hex(data))}`);

  it('are answered if they are configured, or have a meaning', () => {
    const { ask, server } = start(found);
    expect([codes(ask(both)), codes(ask(both, tcp))]).toEqual([[], ['11:0064']]);
    server.tune({ nsid: 'ns1' });
    expect([codes(ask(both)), codes(ask(both, tcp))]).toEqual([['3:6e7331'], ['3:6e7331', '11:0064']]);
  });

  it('appear in a preview as they would be sent', async () => {
    const { server } = start(found);
    server.tune({ nsid: 'ns1' });
    const { message } = await server.preview(both, udp);
    expect(codes(message && decoded(message))).toEqual(['3:6e7331']);
  });

  it('stay when an answer has to be truncated, and the error is dropped', () => {
    const cut = { ...found, answers: manyA('web.x', 100), ede: { code: EDE.STALE_ANSWER } };
    const { ask } = start(cut, { nsid: 'n'.repeat(128) });
    for (const size of [512, 1232]) {
      const packet = withOptions(option(3), option(10, CLIENT_COOKIE), option(11));
      // Header, question, owner and type of the OPT.
      packet.writeUInt16BE(size, 12 + 11 + 3);
      const message = ask(packet);
      expect(message?.wire.length).toBeLessThanOrEqual(size);
      expect(message?.edns?.options.map(({ code }) => code)).toEqual([3, 10]);
      expect((message?.flags ?? 0) & FLAG.TC).toBe(FLAG.TC);
    }
  });
});

describe('the rate limit', () => {
  const limit = { perSecond: 2, isExempt: (address: string) => address.startsWith('10.') };

  it('withholds repeated replies to a stranger over UDP, and sends every second as TC', () => {
    const { ask, server, clock } = start(found, { rateLimit: limit });
    const replies = Array.from({ length: 8 }, () => ask(query('web.x', 1)));
    expect(
      replies.map((reply) => reply && `${(reply.flags & FLAG.TC) !== 0 ? 'TC' : ''}${reply.answers.length}`),
    ).toEqual(['1', '1', undefined, 'TC0', undefined, 'TC0', undefined, 'TC0']);
    expect(server.counters()).toMatchObject({ slipped: 3, truncated: 3, dropped: { 'rate-limit': 3 } });
    expect(server.counters().replies).toEqual({ NOERROR: 5 });
    clock.ms += 1000;
    expect(ask(query('web.x', 1))?.answers.length).toBe(1);
  });

  it.each([
    ['over TCP', query('web.x', 1), tcp],
    ['to an exempt address', query('web.x', 1), { ...udp, address: '10.42.0.7' }],
  ])('withholds nothing %s', (_, packet, client) => {
    const { ask } = start(found, { rateLimit: limit });
    for (let i = 0; i < 10; i++) expect(ask(packet, client)?.answers.length).toBe(1);
  });

  it('withholds nothing from a client with a valid cookie', () => {
    const { ask } = start(found, { rateLimit: limit });
    const own = cookieOf(ask(withOptions(option(10, CLIENT_COOKIE))));
    for (let i = 0; i < 10; i++) expect(ask(withOptions(option(10, own)))?.answers.length).toBe(1);
    const forged = Array.from({ length: 10 }, () =>
      ask(withOptions(option(10, CLIENT_COOKIE + 'ff'.repeat(16)))),
    );
    // What slips through has a cookie, so that an honest client is known from then on.
    const slipped = forged.filter((reply) => reply && reply.answers.length === 0);
    expect([slipped.length, slipped.every((reply) => cookieOf(reply).length === 48)]).toEqual([4, true]);
  });

  it('counts random names below one denial, and unreadable queries, as one kind', () => {
    const { ask, server } = start(denied, { rateLimit: limit });
    for (let i = 0; i < 10; i++) ask(query(`r${i}.x`, 1));
    expect(server.counters().replies).toEqual({ NXDOMAIN: 2 + 4 });
    for (let i = 0; i < 10; i++) ask(unhex(`00${i}0 0100 0001 0000 0000 0000`));
    expect(server.counters().replies).toMatchObject({ FORMERR: 2 + 4 });
    expect(server.counters().dropped['rate-limit']).toBe(8);
  });

  it('ends when it is removed', () => {
    const { ask, server } = start(found, { rateLimit: limit });
    for (let i = 0; i < 6; i++) ask(query('web.x', 1));
    server.tune({});
    for (let i = 0; i < 6; i++) expect(ask(query('web.x', 1))?.answers.length).toBe(1);
  });

  it('sends truncated replies no larger than their queries', () => {
    const { ask } = start(found, { rateLimit: { ...limit, perSecond: 1 } });
    ask(query('web.x', 1));
    ask(query('web.x', 1));
    const packet = query('web.x', 1);
    expect(ask(packet)?.wire.length).toBe(packet.length);
  });
});

describe('queries of one client that wait for upstreams', () => {
  it('are limited: more are SERVFAIL at once, other clients continue, and finished queries make room', async () => {
    const held: (() => void)[] = [];
    const failure: ForwardResult = { ok: false, rcode: RCODE.SERVFAIL, ede: { code: EDE.NETWORK_ERROR } };
    const forwarder = {
      isLoop: () => false,
      exchange: () => new Promise<ForwardResult>((resolve) => held.push(() => resolve(failure))),
    };
    const { server } = start({ kind: 'forward' }, { forwarder });
    const packet = query('a.example', 1, { edns: { dnssecOk: false, options: [] } });
    const waiting = Array.from({ length: 100 }, () => server.respond(packet, udp));
    expect(waiting.every((reply) => reply instanceof Promise)).toBe(true);
    const over = server.respond(packet, udp);
    const message = decoded(over as Buffer);
    expect([message.rcode, hex(findOption(message.edns, EDNS_OPTION.EDE)?.subarray(0, 2))]).toEqual([
      2,
      '0000',
    ]);
    const other = server.respond(packet, { ...udp, address: '192.0.2.8' });
    expect(other).toBeInstanceOf(Promise);
    expect(server.counters()).toMatchObject({ overloads: 1, forwarded: 102 });
    for (const release of held) release();
    await Promise.all([...waiting, other]);
    expect(server.respond(packet, udp)).toBeInstanceOf(Promise);
    server.tune({ maxForwardsPerClient: 1 });
    expect(server.respond(packet, udp)).toBeInstanceOf(Buffer);
  });
});

describe('the query log', () => {
  it('has an entry for every selected reply, and none for silence and previews', async () => {
    const entries: QueryLogEntry[] = [];
    const write = (entry: QueryLogEntry) => entries.push(entry);
    const { ask, server, clock } = start(found, { queryLog: { write } });
    ask(query('wEb.x', 1), { ...tcp, address: '10.42.0.7' });
    ask(unhex('1234 0100 0001 0000 0000 0000'));
    ask(Buffer.alloc(3));
    await server.preview(query('web.x', 1), udp);
    server.tune({ queryLog: { write, classes: ['denial'] } });
    ask(query('web.x', 1));
    server.tune({});
    ask(query('web.x', 1));
    expect(clock.ms).toBe(0);
    expect(entries).toEqual([
      {
        client: '10.42.0.7',
        transport: 'tcp',
        name: 'wEb.x',
        type: 'A',
        rcode: 'NOERROR',
        source: 'own',
        octets: 39,
        ms: 0,
        truncated: false,
      },
      {
        client: '192.0.2.7',
        transport: 'udp',
        rcode: 'FORMERR',
        source: 'own',
        octets: 12,
        ms: 0,
        truncated: false,
      },
    ]);
  });

  it('shows how long an upstream took', async () => {
    const entries: QueryLogEntry[] = [];
    const failure: ForwardResult = { ok: false, rcode: RCODE.SERVFAIL, ede: { code: EDE.NETWORK_ERROR } };
    const clock = { ms: 5 };
    const exchange = () => {
      clock.ms += 30;
      return Promise.resolve(failure);
    };
    const { server } = start(
      { kind: 'forward' },
      {
        forwarder: { isLoop: () => false, exchange },
        queryLog: { write: (entry) => entries.push(entry), sample: 0.5 },
        now: () => clock.ms,
        random: () => 0.4,
      },
    );
    await server.respond(query('a.example', 1), udp);
    expect(entries).toMatchObject([{ rcode: 'SERVFAIL', source: 'upstream', ms: 30 }]);
  });

  it('is beside people who watch: they see cached answers and upstreams, and a preview of none', async () => {
    const seen: LoggedReply[] = [];
    const watch = { share: 1, see: (reply: LoggedReply) => void seen.push(reply) };
    const entries: QueryLogEntry[] = [];
    const { ask, server } = start(found, {
      watch,
      queryLog: { write: (entry) => entries.push(entry), sample: 0 },
    });
    ask(query('web.x', 1), { ...tcp, address: '10.42.0.7' });
    await server.preview(query('web.x', 1), udp);
    expect(seen).toMatchObject([{ client: { address: '10.42.0.7' }, rcode: 0, source: 'own' }]);
    watch.share = 0;
    ask(query('web.x', 1));
    expect(seen).toHaveLength(1);
    expect(entries).toEqual([]);
  });

  it('that throws costs no client an answer', () => {
    const faults: unknown[] = [];
    const write = () => {
      throw new Error('disk full');
    };
    const { ask } = start(found, { queryLog: { write }, onFault: (error) => faults.push(error) });
    expect(ask(query('web.x', 1))?.answers.length).toBe(1);
    expect(faults).toEqual([new Error('disk full')]);
  });
});
