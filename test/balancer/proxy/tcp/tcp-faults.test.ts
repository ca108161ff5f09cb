import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Client, closedAddress, echo, exchange, named, startPeer, until, type Behaviour } from '../peer.js';
import { setUpProxy } from '../proxy-setup.js';
import { describeTcp } from './tcp-implementations.js';

/** Takes the connection and resets it before it has said anything. */
const acceptThenReset: Behaviour = (socket) => void socket.resetAndDestroy();

describeTcp('TCP', (implementation) => {
  const { peer, serve } = setUpProxy(83, implementation);

  describe('a task that fails', () => {
    it('that refuses is replaced by another, which the client does not notice', async () => {
      const [dead, alive] = [closedAddress(), await peer(named('b'))];
      const { vip, told, counters } = await serve([dead, alive.address], { scheduler: 'fo' });
      expect((await exchange(vip, '')).text).toBe('b:');
      expect(await told()).toEqual(['a connect refused']);
      expect(await counters()).toMatchObject({
        total: 1,
        retried: 1,
        failed: 0,
        backends: [{ errors: 1 }, { total: 1 }],
      });
    });

    it('that resets before the first byte is replaced by another', async () => {
      const [bad, good] = [await peer(acceptThenReset), await peer(named('b'))];
      const { vip, told, counters } = await serve([bad.address, good.address], { scheduler: 'fo' });
      expect(await new Client(vip).got(2)).toBe('b:');
      expect(await told()).toEqual(['a reset before first byte']);
      expect(await counters()).toMatchObject({ retried: 1, failed: 0 });
    });

    it('is not replaced once it has received bytes from the client, which sees the reset', async () => {
      const bad = await peer((socket) => void socket.once('data', () => socket.resetAndDestroy()));
      const good = await peer(named('b'));
      const { vip, told } = await serve([bad.address, good.address], { scheduler: 'fo' });
      expect(await new Client(vip).send('request').over).toEqual({ text: '', end: 'ECONNRESET' });
      expect(await told()).toEqual(['a reset before first byte']);
      expect(good.accepted()).toBe(0);
    });

    it('that does not answer a connection request is replaced after the timeout', async () => {
      // A stopped process with a full queue: the kernel leaves further connection requests unanswered.
      const script = `require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () { console.log(this.address().port) })`;
      const stopped = spawn(process.execPath, ['-e', script]);
      try {
        const [line] = (await once(stopped.stdout, 'data')) as [Buffer];
        const hung = { ip: '127.0.0.1', port: Number(line.toString()) };
        stopped.kill('SIGSTOP');
        const queued = Array.from({ length: 8 }, () => new Client(hung));
        await once(queued[0]?.socket ?? stopped, 'connect');
        const alive = await peer(named('b'));
        const over = { scheduler: 'fo', timeouts: { connect: 1000 } } as const;
        const { vip, told } = await serve([hung, alive.address], over);
        await until(() => queued.filter(({ socket }) => !socket.connecting).length >= 2);
        expect((await exchange(vip, '')).text).toBe('b:');
        expect(await told()).toEqual(['a connect timeout']);
        for (const { socket } of queued) socket.destroy();
      } finally {
        stopped.kill('SIGKILL');
      }
    });

    it('leads to three tasks at most, all different, then the client is reset', async () => {
      const dead = [1, 2, 3, 4].map(() => closedAddress());
      const { vip, told, counters } = await serve(dead);
      expect(await exchange(vip, 'x')).toEqual({ text: '', end: 'ECONNRESET' });
      expect(new Set(await told())).toHaveProperty('size', 3);
      expect(await counters()).toMatchObject({ total: 1, failed: 1, retried: 2, refused: 0 });
      await until(async () => (await counters()).active === 0);
    });

    it('is reported to health checks when it answers again, once', async () => {
      const dead = closedAddress();
      const { vip, told } = await serve([dead]);
      await exchange(vip, 'x');
      const back = await startPeer(echo, dead.port, dead.ip);
      // Only the thread that was refused has news. It takes its turn when the kernel wakes it.
      await until(async () => {
        await exchange(vip, 'x');
        return (await told()).includes('a ok');
      });
      for (let more = 0; more < 6; more += 1) await exchange(vip, 'x');
      await back.close();
      expect(await told()).toEqual(['a connect refused', 'a ok']);
    });
  });

  describe('the two ends of a connection', () => {
    it('that the task resets is reset for the client, after the data sent before', async () => {
      const task = await peer((socket) => {
        socket.write('half an ans');
        socket.once('data', () => socket.resetAndDestroy());
      });
      const { vip, told } = await serve([task.address]);
      const client = new Client(vip);
      await client.got(11);
      expect(await client.send('x').over).toEqual({ text: 'half an ans', end: 'ECONNRESET' });
      expect(await told()).toEqual([]);
    });

    it('that the client resets is reset for the task', async () => {
      let seen = '';
      const task = await peer((socket) => {
        socket.on('error', (error) => (seen = 'code' in error ? String(error.code) : ''));
        socket.write('hello');
      });
      const { vip, counters } = await serve([task.address]);
      const client = new Client(vip);
      await client.got(5);
      client.socket.resetAndDestroy();
      await until(async () => seen !== '' && (await counters()).active === 0);
      expect(seen).toBe('ECONNRESET');
    });

    it('end one after the other: the task first, while the client goes on sending', async () => {
      let got = '';
      let ended = false;
      const task = await peer((socket) => {
        socket.end('bye');
        socket.on('data', (piece: Buffer) => (got += piece.toString()));
        socket.on('end', () => (ended = true));
      });
      const { vip, counters } = await serve([task.address]);
      const client = new Client(vip);
      expect(await client.over).toEqual({ text: 'bye', end: 'fin' });
      client.send('still ');
      await until(() => got === 'still ');
      client.end('here');
      await until(async () => ended && (await counters()).active === 0);
      expect(got).toBe('still here');
    });

    it('pass single bytes as they come', async () => {
      const task = await peer(echo);
      const { vip } = await serve([task.address]);
      const client = new Client(vip);
      for (let n = 1; n <= 50; n++) expect(await client.send(String(n % 10)).got(n)).toHaveLength(n);
      expect((await client.end().over).end).toBe('fin');
    });
  });

  describe('bulk', () => {
    const SIZE = 64 * 1024 * 1024;
    const piece = Buffer.alloc(1024 * 1024, 'fairlead ');
    const hashOf = (count: number): string => {
      const hash = createHash('sha256');
      for (let n = 0; n < count; n++) hash.update(Buffer.concat([Buffer.from([n]), piece.subarray(1)]));
      return hash.digest('hex');
    };
    const pour: Behaviour = (socket) => {
      let n = 0;
      const next = (): void => {
        if (n === SIZE / piece.length) socket.end();
        else socket.write(Buffer.concat([Buffer.from([n++]), piece.subarray(1)]), next);
      };
      next();
    };

    it('that the client does not read yet stays with the task, then all of it arrives unchanged', async () => {
      const task = await peer(pour);
      const { vip, counters } = await serve([task.address]);
      const { socket } = new Client(vip);
      socket.removeAllListeners('data');
      socket.pause();
      let before = -1;
      for (let now = 0; now !== before || before <= 0;) {
        before = now;
        now = (await counters()).bytesOut;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      // What the kernel's buffers hold on both sides, and a few pieces in between.
      expect(before).toBeLessThan(SIZE / 2);
      const hash = createHash('sha256');
      socket.on('data', (octets: Buffer) => hash.update(octets)).resume();
      await once(socket, 'end');
      expect(hash.digest('hex')).toBe(hashOf(64));
      expect((await counters()).bytesOut).toBe(SIZE);
      socket.end();
    });

    it('reaches the task unchanged', async () => {
      const hash = createHash('sha256');
      const task = await peer((socket) => {
        socket.on('data', (octets: Buffer) => hash.update(octets));
        socket.on('end', () => socket.end('done'));
      });
      const { vip, counters } = await serve([task.address]);
      const client = new Client(vip);
      pour(client.socket);
      expect((await client.over).text).toBe('done');
      expect(hash.digest('hex')).toBe(hashOf(64));
      expect((await counters()).bytesIn).toBe(SIZE);
    });
  });

  it('500 idle connections are kept, and end regularly', async () => {
    const task = await peer(echo);
    const { vip, counters, clock } = await serve([task.address]);
    const clients = Array.from({ length: 500 }, () => new Client(vip).send('x'));
    await Promise.all(clients.map((client) => client.got(1)));
    clock.ahead += 24 * 3600 * 1000;
    expect((await counters()).active).toBe(500);
    const ends = await Promise.all(clients.map((client) => client.end('y').over));
    expect(ends.every(({ text, end }) => text === 'xy' && end === 'fin')).toBe(true);
    await until(async () => (await counters()).active === 0);
  });
});
