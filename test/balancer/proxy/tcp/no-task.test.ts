import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import type { DesiredBackend } from '../../../../src/balancer/plane.js';
import { backend, Client, echo, exchange, until } from '../peer.js';
import { setUpProxy } from '../proxy-setup.js';
import { describeTcp } from './tcp-implementations.js';

/** How often a client tries to connect when there is no task. */
const TIMES = 30;

describeTcp('a service without a task, on loopback', (implementation) => {
  const { peer, serve } = setUpProxy(98, implementation);

  it('refuses the first packet, every time, until there is one', async () => {
    const { vip, apply, counters } = await serve([]);
    const ends: string[] = [];
    for (let n = 0; n < TIMES; n++) ends.push((await new Client(vip).over).end);
    expect(ends).toEqual(Array(TIMES).fill('ECONNREFUSED'));
    const task = await peer(echo);
    await apply({ backends: [backend('a', task.address)] });
    expect((await exchange(vip, 'x')).text).toBe('x');
    expect(await counters()).toMatchObject({ total: 1, refused: 0 });
  });

  it.each<[string, Partial<DesiredBackend>]>([
    ['drains', { state: 'draining' }],
    ['has weight 0', { weight: 0 }],
  ])('refuses new connections while its only task %s, and carries the open ones', async (_, over) => {
    const task = await peer(echo);
    const { vip, apply, counters } = await serve([task.address]);
    const early = new Client(vip);
    expect(await early.send('a').got(1)).toBe('a');
    for (let round = 0; round < 3; round++) {
      await apply({ backends: [backend('a', task.address, over)] });
      expect(await new Client(vip).over).toEqual({ text: '', end: 'ECONNREFUSED' });
      await apply({ backends: [backend('a', task.address)] });
      expect((await exchange(vip, 'x')).text).toBe('x');
    }
    expect(await early.send('b').got(2)).toBe('ab');
    expect((await early.end().over).end).toBe('fin');
    await until(async () => (await counters()).active === 0);
  });

  it('frees its address when it is gone', async () => {
    const { vip, plane } = await serve([]);
    await plane.apply([]);
    const other = createServer();
    await new Promise<void>((resolve, reject) => {
      other.once('error', reject).listen(vip.port, vip.ip, resolve);
    });
    await new Promise((resolve) => other.close(resolve));
  });
});
