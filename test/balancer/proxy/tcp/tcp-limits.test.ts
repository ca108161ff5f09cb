import { expect, it } from 'vitest';
import { acceptedAt, backend, Client, echo, exchange, until } from '../peer.js';
import { setUpProxy } from '../proxy-setup.js';
import { describeTcp } from './tcp-implementations.js';

const opened = async (vip: { ip: string; port: number }, from?: string): Promise<Client> => {
  const client = new Client(vip, from).send('x');
  await client.got(1);
  return client;
};

describeTcp('limits', (implementation) => {
  const { peer, serve } = setUpProxy(84, implementation);

  it('of the service refuse excess connections', async () => {
    const task = await peer(echo);
    const { vip, counters } = await serve([task.address], { maxConnections: 2 });
    const [first] = [await opened(vip), await opened(vip)];
    expect(await new Client(vip).over).toEqual({ text: '', end: 'ECONNRESET' });
    expect(await counters()).toMatchObject({ active: 2, refused: 1 });
    await first.end().over;
    await until(async () => (await counters()).active === 1);
    expect((await exchange(vip, 'y')).text).toBe('y');
  });

  it('of one client address leave capacity to others, and apply as soon as they are set', async () => {
    const task = await peer(echo);
    // What is open in other threads when a limit brings a service to one of them does not count.
    const from = implementation.threads > 1 ? { maxPerClient: 1000 } : {};
    const { vip, apply, counters } = await serve([task.address], from);
    const first = await opened(vip, '127.0.0.7');
    await apply({ maxPerClient: 1 });
    expect((await new Client(vip, '127.0.0.7').over).end).toBe('ECONNRESET');
    expect((await exchange(vip, 'y', '127.0.0.8')).text).toBe('y');
    await first.end().over;
    await until(async () => (await counters()).active === 0);
    expect((await exchange(vip, 'y', '127.0.0.7')).text).toBe('y');
    await apply({});
    const two = [await opened(vip, '127.0.0.7'), await opened(vip, '127.0.0.7')];
    expect((await counters()).active).toBe(two.length);
  });

  it('of a task send flows to others', async () => {
    const [a, b] = [await peer(echo), await peer(echo)];
    const { vip, apply } = await serve([a.address, b.address]);
    await apply({ backends: [backend('a', a.address, { maxConnections: 1 }), backend('b', b.address)] });
    for (let n = 0; n < 4; n++) await opened(vip);
    expect([a.accepted(), b.accepted()]).toEqual([1, 3]);
  });

  it('of the plane make a client wait for capacity; too many waiting clients are refused', async () => {
    const task = await peer(echo);
    const limits = { flows: 10, descriptors: 1 + 2 * 2, waiting: 1 };
    const { vip, counters, logged } = await serve([task.address], {}, limits);
    const [first] = [await opened(vip), await opened(vip)];
    const waiting = new Client(vip).send('w');
    await until(() => logged.length === 1);
    expect((await new Client(vip).over).end).toBe('ECONNRESET');
    expect(waiting.text).toBe('');
    await first.end().over;
    expect(await waiting.got(1)).toBe('w');
    expect(await counters()).toMatchObject({ active: 2, total: 3, refused: 1 });
    expect(logged).toEqual([expect.stringMatching(/^no more connections are possible: .* raise the limit/)]);
  });

  const FULL = { flows: 2, descriptors: 100, waiting: 5 };

  it('of the service apply to clients that waited, and the capacity they were admitted with is returned', async () => {
    const task = await peer(echo);
    const { vip, apply, counters } = await serve([task.address], { maxConnections: 1000 }, FULL);
    const [first, second] = [await opened(vip), await opened(vip)];
    const waiting = [new Client(vip).send('w'), new Client(vip).send('w')];
    await until(() => acceptedAt(vip) === 4);
    await apply({ maxConnections: 1 });
    await first.end().over;
    for (const client of waiting) expect(await client.over).toEqual({ text: '', end: 'ECONNRESET' });
    expect(await counters()).toMatchObject({ active: 1, total: 2, refused: 2 });
    await second.end().over;
    await until(async () => (await counters()).active === 0);
    await apply({ maxConnections: 1000 });
    for (const client of [await opened(vip), await opened(vip)]) expect(client.text).toBe('x');
  });

  it('of one client address apply to clients that waited', async () => {
    const task = await peer(echo);
    const { vip, counters } = await serve([task.address], { maxPerClient: 1 }, FULL);
    const first = await opened(vip, '127.0.0.7');
    await opened(vip, '127.0.0.8');
    const waiting = [new Client(vip, '127.0.0.8').send('w'), new Client(vip, '127.0.0.9').send('w')];
    await until(() => acceptedAt(vip) === 4);
    await first.end().over;
    expect((await waiting[0]?.over)?.end).toBe('ECONNRESET');
    expect(await waiting[1]?.got(1)).toBe('w');
    expect(await counters()).toMatchObject({ active: 2, total: 3, refused: 1 });
  });

  it('refused connections count as refused and not in the total, whatever refuses them', async () => {
    const task = await peer(echo);
    const { vip, apply, counters } = await serve([task.address], { maxPerClient: 1, maxConnections: 2 });
    await opened(vip, '127.0.0.7');
    expect((await new Client(vip, '127.0.0.7').over).end).toBe('ECONNRESET');
    expect(await counters()).toMatchObject({ total: 1, refused: 1 });
    await apply({ backends: [backend('a', task.address, { weight: 0 })] });
    // Without a task the kernel refuses them, and nothing here sees them.
    expect((await new Client(vip, '127.0.0.8').over).end).toBe('ECONNREFUSED');
    expect(await counters()).toMatchObject({ total: 1, refused: 1 });
    await apply({ maxConnections: 1 });
    expect((await new Client(vip, '127.0.0.9').over).end).toBe('ECONNRESET');
    await apply({ maxConnections: 2, acceptProxy: true });
    expect((await new Client(vip, '127.0.0.9').send('no header\r\n').over).end).toBe('ECONNRESET');
    expect(await counters()).toMatchObject({ total: 1, refused: 3, failed: 0 });
  });
});

