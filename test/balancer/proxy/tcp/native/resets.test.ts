import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { Client, until } from '../../peer.js';
import { setUpProxy } from '../../proxy-setup.js';
import { describeTcp } from '../tcp-implementations.js';
import { isThorough } from '../../../../support/depth.js';

describeTcp('a reset', (implementation) => {
  const { peer, serve } = setUpProxy(92, implementation);
  const MIB = 1024 * 1024;

  it('by a client that does not read reaches the task at once', async () => {
    const flood = Buffer.alloc(MIB);
    let seen = '';
    const task = await peer((socket) => {
      socket.on('error', (error) => (seen = 'code' in error ? String(error.code) : ''));
      const more = (): void => {
        if (!socket.destroyed) socket.write(flood, more);
      };
      more();
    });
    const { vip, counters } = await serve([task.address]);
    const client = new Client(vip);
    client.socket.removeAllListeners('data').pause();
    let before = -1;
    await until(async () => {
      const { bytesOut } = await counters();
      await new Promise((resolve) => setTimeout(resolve, 50));
      return bytesOut > 0 && bytesOut === before ? true : ((before = bytesOut), false);
    });
    client.socket.resetAndDestroy();
    await until(async () => seen !== '' && (await counters()).active === 0);
    expect(seen).toMatch(/^(ECONNRESET|EPIPE)$/);
  });

  // Node does not look at a connection that it does not read.
  it.skipIf(implementation.name === 'node')(
    'by a client whose data waits for a task that does not read reaches the task',
    async () => {
      let seen = '';
      const task = await peer((socket) => {
        socket.on('error', (error) => (seen = 'code' in error ? String(error.code) : '')).pause();
      });
      const { vip, counters } = await serve([task.address]);
      const client = new Client(vip);
      client.socket.write(Buffer.alloc(64 * MIB));
      let before = -1;
      await until(async () => {
        const { bytesIn } = await counters();
        await new Promise((resolve) => setTimeout(resolve, 50));
        return bytesIn > 0 && bytesIn === before ? true : ((before = bytesIn), false);
      });
      client.socket.resetAndDestroy();
      await until(async () => (await counters()).active === 0);
      // It does not read: writing tells it.
      for (const socket of task.open()) socket.write('wait');
      await until(() => seen !== '');
      expect(seen).toMatch(/^(ECONNRESET|EPIPE)$/);
    },
  );

  // Node does not look at a connection any more any more that its peer has ended.
  it.skipIf(implementation.name === 'node')(
    'by a client that had half-closed reaches the task that still works',
    async () => {
      let seen = '';
      const task = await peer((socket) => {
        socket.on('error', (error) => (seen = 'code' in error ? String(error.code) : ''));
        socket.on('end', () => socket.write('wait')).resume();
      });
      const { vip, counters } = await serve([task.address]);
      const client = new Client(vip).end('work');
      await client.got(4);
      client.socket.resetAndDestroy();
      await until(async () => (await counters()).active === 0);
      // It does not read any more either: writing tells it.
      for (const socket of task.open()) socket.write('wait');
      await until(() => seen !== '');
      expect(seen).toMatch(/^(ECONNRESET|EPIPE)$/);
    },
  );

  it('by a task arrives after the task’s data, even at a client that reads late', async () => {
    const task = await peer((socket) => {
      socket.write(Buffer.alloc(8 * MIB, 'all of it '));
      socket.once('data', () => socket.resetAndDestroy());
    });
    const { vip } = await serve([task.address]);
    const client = new Client(vip);
    await client.got(8 * MIB);
    expect(client.octets.length).toBe(8 * MIB);
    expect((await client.send('enough').over).end).toBe('ECONNRESET');
  });
});

const PIECES = isThorough ? 256 : 32;

describeTcp(`${PIECES} MiB`, (implementation) => {
  const { peer, serve } = setUpProxy(93, implementation);

  it('come as they were sent', async () => {
    const octets = Buffer.alloc(1024 * 1024, 'fairlead, and no two alike: ');
    const sent = createHash('sha256');
    const task = await peer((socket) => {
      let n = 0;
      const next = (): void => {
        if (n === PIECES) {
          socket.end();
          return;
        }
        const piece = Buffer.from(octets);
        piece.writeUInt32BE(n++, 0);
        sent.update(piece);
        socket.write(piece, next);
      };
      next();
    });
    const { vip, counters } = await serve([task.address]);
    const { socket } = new Client(vip);
    const got = createHash('sha256');
    socket.removeAllListeners('data').on('data', (piece: Buffer) => got.update(piece));
    await once(socket, 'end');
    expect(got.digest('hex')).toBe(sent.digest('hex'));
    expect((await counters()).bytesOut).toBe(PIECES * octets.length);
    socket.end();
  });
});
