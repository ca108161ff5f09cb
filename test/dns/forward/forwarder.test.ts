import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import {
  createForwarder,
  type Forwarder,
  type ForwarderOptions,
} from '../../../src/dns/forward/forwarder.js';
import type { ForwardQuestion, ForwardResult } from '../../../src/dns/forward/exchange.js';
import { EDE, EDNS_OPTION, FLAG, RCODE } from '../../../src/dns/wire/constants.js';
import { findOption } from '../../../src/dns/wire/edns.js';
import { lowerCaseName } from '../../../src/dns/wire/name.js';
import { nameToText } from '../../../src/dns/wire/name-text.js';
import type { Query } from '../../../src/dns/wire/query.js';
import type { HostPort } from '../../../src/net/ip.js';
import { a, manyA, name, soa } from '../wire/helpers.js';
import { fakeUpstream, replyTo, type FakeUpstream, type Received } from './fake-upstream.js';

const open: FakeUpstream[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((upstream) => upstream.close()));
});

async function upstream(script: (received: Received, index: number) => void): Promise<FakeUpstream> {
  const fake = await fakeUpstream(script);
  open.push(fake);
  return fake;
}

/** A loopback port where nobody listens, so that the kernel answers with an ICMP error. */
async function closedPort(): Promise<HostPort> {
  const socket = createSocket('udp4');
  await once(socket.bind(0, '127.0.0.1'), 'listening');
  const { port } = socket.address();
  socket.close();
  return { ip: '127.0.0.1', port };
}

const QNAME = 'www.example.org';

/** Nothing in a test takes so long: what is asked twice is asked for another reason than time. */
const PATIENT = { hedge: 60_000, deadline: 60_000 };

function forwarder(
  upstreams: readonly (FakeUpstream | HostPort)[],
  options: Partial<ForwarderOptions> = {},
): Forwarder {
  return createForwarder({
    upstreams: upstreams.map((each) => ('address' in each ? each.address : each)),
    listen: [],
    ownNames: [name('rancher.internal')],
    times: PATIENT,
    ...options,
  });
}

const question = (text = QNAME, fields: Partial<ForwardQuestion> = {}): ForwardQuestion => ({
  name: lowerCaseName(name(text)),
  type: 1,
  dnssecOk: false,
  checkingDisabled: false,
  marks: new Uint8Array(0),
  ...fields,
});

const honest = (query: Query): Buffer => replyTo(query, { rcode: 0, answers: [a(QNAME, '192.0.2.1')] });
const forged = (query: Query): Buffer => replyTo(query, { rcode: 0, answers: [a(QNAME, '192.0.2.66')] });

/** The last octets of the addresses, or the code of the failure. */
function outcome(result: ForwardResult): unknown {
  if (!result.ok) return `${result.rcode}/${result.ede.code}`;
  return result.message.answers.map(({ rdata }) => (rdata.kind === 'a' ? rdata.address[3] : rdata.kind));
}