describeTcp(
  'timeouts',
  (implementation) => {
    const { peer, serve } = setUpProxy(87, implementation);

    it.each([
      { name: 'idle', timeouts: { idle: 60_000 }, half: false },
      { name: 'half-closed', timeouts: { halfClosed: 60_000 }, half: true },
    ])('$name: reset for both, but not before traffic is that old', async ({ timeouts, half }) => {
      const task = await peer((socket) => void socket.on('data', (octets: Buffer) => socket.write(octets)));
      const { vip, clock, swept, counters } = await serve([task.address], { timeouts });
      const client = await opened(vip);
      if (half) client.end();
      clock.ahead += 40_000;
      await swept();
      for (const socket of task.open()) socket.write('z');
      expect(await client.got(2)).toBe('xz');
      clock.ahead += 40_000;
      await swept();
      expect((await counters()).active).toBe(1);
      clock.ahead += 40_000;
      expect((await client.over).end).toBe('ECONNRESET');
      await until(async () => (await counters()).active === 0);
    });

    it('that are set later apply to open connections', async () => {
      const task = await peer(echo);
      const { vip, clock, apply } = await serve([task.address]);
      const client = await opened(vip);
      clock.ahead += 3_600_000;
      await apply({ timeouts: { idle: 60_000 } });
      expect((await client.over).end).toBe('ECONNRESET');
    });

    it('of a draining task reset its connections, unless it comes back in time', async () => {
      const task = await peer(echo);
      const { vip, clock, swept, apply } = await serve([task.address], {
        // An idle timeout, however long, keeps the clock of the plane ticking.
        timeouts: { drain: 60_000, idle: 1e9 },
      });
      const client = await opened(vip);
      await apply({ backends: [backend('a', task.address, { state: 'draining' })] });
      clock.ahead += 40_000;
      await apply({ backends: [backend('a', task.address)] });
      clock.ahead += 40_000;
      await swept();
      expect(await client.send('y').got(2)).toBe('xy');
      await apply({ backends: [backend('a', task.address, { state: 'draining' })] });
      // Even when it is gone altogether by then.
      await apply({ backends: [] });
      clock.ahead += 61_000;
      expect((await client.over).end).toBe('ECONNRESET');
    });

    it('of a draining task are longer when the task itself has longer', async () => {
      const task = await peer(echo);
      const { vip, clock, swept, apply } = await serve([task.address], {
        timeouts: { drain: 60_000, idle: 1e9 },
      });
      const client = await opened(vip);
      await apply({ backends: [backend('a', task.address, { state: 'draining', drain: 120_000 })] });
      clock.ahead += 100_000;
      await swept();
      expect(await client.send('y').got(2)).toBe('xy');
      clock.ahead += 21_000;
      expect((await client.over).end).toBe('ECONNRESET');
    });

    it('of a plane that drains reset what is left', async () => {
      const task = await peer(echo);
      const { vip, clock, plane } = await serve([task.address], { timeouts: { drain: 60_000 } });
      const client = await opened(vip);
      const drained = plane.drain();
      await until(async () => (await plane.counters())[0]?.active === 1);
      let isOver = false;
      void client.over.then(() => (isOver = true));
      await until(() => {
        clock.ahead += 10_000;
        return isOver;
      });
      expect((await client.over).end).toBe('ECONNRESET');
      await drained;
    });

    it('of a connection refuse a client that has waited that long for capacity', async () => {
      const task = await peer(echo);
      const { vip, clock, logged } = await serve(
        [task.address],
        {},
        { flows: 1, descriptors: 100, waiting: 5 },
      );
      await opened(vip);
      const waiting = new Client(vip);
      await until(() => logged.length === 1);
      clock.ahead += 3000;
      expect((await waiting.over).end).toBe('ECONNRESET');
    });
  },
  { clock: true },
);
