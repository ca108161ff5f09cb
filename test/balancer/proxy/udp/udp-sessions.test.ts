import { describe, expect, it } from 'vitest';
import { echo, setUpUdp, task, until, type Peer } from './udp-setup.js';

const text = async (peer: Peer): Promise<string> => (await peer.next()).datagram.toString();

describe.each([
  { name: 'in batches', batches: true, second: 61 },
  { name: 'one by one', batches: false, second: 62 },
])('a UDP service, datagrams carried $name', ({ batches, second }) => {
  const { peer, serve } = setUpUdp(second);
  const ip = `127.${second}.1.1`;
  const client = () => peer(`127.${second}.2.1`);

  it.each([0, 1, 1472, 65_507])(
    'carries %i bytes there and back, and the reply leaves from the VIP',
    async (size) => {
      const a = await peer(ip, echo);
      const { vip } = await serve([task('a', a.address)], {}, { batches });
      const one = await client();
      const datagram = Buffer.alloc(size, 'x');
      for (let round = 0; round < 2; round++) {
        one.send(datagram, vip);
        const { datagram: reply, from } = await one.next();
        expect(reply.equals(datagram)).toBe(true);
        expect(from).toMatchObject({ address: vip.ip, port: vip.port });
      }
    },
  );

  it('keeps a client on its task, and spreads clients over tasks', async () => {
    const [a, b] = [await peer(ip, echo), await peer(ip, echo)];
    const { vip, frontend } = await serve([task('a', a.address), task('b', b.address)], {}, { batches });
    const [one, two] = [await client(), await client()];
    for (let round = 0; round < 3; round++) {
      for (const [who, each] of [one, two].entries()) {
        each.send(`client ${who}`, vip);
        expect(await text(each)).toBe(`client ${who}`);
      }
    }
    expect(a.received.map(({ datagram }) => datagram.toString())).toEqual(Array(3).fill('client 0'));
    expect(b.received.map(({ datagram }) => datagram.toString())).toEqual(Array(3).fill('client 1'));
    expect(frontend.counters()).toMatchObject({
      ...{ active: 2, total: 2, bytesIn: 48, bytesOut: 48, refused: 0, failed: 0 },
      backends: [
        { id: 'a', active: 1, total: 1, bytesIn: 24, bytesOut: 24, errors: 0 },
        { id: 'b', active: 1, total: 1, bytesIn: 24, bytesOut: 24, errors: 0 },
      ],
    });
  });

  it('carries a burst of several clients in the order of each', async () => {
    const a = await peer(ip, echo);
    const { vip, frontend } = await serve([task('a', a.address)], {}, { batches });
    const clients = [await client(), await client(), await client()];
    for (const each of clients) {
      each.send('first', vip);
      await each.next();
    }
    for (let round = 0; round < 40; round++)
      for (const [who, each] of clients.entries()) each.send(`${who} ${round}`, vip);
    for (const [who, each] of clients.entries())
      for (let round = 0; round < 40; round++) expect(await text(each)).toBe(`${who} ${round}`);
    const octets = 3 * ('first'.length + 10 * 3 + 30 * 4);
    expect(frontend.counters()).toMatchObject({ active: 3, bytesIn: octets, bytesOut: octets });
  });

  it('holds eight datagrams for a socket that is still connecting', async () => {
    const a = await peer(ip);
    const { vip, frontend } = await serve([task('a', a.address)], {}, { batches });
    const one = await client();
    for (let n = 0; n < 8; n++) one.send(`${n}`, vip);
    for (let n = 0; n < 8; n++) expect(await text(a)).toBe(`${n}`);
    expect(frontend.counters().total).toBe(1);
  });

  it('lets a task send unrequested datagrams, many times', async () => {
    const a = await peer(ip);
    const { vip } = await serve([task('a', a.address)], {}, { batches });
    const one = await client();
    one.send('subscribe', vip);
    const { from } = await a.next();
    for (let n = 0; n < 50; n++) a.send(`news ${n}`, { ip: from.address, port: from.port });
    for (let n = 0; n < 50; n++) expect(await text(one)).toBe(`news ${n}`);
  });

  // How replies leave is decided again after at most 32 turns of the event loop.
  it('keeps the order of a task’s datagrams, in every turn', async () => {
    const a = await peer(ip);
    const { vip } = await serve([task('a', a.address)], {}, { batches });
    const one = await client();
    one.send('subscribe', vip);
    const { from } = await a.next();
    for (let turn = 0; turn < 100; turn++) {
      for (let n = 0; n < 3; n++) a.send(`${turn}.${n}`, { ip: from.address, port: from.port });
      for (let n = 0; n < 3; n++) expect(await text(one)).toBe(`${turn}.${n}`);
    }
  });

  it('accepts replies only from the task', async () => {
    const [a, stranger] = [await peer(ip), await peer(ip)];
    const { vip } = await serve([task('a', a.address)], {}, { batches });
    const one = await client();
    one.send('hello', vip);
    const { from } = await a.next();
    stranger.send('forged', { ip: '127.0.0.1', port: from.port });
    stranger.send('forged', { ip: from.address, port: from.port });
    a.send('true', { ip: from.address, port: from.port });
    expect(await text(one)).toBe('true');
  });

  it('tells a task that wants a PROXY header the client’s address, in each datagram', async () => {
    const a = await peer(ip);
    const { vip } = await serve([task('a', a.address)], { proxyProtocol: 'v2' }, { batches });
    const one = await client();
    for (const said of ['one', 'two', 'three']) one.send(said, vip);
    for (const said of ['one', 'two', 'three']) {
      const { datagram } = await a.next();
      // Section 2.2: version 2, PROXY, UDP over IPv4, 12 bytes of addresses.
      expect(datagram.subarray(12, 16)).toEqual(Buffer.from([0x21, 0x12, 0, 12]));
      expect(datagram.subarray(16, 24)).toEqual(
        Buffer.from([127, second, 2, 1, ...vip.ip.split('.').map(Number)]),
      );
      expect(datagram.readUInt16BE(24)).toBe(one.address.port);
      expect(datagram.readUInt16BE(26)).toBe(vip.port);
      expect(datagram.toString('latin1', 28)).toBe(said);
    }
  });

  it('ends a session after its idle time, which is shorter while no task has answered', async () => {
    const [a, b] = [await peer(ip, echo), await peer(ip)];
    const timeouts = { udpUnreplied: 10_000, udp: 60_000 };
    const served = await serve([task('a', a.address), task('b', b.address)], { timeouts }, { batches });
    const { frontend, vip } = served;
    const [answered, unanswered] = [await client(), await client()];
    answered.send('x', vip);
    await answered.next();
    unanswered.send('x', vip);
    await b.next();
    served.pass(9_999);
    expect(frontend.counters().active).toBe(2);
    served.pass(1_000);
    expect(frontend.counters().backends).toMatchObject([{ active: 1 }, { active: 0 }]);
    answered.send('y', vip);
    await answered.next();
    served.pass(59_999);
    expect(frontend.counters().active).toBe(1);
    served.pass(2_000);
    expect(frontend.counters().active).toBe(0);
    expect(served.ticking()).toBe(false);
    expect(served.budget.flows).toBe(0);
    // A late reply finds no listener.
    b.send('late', { ip: '127.0.0.1', port: b.received[0]?.from.port ?? 0 });
    unanswered.send('again', vip);
    await until(() => a.received.length + b.received.length === 4);
    expect(unanswered.received.map(({ datagram }) => datagram.toString())).not.toContain('late');
  });

  it('ends all sessions and closes every socket when it is closed', async () => {
    const a = await peer(ip, echo);
    const { frontend, vip, budget, ticking } = await serve([task('a', a.address)], {}, { batches });
    const one = await client();
    one.send('x', vip);
    await one.next();
    expect(budget.flows).toBe(1);
    await frontend.close();
    await frontend.close();
    expect(budget.flows).toBe(0);
    expect(ticking()).toBe(false);
    const again = await peer(vip.ip, undefined, vip.port);
    expect(again.address).toEqual(vip);
  });

  it('says why when the address is not available', async () => {
    const { vip } = await serve([], {}, { batches });
    await expect(serve([], { vip: vip.ip, port: vip.port }, { batches })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
    await expect(serve([], { vip: '192.0.2.1', port: 5353 }, { batches })).rejects.toMatchObject({
      code: 'EADDRNOTAVAIL',
    });
  });
});