describe('one upstream', () => {
  it('gets a query of our own making', async () => {
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

  const wrong: [string, (received: Received) => void][] = [
    ['another ID', ({ query, send }) => send(forged({ ...query, id: query.id ^ 1 }))],
    ['another port', ({ query, forge }) => forge(forged(query))],
    [
      'another name',
      ({ query, send }) =>
        send(forged({ ...query, question: { ...query.question, name: name('www.example.com') } })),
    ],
    [
      'another type',
      ({ query, send }) => send(forged({ ...query, question: { ...query.question, type: 28 } })),
    ],
    ['no QR', ({ query, send }) => send(setFlags(forged(query), 0))],
    ['broken records', ({ query, send }) => send(forged(query).subarray(0, 40))],
    ['nothing', ({ send }) => send(Buffer.alloc(0))],
  ];
  it.each(wrong)('is heard although a datagram with %s came first', async (_, lie) => {
    const fake = await upstream((received) => {
      lie(received);
      // Loopback delivers in order, so the lie has come when the truth does.
      setTimeout(() => received.send(honest(received.query)), 10);
    });
    expect(outcome(await forwarder([fake]).exchange(question()))).toEqual([1]);
    expect(fake.received.length).toBe(1);
  });

  it('is asked over TCP when somebody floods the port with guesses', async () => {
    const fake = await upstream(({ query, transport, send }) => {
      if (transport === 'tcp') send(honest(query));
      else for (let i = 1; i <= 20; i++) send(forged({ ...query, id: query.id ^ i }));
    });
    expect(outcome(await forwarder([fake]).exchange(question()))).toEqual([1]);
    expect(fake.received.map(({ transport }) => transport)).toEqual(['udp', 'tcp']);
  });

  it('is asked over TCP when its reply was cut off', async () => {
    const fake = await upstream(({ query, transport, send }) => {
      const reply = replyTo(query, { rcode: 0, answers: manyA(QNAME, transport === 'tcp' ? 100 : 0) });
      send(transport === 'tcp' ? reply : setFlags(reply, FLAG.QR | FLAG.TC));
    });
    const result = await forwarder([fake]).exchange(question());
    expect(result.ok && result.message.answers.length).toBe(100);
  });

  it('is asked without EDNS when it cannot read it, and so remembered', async () => {
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

  it('gets one query for many clients that ask the same, and separate ones for what differs', async () => {
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
  });

  it('may answer late', async () => {
    const fake = await upstream(({ query, send }, index) => {
      if (index === 0) setTimeout(() => send(honest(query)), 150);
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
  ])('lead to the next one after %s', async (_, script) => {
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

  it('pass over one that failed, try it again with one query, and come back to it', async () => {
    let time = 0;
    let up = false;
    const first = await upstream(({ query, send }) => {
      if (up) send(honest(query));
    });
    const second = await upstream(({ query, send }) => send(honest(query)));
    const forward = forwarder([first, second], { now: () => time, times: { hedge: 300, deadline: 60_000 } });
    await forward.exchange(question('a.example.org'));
    expect(forward.status()).toMatchObject([{ up: false, failures: 1, lastError: 'timeout' }, { up: true }]);
    await forward.exchange(question('b.example.org'));
    expect([first.received.length, second.received.length]).toEqual([1, 2]);
    up = true;
    time = 1000;
    await Promise.all(['c', 'd', 'e'].map((label) => forward.exchange(question(`${label}.example.org`))));
    expect([first.received.length, second.received.length]).toEqual([2, 4]);
    await forward.exchange(question('f.example.org'));
    expect([first.received.length, second.received.length]).toEqual([3, 4]);
    expect(forward.status()).toMatchObject([{ up: true }, { up: true }]);
  });
});

describe('failure', () => {
  it('is SERVFAIL with EDE 23 at once when the network says no', async () => {
    const forward = forwarder([await closedPort()]);
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
    expect(outcome(await forwarder([await closedPort(), fake]).exchange(question()))).toEqual([1]);
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

  it('asks an upstream that said no only once', async () => {
    const fake = await upstream(({ query, send }) => send(replyTo(query, { rcode: RCODE.SERVFAIL })));
    expect(outcome(await forwarder([fake]).exchange(question()))).toBe('2/22');
    expect(fake.received.length).toBe(1);
  });

  it.each([
    ['no upstream', {}, QNAME, `${RCODE.REFUSED}/${EDE.NOT_AUTHORITATIVE}`],
    ['too many clients', { maxInFlight: 0 }, QNAME, `${RCODE.SERVFAIL}/${EDE.OTHER}`],
    ['a single label', {}, 'printer', `${RCODE.REFUSED}/${EDE.NOT_AUTHORITATIVE}`],
    ['an own name', {}, 'Web.stack.Rancher.internal', `${RCODE.REFUSED}/${EDE.NOT_AUTHORITATIVE}`],
  ])('with %s asks nobody', async (_, options, text, expected) => {
    expect(outcome(await forwarder([], options).exchange(question(text)))).toBe(expected);
  });
});

describe('loops', () => {
  it('are refused at construction when an upstream is ourselves', () => {
    const self = { ip: '127.0.0.1', port: 5300 };
    expect(() => forwarder([self], { listen: [self] })).toThrow(
      /^dns\.upstreams: 127\.0\.0\.1:5300 is Fairlead's own/,
    );
    expect(() => forwarder([self], { listen: [{ ip: '0.0.0.0', port: 5300 }] })).toThrow(/own address/);
    expect(() => forwarder([self], { listen: [{ ip: '127.0.0.1', port: 5301 }] })).not.toThrow();
  });

  it('end when two forwarders ask each other: few packets, and SERVFAIL long before the deadline', async () => {
    const pair: { forward: Forwarder; packets: number }[] = [];
    /** Each fake is the other forwarder's front: what it receives, that forwarder asks on. */
    const front = (index: number) => (received: Received) => {
      const side = pair[index];
      if (!side) return;
      side.packets++;
      const { query } = received;
      if (side.forward.isLoop(query.edns)) {
        received.send(replyTo(query, { rcode: RCODE.REFUSED }));
        return;
      }
      const marks = findOption(query.edns, EDNS_OPTION.LOOP_MARK) ?? new Uint8Array(0);
      const asked = question(nameToText(query.question.name), { marks: new Uint8Array(marks) });
      void side.forward.exchange(asked).then((result) => {
        received.send(replyTo(query, { rcode: result.ok ? result.message.rcode : result.rcode }));
      });
    };
    const fronts = [await upstream(front(0)), await upstream(front(1))];
    for (const other of fronts.toReversed()) pair.push({ forward: forwarder([other]), packets: 0 });
    const results = await Promise.all(pair.map(({ forward }) => forward.exchange(question())));
    expect(results.map(outcome)).toEqual(['2/22', '2/22']);
    expect(pair.reduce((sum, { packets }) => sum + packets, 0)).toBeLessThanOrEqual(6);
  });

  it('are not seen in what others put into the same option', async () => {
    const forward = forwarder([]);
    const edns = (data: Uint8Array) => ({
      udpSize: 1232,
      extendedRcode: 0,
      version: 0,
      dnssecOk: false,
      options: [{ code: EDNS_OPTION.LOOP_MARK, data }],
    });
    for (const data of [new Uint8Array(0), new Uint8Array(5), new Uint8Array(8), new Uint8Array(8000)]) {
      expect(forward.isLoop(edns(data))).toBe(false);
    }
    expect(forward.isLoop(undefined)).toBe(false);
    const fake = await upstream(({ query, send }) => send(honest(query)));
    const sender = forwarder([fake]);
    // Nine marks came with the query: the option stays at eight, and ours is among them.
    await sender.exchange(question(QNAME, { marks: new Uint8Array(64).fill(7) }));
    const [received] = fake.received;
    expect(received?.query.edns?.options[0]?.data.length).toBe(64);
    expect(sender.isLoop(received?.query.edns)).toBe(true);
  });
});

function setFlags(packet: Buffer, flags: number): Buffer {
  packet.writeUInt16BE(flags, 2);
  return packet;
}
