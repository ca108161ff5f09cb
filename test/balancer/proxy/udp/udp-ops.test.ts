import { describe, expect, it } from 'vitest';
import { dnsQuery, dnsReply, echo, setUpUdp, task, until, type Peer } from './udp-setup.js';

const text = async (peer: Peer): Promise<string> => (await peer.next()).datagram.toString();

describe.each([
  { name: 'in batches', batches: true, second: 66 },
  { name: 'one by one', batches: false, second: 67 },
])('one-packet scheduling, datagrams carried $name', ({ batches, second }) => {
  const { peer, serve } = setUpUdp(second);
  const ip = `127.${second}.1.1`;
  const client = () => peer(`127.${second}.2.1`);
  const ops = { ops: true } as const;

  it('gives the datagrams of one client to the tasks in turn, and counts each', async () => {
    const [a, b] = [await peer(ip, echo), await peer(ip, echo)];
    const { vip, frontend } = await serve([task('a', a.address), task('b', b.address)], ops, { batches });
    const one = await client();
    for (let n = 0; n < 20; n++) {
      one.send(String(n), vip);
      expect(await text(one)).toBe(String(n));
    }
    expect([a, b].map(({ received }) => received.length)).toEqual([10, 10]);
    // Two sockets, whatever the number of datagrams.
    expect(frontend.counters()).toMatchObject({
      ...{ active: 1, total: 20, refused: 0, failed: 0 },
      backends: [
        { id: 'a', active: 1, total: 10 },
        { id: 'b', active: 1, total: 10 },
      ],
    });
    expect(new Set(a.received.map(({ from }) => from.port)).size).toBe(1);
  });

  it('spreads a burst by weight', async () => {
    const [a, b] = [await peer(ip), await peer(ip)];
    const backends = [task('a', a.address, { weight: 3 }), task('b', b.address)];
    const { vip } = await serve(backends, { ...ops, scheduler: 'wrr' }, { batches });
    const one = await client();
    const received = () => a.received.length + b.received.length;
    for (let n = 0; n < 4; n++) one.send(String(n), vip);
    // A socket that is being connected holds eight datagrams.
    await until(() => received() === 4);
    for (let n = 0; n < 40; n++) one.send(String(n), vip);
    await until(() => received() === 44);
    expect([a, b].map((each) => each.received.length)).toEqual([33, 11]);
  });

  it('sends nothing more to a task that drains or is gone; what it still says arrives', async () => {
    const [a, b] = [await peer(ip), await peer(ip, echo)];
    const served = await serve([task('a', a.address), task('b', b.address)], ops, { batches });
    const one = await client();
    one.send('to a', served.vip);
    one.send('to b', served.vip);
    expect(await text(one)).toBe('to b');
    served.update({ backends: [task('a', a.address, { state: 'draining' }), task('b', b.address)] });
    for (let n = 0; n < 4; n++) {
      one.send(String(n), served.vip);
      expect(await text(one)).toBe(String(n));
    }
    const [first] = a.received;
    if (!first) throw new Error('a has received nothing');
    a.send('late', { ip: first.from.address, port: first.from.port });
    expect(await text(one)).toBe('late');
    served.update({ backends: [task('b', b.address)] });
    expect(served.frontend.counters().backends.map(({ id, active }) => [id, active])).toEqual([['b', 1]]);
    one.send('after', served.vip);
    expect(await text(one)).toBe('after');
    expect(a.received.length).toBe(1);
  });

  it('leaves out a task that refuses, and the session goes on with the others', async () => {
    const b = await peer(ip, echo);
    const gone = await peer(ip);
    await gone.close();
    const backends = [task('a', gone.address), task('b', b.address)];
    const { vip, signals, frontend } = await serve(backends, ops, { batches });
    const one = await client();
    const answered = new Set<string>();
    for (let n = 0; answered.size < 20; n++) {
      one.send(String(n), vip);
      await until(() => b.received.length > 0 || signals.length > 0);
      await new Promise((resolve) => setImmediate(resolve));
      for (const { datagram } of one.received) answered.add(datagram.toString());
    }
    expect(signals).toContain('a port unreachable');
    expect(frontend.counters()).toMatchObject({ active: 1, backends: [{ id: 'a', active: 0 }, { id: 'b' }] });
  });

  it('drops and counts a datagram when no task takes it any more', async () => {
    const a = await peer(ip, echo);
    const served = await serve([task('a', a.address)], ops, { batches });
    const one = await client();
    one.send('one', served.vip);
    expect(await text(one)).toBe('one');
    served.update({ backends: [task('a', a.address, { weight: 0 })] });
    one.send('two', served.vip);
    await until(() => served.frontend.counters().refused === 1);
    served.update({ backends: [task('a', a.address)] });
    one.send('three', served.vip);
    expect(await text(one)).toBe('three');
  });

  it('ends with its replies where these are counted, and gives all its sockets back', async () => {
    const answers = (name: string) => peer(ip, ({ datagram }, reply) => reply(dnsReply(datagram, name)));
    const [a, b] = [await answers('a'), await answers('b')];
    const backends = [task('a', a.address), task('b', b.address)];
    const { vip, frontend, budget } = await serve(backends, { ...ops, replies: 1 }, { batches });
    const one = await client();
    for (let id = 1; id <= 8; id++) one.send(dnsQuery(id, 'x'), vip);
    const names: string[] = [];
    for (let id = 1; id <= 8; id++) names.push((await text(one)).slice(-1));
    expect(names.filter((name) => name === 'a').length).toBe(4);
    expect(frontend.counters()).toMatchObject({ active: 0, backends: [{ active: 0 }, { active: 0 }] });
    await frontend.close();
    expect(budget.descriptors).toBe(0);
  });
});
