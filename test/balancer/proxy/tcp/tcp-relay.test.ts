import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { loadLibc } from '../../../../src/linux/libc.js';
import { TcpCalls } from '../../../../src/linux/tcp-calls.js';
import { Client, echo, until } from '../peer.js';
import { setUpProxy } from '../proxy-setup.js';
import { describeTcp } from './tcp-implementations.js';

const MIB = 1024 * 1024;
const libc = await loadLibc();

/** Bytes of a stream: the same for the same seed, and no two pieces alike. */
function piece(seed: number, at: number, length: number): Buffer {
  const octets = Buffer.alloc(length, `${seed}/${at}|`);
  octets.writeUInt32BE(at, 0);
  return octets;
}

/** Sends a stream in pieces of odd sizes, as fast as it is taken, then ends. @returns the hash of it */
async function pour(socket: Socket, seed: number, total: number): Promise<string> {
  const hash = createHash('sha256');
  for (let at = 0; at < total;) {
    const octets = piece(seed, at, Math.min(total - at, 1000 + ((at * 7919) % 300_000)));
    hash.update(octets);
    at += octets.length;
    if (!socket.write(octets)) await eventOf(socket, 'drain');
  }
  socket.end();
  return hash.digest('hex');
}

/** Reads to the end, with rests in between. @returns the hash of it */
async function drink(socket: Socket, restEvery: number): Promise<string> {
  const hash = createHash('sha256');
  let sinceRest = 0;
  socket.on('data', (chunk: Buffer) => {
    hash.update(chunk);
    sinceRest += chunk.length;
    if (sinceRest < restEvery) return;
    sinceRest = 0;
    socket.pause();
    setTimeout(() => socket.resume(), 10);
  });
  socket.resume();
  await eventOf(socket, 'end');
  return hash.digest('hex');
}

/** Rejects when the connection is over before it: a reset must not look like a test that takes too long. */
async function eventOf(socket: Socket, event: 'drain' | 'end'): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const closed = (): void =>
      reject(new Error(`closed before "${event}"`, { cause: socket.errored ?? undefined }));
    socket.once('close', closed);
    socket.once(event, () => {
      socket.off('close', closed);
      resolve();
    });
  });
}

const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

describeTcp('octets', (implementation) => {
  const { peer, serve } = setUpProxy(89, implementation);

  it('flow both ways at once, each at its own pace, and none is lost or changed', async () => {
    let atTask: Promise<readonly string[]> | undefined;
    const task = await peer((socket) => {
      atTask = Promise.all([drink(socket, 5 * MIB), pour(socket, 1, 24 * MIB)]);
    });
    const { vip, counters } = await serve([task.address]);
    const { socket } = new Client(vip);
    socket.removeAllListeners('data').removeAllListeners('end');
    const [got, sent] = await Promise.all([drink(socket, 3 * MIB), pour(socket, 2, 20 * MIB)]);
    const [gotByTask, sentByTask] = (await atTask) ?? [];
    expect(got).toBe(sentByTask);
    expect(gotByTask).toBe(sent);
    await until(async () => (await counters()).active === 0);
    expect(await counters()).toMatchObject({ bytesIn: 20 * MIB, bytesOut: 24 * MIB });
  });

  it('of a stream are followed by small ones on the same connection', async () => {
    const task = await peer(echo);
    const { vip } = await serve([task.address]);
    const client = new Client(vip);
    let length = 0;
    for (const size of [3 * MIB, 1, 64 * 1024, 64 * 1024 + 1, 5, 2 * MIB, 7]) {
      const sent = piece(3, size, Math.max(4, size)).subarray(0, size);
      client.socket.write(sent);
      await client.got((length += size));
      expect(client.octets.subarray(length - size).equals(sent)).toBe(true);
    }
    expect((await client.end().over).end).toBe('fin');
  });

  it.skipIf('unavailable' in libc)('continue after urgent ones', async () => {
    if ('unavailable' in libc) return;
    let got = '';
    const task = await peer(
      (socket) => void socket.on('data', (octets: Buffer) => (got += octets.toString())),
    );
    const { vip } = await serve([task.address]);
    const calls = new TcpCalls(libc);
    const fd = calls.dial(calls.target(vip));
    const send = (text: string, flags = 0): void => {
      const octets = new Uint8Array(new ArrayBuffer(text.length));
      octets.set(Buffer.from(text));
      expect(libc.send(fd, libc.address(octets.buffer), text.length, flags)).toBe(text.length);
    };
    await until(() => task.open().length === 1);
    const OUT_OF_BAND = 1;
    send('one ');
    send('!', OUT_OF_BAND);
    send('two ');
    await until(() => got.endsWith('two '));
    send('?', OUT_OF_BAND);
    send('three');
    await until(() => got.endsWith('three'));
    calls.close(fd);
    expect(got.replaceAll(/[!?]/g, '')).toBe('one two three');
  });
});

describeTcp('a crowd', (implementation) => {
  const { peer, serve } = setUpProxy(90, implementation);

  interface Visit {
    readonly sizes: readonly number[];
    readonly end: 'end' | 'reset' | 'end at once';
    readonly wait: boolean;
  }
  const visit = fc.record({
    sizes: fc.array(fc.oneof(fc.nat(300), fc.nat(200_000)), { maxLength: 4 }),
    end: fc.constantFrom('end', 'end', 'reset', 'end at once'),
    wait: fc.boolean(),
  });

  /** @returns whether a client that left in peace got back what it had sent */
  const pay = async (vip: { ip: string; port: number }, { sizes, end, wait }: Visit): Promise<boolean> => {
    const client = new Client(vip);
    let length = 0;
    for (const size of sizes) {
      client.socket.write(Buffer.alloc(size, size & 255));
      length += size;
      if (wait) await client.got(length);
    }
    if (end === 'reset') {
      client.socket.resetAndDestroy();
      return true;
    }
    if (end === 'end') await client.got(length);
    const seen = await client.end().over;
    client.socket.destroy();
    const expected = Buffer.concat(sizes.map((size) => Buffer.alloc(size, size & 255)));
    return seen.end === 'fin' && client.octets.equals(expected);
  };

  it('of clients that come and go at will leave nothing behind, and each client gets its own', async () => {
    const before = openDescriptors();
    const task = await peer(echo);
    const { vip, counters, plane } = await serve([task.address]);
    await fc.assert(
      fc.asyncProperty(fc.array(visit, { minLength: 50, maxLength: 150 }), async (visits) => {
        const paid = await Promise.all(visits.map((each) => pay(vip, each)));
        expect(paid).toEqual(visits.map(() => true));
        await until(async () => (await counters()).active === 0);
        await until(() => task.open().length === 0);
      }),
      { numRuns: 10, endOnFailure: true },
    );
    expect(await counters()).toMatchObject({ failed: 0, refused: 0 });
    await plane.close();
    await task.close();
    await until(() => openDescriptors() <= before);
  });
});
