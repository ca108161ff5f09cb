import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dnsQuery, dnsReply, echo, setUpUdp, task, until, type Behaviour } from './udp-setup.js';

const answer: Behaviour = ({ datagram }, reply) => reply(dnsReply(datagram));

describe.each([
  { name: 'in batches', batches: true, second: 65 },
  { name: 'one by one', batches: false, second: 66 },
])('a UDP service that counts replies, datagrams carried $name', ({ batches, second }) => {
  const { peer, serve } = setUpUdp(second);
  const ip = `127.${second}.1.1`;
  const client = () => peer(`127.${second}.2.1`);

  it('ends a session with its last reply, and carries the next query by the same socket', async () => {
    const a = await peer(ip, answer);
    const served = await serve([task('a', a.address)], { replies: 1 }, { batches });
    for (let id = 0; id < 5; id++) {
      const one = await client();
      one.send(dnsQuery(id, 'web'), served.vip);
      expect((await one.next()).datagram).toEqual(dnsReply(dnsQuery(id, 'web')));
      expect(served.frontend.counters()).toMatchObject({ active: 0, total: id + 1 });
    }
    expect(new Set(a.received.map(({ from }) => from.port)).size).toBe(1);
    // A socket that nobody needs is closed after a while.
    served.pass(60_000);
    expect(served.budget.flows).toBe(0);
    expect(served.ticking()).toBe(false);
  });

  it('waits for as many replies as there were queries, times the number for each', async () => {
    const a = await peer(ip);
    const served = await serve([task('a', a.address)], { replies: 2 }, { batches });
    const one = await client();
    one.send(dnsQuery(1, 'web'), served.vip);
    one.send(dnsQuery(2, 'api'), served.vip);
    const [{ from }] = [await a.next(), await a.next()];
    const reply = (id: number, label: string, text: string): void =>
      a.send(dnsReply(dnsQuery(id, label), text), { ip: '127.0.0.1', port: from.port });
    reply(2, 'api', 'a');
    reply(1, 'web', 'b');
    reply(2, 'api', 'c');
    for (let n = 0; n < 3; n++) await one.next();
    expect(served.frontend.counters().active).toBe(1);
    reply(1, 'web', 'd');
    await one.next();
    expect(served.frontend.counters()).toMatchObject({ active: 0, total: 1 });
  });

  it('never reuses a socket on which a reply is missing', async () => {
    const a = await peer(ip);
    const served = await serve([task('a', a.address)], { replies: 1 }, { batches });
    const [one, two] = [await client(), await client()];
    one.send(dnsQuery(1, 'web'), served.vip);
    const first = await a.next();
    served.pass(6_000);
    expect(served.frontend.counters().active).toBe(0);
    two.send(dnsQuery(1, 'web'), served.vip);
    const other = await a.next();
    expect(other.from.port).not.toBe(first.from.port);
    a.send(dnsReply(first.datagram, 'late'), { ip: '127.0.0.1', port: first.from.port });
    a.send(dnsReply(other.datagram, 'in time'), { ip: '127.0.0.1', port: other.from.port });
    expect((await two.next()).datagram.toString('latin1')).toContain('in time');
    expect(one.received).toHaveLength(0);
  });

  it('drops a duplicate reply, whether its socket rests or serves the next client', async () => {
    const a = await peer(ip);
    const served = await serve([task('a', a.address)], { replies: 1 }, { batches });
    const [one, two, three] = [await client(), await client(), await client()];
    one.send(dnsQuery(1, 'web'), served.vip);
    const { datagram, from } = await a.next();
    const back = { ip: '127.0.0.1', port: from.port };
    a.send(dnsReply(datagram), back);
    await one.next();
    two.send(dnsQuery(2, 'web'), served.vip);
    const second = await a.next();
    expect(second.from.port).toBe(from.port);
    a.send(dnsReply(datagram, 'again'), back);
    a.send(dnsReply(second.datagram), back);
    expect((await two.next()).datagram).toEqual(dnsReply(second.datagram));
    expect(served.budget.flows).toBe(1);
    a.send(dnsReply(datagram, 'and again'), back);
    await until(() => served.budget.flows === 0);
    three.send(dnsQuery(3, 'web'), served.vip);
    expect((await a.next()).from.port).not.toBe(from.port);
    expect([one.received.length, two.received.length, three.received.length]).toEqual([1, 1, 0]);
  });

  it('lets a socket rest before another client gets it, if replies cannot be told apart', async () => {
    const a = await peer(ip, echo);
    const served = await serve([task('a', a.address)], { replies: 1 }, { batches });
    const ask = async (): Promise<number> => {
      const one = await client();
      one.send('time?', served.vip);
      await one.next();
      return a.received.at(-1)?.from.port ?? 0;
    };
    const [first, second] = [await ask(), await ask()];
    expect(second).not.toBe(first);
    served.pass(2_000);
    expect([await ask(), await ask()]).toEqual([first, second]);
  });

  it('gives no client’s datagram to another, even if datagrams arrive late or twice', async () => {
    const late: { datagram: Buffer; port: number; ip: string }[] = [];
    const tasks = await Promise.all(
      ['1', '2'].map((last) =>
        peer(`127.${second}.1.${last}`, ({ datagram, from }, reply) => {
          const [kind] = datagram.subarray(13);
          const copy = dnsReply(datagram);
          // By the first letter of the name: at once, twice, at once and later, never.
          if (kind === 0x61 || kind === 0x62 || kind === 0x63) reply(copy);
          if (kind === 0x62) reply(copy);
          if (kind === 0x63) late.push({ datagram: copy, port: from.port, ip: from.address });
        }),
      ),
    );
    const served = await serve(
      tasks.map(({ address }, at) => task(`t${at}`, address)),
      { replies: 1 },
      { batches, maxSessions: 4, descriptors: 6 },
    );
    const clients = await Promise.all(Array.from({ length: 8 }, client));
    const step = fc.record({ who: fc.nat({ max: 7 }), kind: fc.constantFrom('a', 'b', 'c', 'd') });
    let count = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), async (steps) => {
        for (const { who, kind } of steps) {
          clients[who]?.send(dnsQuery(count++ & 0xff, `${kind}${who}`), served.vip);
          if (kind === 'd') for (const { datagram, ...to } of late.splice(0)) tasks[0]?.send(datagram, to);
        }
        const before = tasks.flatMap(({ received }) => received).length;
        clients[0]?.send(dnsQuery(count++ & 0xff, 'a0'), served.vip);
        await until(() => tasks.flatMap(({ received }) => received).length > before);
        expect(served.frontend.counters().active).toBeLessThanOrEqual(4);
        expect(served.budget.flows).toBeLessThanOrEqual(6);
      }),
      { numRuns: 30 },
    );
    await until(() => clients[0]?.received.length !== 0);
    for (const [who, { received }] of clients.entries())
      for (const { datagram } of received) expect(datagram.toString('latin1', 14, 15)).toBe(`${who}`);
    expect(clients.flatMap(({ received }) => received).length).toBeGreaterThan(20);
  });
});
