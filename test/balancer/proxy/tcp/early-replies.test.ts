import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { Client, until } from '../peer.js';
import { setUpProxy } from '../proxy-setup.js';
import { describeTcp } from './tcp-implementations.js';

const REPLY = 'HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';
const TIMES = 40;
/** More than all buffers on the way hold. */
const BODY = Buffer.alloc(24 * 1024 * 1024, 'x');

describeTcp('a task that replies and closes while its client still sends', (implementation) => {
  const { peer, serve } = setUpProxy(97, implementation);

  it.each([
    ['closes with what it has not read', (socket: Socket) => socket.destroy()],
    ['ends, then closes', (socket: Socket) => socket.end(() => socket.destroy())],
  ])('receives its reply when it %s', async (_, close) => {
    const task = await peer((socket) => {
      socket.once('data', () => {
        socket.pause();
        socket.write(REPLY, () => close(socket));
      });
    });
    const { vip, counters } = await serve([task.address]);
    const texts: string[] = [];
    for (let n = 0; n < TIMES; n++) {
      const client = new Client(vip);
      client.socket.write('POST / HTTP/1.1\r\nContent-Length: 25165824\r\n\r\n');
      client.socket.write(BODY);
      texts.push(await client.got(REPLY.length));
      client.socket.destroy();
    }
    expect(texts.filter((text) => text === REPLY)).toHaveLength(TIMES);
    await until(async () => (await counters()).active === 0);
  });
});
