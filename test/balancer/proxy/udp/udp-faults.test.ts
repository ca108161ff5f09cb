import { describe, expect, it } from 'vitest';
import { dnsQuery, dnsReply, echo, setUpUdp, task, until, type Behaviour } from './udp-setup.js';

const answer: Behaviour = ({ datagram }, reply) => reply(dnsReply(datagram));

describe.each([
  { name: 'in batches', batches: true, second: 63 },
  { name: 'one by one', batches: false, second: 64 },
])('a UDP service whose tasks fail, datagrams carried $name', ({ batches, second }) => {
  const { peer, serve } = setUpUdp(second);
  const ip = `127.${second}.1.1`;
  const client = () => peer(`127.${second}.2.1`);
  /** An address where no process listens. */
  const closedTask = async () => {
    const closed = await peer(ip);
    await closed.close();
    return closed.address;
  };

  it('sends the next datagram to another task after a refusal', async () => {
    const b = await peer(ip, echo);
    const served = await serve([task('a', await closedTask()), task('b', b.address)], {}, { batches });
    const one = await client();
    one.send('lost', served.vip);
    await until(() => served.signals.length > 0);
    expect(served.signals).toEqual(['a port unreachable']);
    one.send('found', served.vip);
    expect((await one.next()).datagram.toString()).toBe('found');
    expect(served.frontend.counters()).toMatchObject({
      ...{ active: 1, total: 1, retried: 1 },
      backends: [
        { active: 0, total: 1, errors: 1 },
        { active: 1, total: 1, errors: 0 },
      ],
    });
    expect(served.budget.flows).toBe(1);
  });

  it.each([2, 3, 64])('notices a task that disappears in the middle of a burst of %i', async (burst) => {
    const [a, b] = [await peer(ip, echo), await peer(ip, echo)];
    const served = await serve([task('a', a.address), task('b', b.address)], {}, { batches });
    const one = await client();
    one.send('before', served.vip);
    await one.next();
    await a.close();
    for (let n = 0; n < burst; n++) one.send(`${n}`, served.vip);
    await until(() => served.signals.length > 0);
    one.send('after', served.vip);
    await until(() => one.received.some(({ datagram }) => datagram.toString() === 'after'));
    expect(served.signals).toContain('a port unreachable');
  });

  it('stays with the only task, and reports when it is back', async () => {
    const address = await closedTask();
    const served = await serve([task('a', address)], {}, { batches });
    const one = await client();
    one.send('lost', served.vip);
    await until(() => served.signals.length > 0);
    const a = await peer(ip, echo, address.port);
    expect(a.address).toEqual(address);
    one.send('found', served.vip);
    expect((await one.next()).datagram.toString()).toBe('found');
    expect(served.signals).toEqual(['a port unreachable', 'a ok']);
    expect(served.frontend.counters()).toMatchObject({ active: 1, failed: 1 });
  });

  it('sends a client’s single query again, to another task, once', async () => {
    const c = await peer(ip, answer);
    const [a, b] = [task('a', await closedTask()), task('b', await closedTask())];
    const served = await serve([a, task('c', c.address)], { replies: 1 }, { batches });
    const one = await client();
    one.send(dnsQuery(7, 'web'), served.vip);
    expect((await one.next()).datagram).toEqual(dnsReply(dnsQuery(7, 'web')));
    expect(served.frontend.counters()).toMatchObject({ total: 1, retried: 1, failed: 0, active: 0 });

    served.update({ backends: [a, b] });
    one.send(dnsQuery(8, 'web'), served.vip);
    await until(() => served.frontend.counters().failed === 1);
    expect(served.signals.slice(1).sort()).toEqual(['a port unreachable', 'b port unreachable']);
  });

  it('counts silently dropped datagrams when there is no task, and serves as soon as there is one', async () => {
    const a = await peer(ip, echo);
    const served = await serve([], {}, { batches });
    const one = await client();
    one.send('x', served.vip);
    await until(() => served.frontend.counters().refused === 1);
    served.update({ backends: [task('a', a.address, { weight: 0 })] });
    one.send('x', served.vip);
    await until(() => served.frontend.counters().refused === 2);
    expect(served.frontend.counters()).toMatchObject({ active: 0, total: 0 });
    served.update({ backends: [task('a', a.address)] });
    one.send('y', served.vip);
    expect((await one.next()).datagram.toString()).toBe('y');
    expect(one.received).toHaveLength(1);
  });

  it('forgets a removed task at once, even the last one', async () => {
    const [a, b] = [await peer(ip, echo), await peer(ip, echo)];
    const served = await serve([task('a', a.address), task('b', b.address)], {}, { batches });
    const one = await client();
    one.send('to a', served.vip);
    await one.next();
    const [first] = a.received;
    served.update({ backends: [task('b', b.address)] });
    expect(served.frontend.counters()).toMatchObject({ active: 0, backends: [{ id: 'b' }] });
    expect(served.budget.flows).toBe(0);
    a.send('late', { ip: '127.0.0.1', port: first?.from.port ?? 0 });
    one.send('to b', served.vip);
    expect((await one.next()).datagram.toString()).toBe('to b');
    served.update({ backends: [] });
    expect(served.frontend.counters()).toMatchObject({ active: 0, backends: [] });
    one.send('to nobody', served.vip);
    await until(() => served.frontend.counters().refused === 1);
  });

  it('treats a task with a new address as another task', async () => {
    const [a, b] = [await peer(ip, echo), await peer(ip, echo)];
    const served = await serve([task('a', a.address)], {}, { batches });
    const one = await client();
    one.send('x', served.vip);
    await one.next();
    served.update({ backends: [task('a', b.address)] });
    one.send('y', served.vip);
    await one.next();
    expect(b.received).toHaveLength(1);
  });

  it('keeps sessions of a draining task until they are idle or its time is over; new ones go elsewhere', async () => {
    const [a, b] = [await peer(ip, echo), await peer(ip, echo)];
    const backends = [task('a', a.address), task('b', b.address)];
    const served = await serve(backends, { timeouts: { drain: 10_000 } }, { batches });
    const [old, young] = [await client(), await client()];
    old.send('1', served.vip);
    await old.next();
    const draining = [task('a', a.address, { state: 'draining' }), task('b', b.address)];
    served.update({ backends: draining });
    old.send('2', served.vip);
    await old.next();
    young.send('3', served.vip);
    await young.next();
    served.pass(9_999);
    served.update({ backends: draining });
    old.send('4', served.vip);
    await old.next();
    served.pass(1);
    old.send('5', served.vip);
    await old.next();
    const said = (at: typeof a) => at.received.map(({ datagram }) => datagram.toString());
    expect(said(a)).toEqual(['1', '2', '4']);
    expect(said(b)).toEqual(['3', '5']);
  });

  it('keeps sessions of a draining task that has longer itself', async () => {
    const a = await peer(ip, echo);
    const served = await serve([task('a', a.address)], { timeouts: { drain: 10_000 } }, { batches });
    const old = await client();
    old.send('1', served.vip);
    await old.next();
    served.update({ backends: [task('a', a.address, { state: 'draining', drain: 20_000 })] });
    served.pass(19_999);
    old.send('2', served.vip);
    await old.next();
    served.pass(1);
    expect(served.frontend.counters().active).toBe(0);
  });

  it('holds the limits of the service and of a client address', async () => {
    const a = await peer(ip, echo);
    const served = await serve([task('a', a.address)], { maxPerClient: 2, maxConnections: 3 }, { batches });
    const greedy = [await client(), await client(), await client()];
    for (const each of greedy.slice(0, 2)) {
      each.send('x', served.vip);
      await each.next();
    }
    greedy[2]?.send('x', served.vip);
    await until(() => served.frontend.counters().refused === 1);
    const [other, another] = [await peer(`127.${second}.2.2`), await peer(`127.${second}.2.3`)];
    other.send('x', served.vip);
    await other.next();
    another.send('x', served.vip);
    await until(() => served.frontend.counters().refused === 2);
    served.update({ maxPerClient: 1, maxConnections: 10 });
    served.pass(200_000);
    for (const [at, each] of greedy.entries()) {
      each.send('y', served.vip);
      if (at === 0) await each.next();
    }
    await until(() => served.frontend.counters().refused === 4);
    expect(served.frontend.counters()).toMatchObject({ active: 1 });
  });

  it('manages with few descriptors: the session that was idle longest is ended', async () => {
    const a = await peer(ip, echo);
    // One is the listener's.
    const served = await serve([task('a', a.address)], {}, { batches, descriptors: 21 });
    const clients = await Promise.all(Array.from({ length: 30 }, client));
    for (const each of clients) {
      each.send('x', served.vip);
      await each.next();
    }
    expect(served.frontend.counters()).toMatchObject({ active: 20, total: 30, refused: 0 });
    expect(served.budget.flows).toBe(20);
    clients[0]?.send('y', served.vip);
    await until(() => clients[0]?.received.length === 2);
    expect(served.frontend.counters()).toMatchObject({ active: 20, total: 31 });
  });

  it('drains: new clients are refused, old ones continue until they are idle or the time is over', async () => {
    const a = await peer(ip, echo);
    const served = await serve([task('a', a.address)], { timeouts: { drain: 10_000 } }, { batches });
    const [old, young] = [await client(), await client()];
    old.send('x', served.vip);
    await old.next();
    let isDrained = false;
    const drained = served.frontend.drain().then(() => (isDrained = true));
    young.send('x', served.vip);
    await until(() => served.frontend.counters().refused === 1);
    served.pass(9_999);
    old.send('y', served.vip);
    await old.next();
    expect(isDrained).toBe(false);
    served.pass(1);
    await drained;
    expect(served.frontend.counters().active).toBe(0);
    await served.frontend.drain();
  });

  it('drains with the whole plane: a session without traffic for a second ends, an active one does not', async () => {
    const a = await peer(ip, echo);
    const served = await serve([task('a', a.address)], { timeouts: { udp: 0 } }, { batches });
    const [quiet, busy] = [await client(), await client()];
    for (const each of [quiet, busy]) {
      each.send('x', served.vip);
      await each.next();
    }
    let isDrained = false;
    const drained = served.frontend.drain(1000).then(() => (isDrained = true));
    served.pass(900);
    busy.send('y', served.vip);
    await busy.next();
    served.pass(700);
    expect(served.frontend.counters().active).toBe(1);
    expect(isDrained).toBe(false);
    served.pass(2000);
    await drained;
    expect(served.frontend.counters().active).toBe(0);
  });

  it('survives a task to which it cannot send', async () => {
    const a = await peer(ip, echo);
    const bad = [task('port', { ip, port: 0 }), task('none', { ip: '255.255.255.255', port: 9 })];
    const served = await serve([...bad, task('a', a.address)], {}, { batches });
    const one = await client();
    await until(() => {
      one.send('x', served.vip);
      return one.received.length > 0;
    });
    expect(served.signals.some((each) => each.startsWith('port '))).toBe(true);
    expect(served.signals.some((each) => each.startsWith('none '))).toBe(true);
  });
});
