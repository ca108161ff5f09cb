import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type { VirtualServiceCounters } from '../../../../../src/balancer/plane.js';
import { createProxyPlane, type ProxyDataPlane } from '../../../../../src/balancer/proxy/proxy-plane.js';
import { backend, Client, echo, exchange, startPeer, tcpService, until, type Peer } from '../../peer.js';
import { NATIVE, tcpScript } from '../tcp-implementations.js';
import { ownPort } from '../../../../support/own-port.js';

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const each of cleanUp.splice(0).reverse()) await each();
});

let vips = 0;
const nextVip = () => ({ ip: `127.91.0.${++vips}`, port: ownPort });

async function task(): Promise<Peer> {
  const peer = await startPeer(echo);
  cleanUp.push(() => peer.close());
  return peer;
}

/** What a thread runs, and a file: while it is there, every thread that is asked what it has counted crashes. */
function fragileScript(): { readonly script: URL; readonly fuse: string } {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-tcp-'));
  cleanUp.push(() => rmSync(folder, { recursive: true }));
  const [file, fuse] = [join(folder, 'worker.mjs'), join(folder, 'fuse')];
  writeFileSync(
    file,
    `import { existsSync } from 'node:fs';
     import { syncBuiltinESMExports } from 'node:module';
     import threads from 'node:worker_threads';
     const { receiveMessageOnPort } = threads;
     threads.receiveMessageOnPort = (port) => {
       const received = receiveMessageOnPort(port);
       if (received?.message.some(({ kind }) => kind === 'counters') && existsSync(${JSON.stringify(fuse)})) throw new Error('the fuse is there');
       return received;
     };
     syncBuiltinESMExports();
     await import(${JSON.stringify(tcpScript().href)});`,
  );
  return { script: pathToFileURL(file), fuse };
}

function plane(workers: number, script = tcpScript()): { plane: ProxyDataPlane; logged: string[] } {
  const logged: string[] = [];
  const made = createProxyPlane({
    native: { workers, script },
    log: { warn: (message) => void logged.push(message) },
  });
  cleanUp.push(() => made.close());
  return { plane: made, logged };
}

const only = async (of: ProxyDataPlane): Promise<VirtualServiceCounters> => {
  const [counters] = await of.counters();
  if (!counters) throw new Error('the service is not served');
  return counters;
};
const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

describe.skipIf(NATIVE.length === 0)('TCP threads', () => {
  it.each([1, 3])(
    'crash (all of %i), and others take over the listener: open flows are reset, waiting ones are served',
    async (workers) => {
      const { script, fuse } = fragileScript();
      const peer = await task();
      const vip = nextVip();
      const { plane: own, logged } = plane(workers, script);
      await own.apply([tcpService(vip, [backend('a', peer.address)])]);
      const clients = Array.from({ length: 12 }, () => new Client(vip).send('hello'));
      await Promise.all(clients.map((client) => client.got(5)));
      const before = await only(own);
      expect(before).toMatchObject({ active: 12, total: 12, bytesIn: 60, bytesOut: 60 });
      const descriptors = openDescriptors();
      writeFileSync(fuse, '');
      await own.counters();
      await until(() => logged.length === workers);
      rmSync(fuse);
      const during = await only(own);
      expect(own.figures()).toMatchObject({
        threads: workers,
        restarts: workers,
        lastError: 'the fuse is there',
      });
      // What was told before is known still.
      expect(during).toMatchObject({ active: 0, total: 12, bytesIn: 60, bytesOut: 60 });
      expect(during.backends).toMatchObject([{ id: 'a', active: 0, total: 12, bytesIn: 60 }]);
      for (const client of clients) expect(await client.over).toEqual({ text: 'hello', end: 'ECONNRESET' });
      await until(() => peer.open().length === 0);
      // Nobody may be there yet to accept it.
      expect(await exchange(vip, 'waits')).toEqual({ text: 'waits', end: 'fin' });
      expect(logged).toEqual(
        Array(workers).fill(
          expect.stringMatching(/^a thread ended \(the fuse is there\) with .*please report it$/),
        ),
      );
      await until(async () => (await only(own)).active === 0);
      expect(await only(own)).toMatchObject({ total: 13, bytesIn: 65, bytesOut: 65, refused: 0, failed: 0 });
      // Those of 12 flows are gone.
      await until(() => openDescriptors() <= descriptors - 24);
    },
  );

  it('that are away report what is known, accept changes, and close', async () => {
    const { script, fuse } = fragileScript();
    const [a, b] = [await task(), await task()];
    const vip = nextVip();
    const { plane: own } = plane(1, script);
    await own.apply([tcpService(vip, [backend('a', a.address)])]);
    writeFileSync(fuse, '');
    await own.counters();
    expect(await own.apply([tcpService(vip, [backend('b', b.address)])])).toEqual([]);
    expect((await only(own)).backends).toMatchObject([{ id: 'b' }]);
    rmSync(fuse);
    expect((await exchange(vip, 'x')).text).toBe('x');
    expect([a.accepted(), b.accepted()]).toEqual([0, 1]);
    writeFileSync(fuse, '');
    await own.counters();
    // Queued at a listener that nobody accepts from: served before it closes.
    const late = new Client(vip).end('late');
    const drained = own.drain();
    rmSync(fuse);
    expect(await late.over).toEqual({ text: 'late', end: 'fin' });
    await drained;
    expect(existsSync(fuse)).toBe(false);
  });

  it('keep their counters when a service moves to one of them, and then enforce its limits exactly', async () => {
    const peer = await task();
    const vip = nextVip();
    const { plane: own } = plane(3);
    const service = tcpService(vip, [backend('a', peer.address)]);
    await own.apply([service]);
    await Promise.all(Array.from({ length: 30 }, () => exchange(vip, 'x')));
    await until(async () => (await only(own)).active === 0);
    await own.apply([{ ...service, maxConnections: 5 }]);
    expect(await only(own)).toMatchObject({ total: 30, bytesIn: 30 });
    const clients = Array.from({ length: 20 }, () => new Client(vip).send('y'));
    await until(async () => {
      const { active, refused } = await only(own);
      return active === 5 && refused === 15;
    });
    expect(clients.length).toBe(20);
    await own.apply([service]);
    expect((await exchange(vip, 'z')).text).toBe('z');
    expect(await only(own)).toMatchObject({ total: 36, refused: 15 });
    for (const { socket } of clients) socket.destroy();
  });
});
