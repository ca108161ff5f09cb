import { once } from 'node:events';
import { expect, it } from 'vitest';
import { answerAtEnd, Client, closedAddress, echo, until } from '../peer.js';
import { setUpProxy } from '../proxy-setup.js';
import { describeTcp } from './tcp-implementations.js';

const HEADER = 'PROXY TCP4 192.0.2.7 192.0.2.8 1000 80\r\n';
const MANY = 50;

describeTcp('a client that closes right behind its PROXY header', (implementation) => {
  const { peer, serve } = setUpProxy(95, implementation);

  it.each(['', 'hello'])('is answered when it has sent "%s", and its flow ends', async (text) => {
    const task = await peer(answerAtEnd((got) => `got ${got.toString()}`));
    const { vip, counters } = await serve([task.address], { acceptProxy: true });
    const clients = Array.from({ length: MANY }, () => new Client(vip).end(`${HEADER}${text}`));
    for (const client of clients) expect(await client.over).toEqual({ text: `got ${text}`, end: 'fin' });
    await until(async () => (await counters()).active === 0);
    expect(await counters()).toMatchObject({ total: MANY, refused: 0, failed: 0 });
    expect(task.open()).toEqual([]);
  });

  it('is answered by another task when the first one does not listen', async () => {
    const task = await peer(answerAtEnd(() => 'bye'));
    const { vip, counters } = await serve([closedAddress(), task.address], { acceptProxy: true });
    const clients = Array.from({ length: MANY }, () => new Client(vip).end(HEADER));
    for (const client of clients) expect(await client.over).toEqual({ text: 'bye', end: 'fin' });
    await until(async () => (await counters()).active === 0);
  });

  it('leaves no flow when it resets its connection, and none at the task', async () => {
    const task = await peer(echo);
    const { vip, counters } = await serve([task.address], { acceptProxy: true });
    for (let n = 0; n < MANY; n++) {
      const { socket } = new Client(vip);
      await once(socket, 'connect');
      await new Promise((sent) => socket.write(HEADER, sent));
      socket.resetAndDestroy();
    }
    await until(async () => (await counters()).active === 0 && task.open().length === 0);
  });
});
