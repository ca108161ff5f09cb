import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { NativeUdp } from '../../../../src/dns/server/native/native-udp.js';
import type { UdpListener } from '../../../../src/dns/server/udp-server.js';
import { TYPE } from '../../../../src/wire/constants.js';
import { loadLibc } from '../../../../src/linux/libc.js';
import { query } from '../../../conformance/packets.js';
import { ref, taskFact } from '../../../support/facts.js';
import { workerScript } from '../../../support/worker-script.js';
import { ground, sorted } from '../../answers/support.js';

const libc = await loadLibc();
const loopback = { ip: '127.0.0.1', port: 0 };
const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function started(workers: number, script = workerScript()) {
  if ('unavailable' in libc) throw new Error(libc.unavailable);
  const on = ground();
  const sink = on.catalog.sink('docker');
  const tell = (...ips: string[]) =>
    sink.replace({ tasks: ips.map((ip, i) => taskFact(`t${i}`, { service: ref('web.shop'), ip })) });
  tell('10.0.0.2', '10.0.0.3');
  sink.status({ state: 'live' });
  const warnings: string[] = [];
  const native = new NativeUdp({
    realTime: true,
    libc,
    workers,
    versions: on.versions,
    compiler: on.compiler,
    responder: on.responder,
    script,
    log: { warn: (message) => warnings.push(message) },
  });
  on.installTo((entry) => native.install(entry));
  ends.push(() => native.stop());
  const listen = (address = loopback): UdpListener => {
    const listener = native.listen(address, { sendErrors: 0, socketErrors: 0 });
    ends.push(() => listener.close());
    return listener;
  };
  return { ...on, native, tell, listen, warnings };
}

class Client {
  readonly replies: Buffer[] = [];
  readonly #socket: Socket = createSocket('udp4');
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
    this.#socket.on('message', (reply) => this.replies.push(reply));
    ends.push(() => this.#socket.close());
  }

  /** Resolves when the kernel has taken it: over loopback it is then in the server's queue. */
  async send(packet: Uint8Array): Promise<void> {
    await new Promise((resolve) => this.#socket.send(packet, this.#port, '127.0.0.1', resolve));
  }

  /** The replies, when there are as many. */
  async wait(count: number): Promise<readonly Buffer[]> {
    while (this.replies.length < count) await sleep(2);
    return this.replies;
  }

  async ask(packet: Uint8Array): Promise<Buffer | undefined> {
    const before = this.replies.length;
    await this.send(packet);
    return (await this.wait(before + 1))[before];
  }
}

const web = query('web.shop.rancher.internal.', TYPE.A);

describe.skipIf('unavailable' in libc)('answering threads', () => {
  it.each([1, 3])('answer what they know, and pass on the rest: %d', async (workers) => {
    const { native, listen, plain } = started(workers);
    const { address } = listen();
    const expected = sorted(plain(web, '127.0.0.1'));
    // A client for each port: the kernel spreads them.
    for (let i = 0; i < 12; i++) {
      const client = new Client(address.port);
      for (let round = 0; round < 3; round++) expect(sorted(await client.ask(web))).toEqual(expected);
    }
    const odd = query('web.shop.rancher.internal.', TYPE.A, { opt: { options: [[10, '0123456789abcdef']] } });
    expect(await new Client(address.port).ask(odd)).toBeDefined();
    const { own, misses, sendErrors } = native.counts();
    expect(own + misses).toBe(37);
    expect(misses).toBeGreaterThanOrEqual(workers > 1 ? 3 : 2);
    expect(own).toBeGreaterThan(20);
    expect(sendErrors).toBe(0);
  });

  it('serve several addresses, including IPv6', async () => {
    const { listen, plain } = started(1);
    const [one, two, six] = [listen(), listen({ ip: '127.0.0.2', port: 0 }), listen({ ip: '::1', port: 0 })];
    expect(sorted(await new Client(one.address.port).ask(web))).toEqual(sorted(plain(web, '127.0.0.1')));
    for (const { address } of [two, six]) {
      const socket = createSocket(address.ip === '::1' ? 'udp6' : 'udp4');
      ends.push(() => socket.close());
      for (let round = 0; round < 3; round++) {
        socket.send(web, address.port, address.ip);
        const [reply, from] = (await once(socket, 'message')) as [Buffer, { address: string }];
        expect(from.address).toBe(address.ip);
        expect(sorted(reply)).toEqual(sorted(plain(web, address.ip === '::1' ? '::1' : '127.0.0.1')));
      }
    }
  });

  it('answer with a change as soon as it is published', async () => {
    const { tell, listen, plain, native } = started(1);
    const client = new Client(listen().address.port);
    for (let round = 0; round < 50; round++) {
      tell(`10.0.1.${round + 1}`);
      expect(sorted(await client.ask(web))).toEqual(sorted(plain(web, '127.0.0.1')));
      expect(sorted(await client.ask(web))).toEqual(sorted(plain(web, '127.0.0.1')));
    }
    // Only the first ever had to wait for the main thread: what was asked for is made again before a change is told.
    expect(native.counts()).toMatchObject({ own: 99, misses: 1 });
  });

  it('answer everything queued in the kernel before a socket is closed', async () => {
    const { listen } = started(1);
    const listener = listen();
    const client = new Client(listener.address.port);
    await client.ask(web);
    // No more than fit the buffer of a socket that nobody reads meanwhile.
    const count = 200;
    for (let i = 0; i < count; i++)
      await client.send(i % 5 === 0 ? query(`n${i}.shop.rancher.internal.`, TYPE.A) : web);
    await listener.drain();
    await listener.close();
    expect((await client.wait(count + 1)).length).toBe(count + 1);
  });

  it.each([1, 2])('refuse a taken address, with %d threads', async (workers) => {
    const other = createSocket('udp4');
    ends.push(() => other.close());
    other.bind(0, '127.0.0.1');
    await once(other, 'listening');
    const { listen } = started(workers);
    expect(() => listen({ ip: '127.0.0.1', port: other.address().port })).toThrow(
      expect.objectContaining({ code: 'EADDRINUSE', syscall: 'bind' }),
    );
  });

  it('that crash are restarted, and then answer what was queued in the meantime', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fairlead-'));
    ends.push(() => rmSync(folder, { recursive: true }));
    const mark = join(folder, 'started');
    const script = join(folder, 'worker.mjs');
    const real = workerScript().href;
    writeFileSync(
      script,
      `import { existsSync, writeFileSync } from 'node:fs';
       const isFirst = !existsSync(${JSON.stringify(mark)});
       writeFileSync(${JSON.stringify(mark)}, '');
       if (isFirst) throw new Error('out of luck');
       await import(${JSON.stringify(real)});`,
    );
    const { native, listen, warnings } = started(1, pathToFileURL(script));
    const client = new Client(listen().address.port);
    for (let i = 0; i < 10; i++) await client.send(web);
    expect((await client.wait(10)).length).toBe(10);
    expect(existsSync(mark)).toBe(true);
    expect(native.restarts).toEqual({ count: 1, lastError: 'out of luck' });
    expect(warnings).toEqual([
      'an answering thread ended (out of luck); it is started again, please report it',
    ]);
  });
});
