import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import type { DataPlane } from '../../../src/balancer/plane.js';
import { createProxyPlane } from '../../../src/balancer/proxy/proxy-plane.js';
import { ownPort } from '../../support/own-port.js';
import { backend, Client, echo, exchange, named, startPeer, tcpService } from './peer.js';
import { NATIVE } from './tcp/tcp-implementations.js';

const POOL = '127.94.0.0/16';
const vip = { ip: '127.94.0.5', port: ownPort };

// Node's own sockets cannot share an address, and a takeover needs the C library in any case.
describe.each(NATIVE)('virtual IPs that another process takes over, TCP by $name', ({ options }) => {
  const cleanUp: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const each of cleanUp.splice(0).reverse()) await each();
  });
  const plane = async (inherits: boolean): Promise<DataPlane> => {
    const made = createProxyPlane(options(() => performance.now()));
    cleanUp.push(() => made.close());
    await made.use(POOL, inherits);
    return made;
  };
  const peer = async (...args: Parameters<typeof startPeer>) => {
    const made = await startPeer(...args);
    cleanUp.push(() => made.close());
    return made;
  };

  it('take new connections when the one before takes none, and its open ones go on', async () => {
    const [old, young] = [await peer(named('old')), await peer(named('young'))];
    const first = await plane(false);
    await first.apply([tcpService(vip, [backend('a', old.address)])]);
    const open = new Client(vip).send('x');
    expect(await open.got(5)).toBe('old:x');
    const second = await plane(true);
    expect(await second.apply([tcpService(vip, [backend('a', young.address)])])).toEqual([]);
    const drained = first.drain(true);
    // Some come while the first one stops to listen: none of them is refused.
    const seen = await Promise.all(Array.from({ length: 50 }, () => exchange(vip, 'y')));
    expect(seen.every(({ end, text }) => end === 'fin' && /^(old|young):y$/.test(text))).toBe(true);
    expect(await open.send('z').got(6)).toBe('old:xz');
    open.end();
    await open.over;
    await drained;
    await first.close(true);
    expect((await exchange(vip, 'y')).text).toBe('young:y');
  });

  it('take all datagrams, and the one before sends on what its tasks still answer', async () => {
    const client = await udp();
    const tasks = [await udp(), await udp()] as const;
    const heard: string[] = [];
    for (const [at, task] of tasks.entries())
      task.on('message', (datagram, { address, port }) => {
        heard.push(`${at} ${datagram.toString()}`);
        if (datagram.toString() !== 'first') task.send(`${at}`, port, address);
        // Later, when the next process is there.
        else answer = () => task.send('late', port, address);
      });
    let answer: () => void = () => undefined;
    const service = (task: Socket) =>
      tcpService(vip, [backend('a', { ip: '127.0.0.1', port: task.address().port })], { protocol: 'udp' });
    const first = await plane(false);
    expect(await first.apply([service(tasks[0])])).toEqual([]);
    client.send('first', vip.port, vip.ip);
    await expect.poll(() => heard).toEqual(['0 first']);
    const second = await plane(true);
    expect(await second.apply([service(tasks[1])])).toEqual([]);
    const drained = first.drain(true);
    const replies: string[] = [];
    client.on('message', (reply, { address }) => replies.push(`${reply.toString()} from ${address}`));
    client.send('next', vip.port, vip.ip);
    await expect.poll(() => replies).toEqual([`1 from ${vip.ip}`]);
    for (let n = 0; n < 20; n++) {
      const other = await udp();
      other.send(`${n}`, vip.port, vip.ip);
      expect(String((await once(other, 'message'))[0])).toBe('1');
    }
    answer();
    await expect.poll(() => replies).toEqual([`1 from ${vip.ip}`, `late from ${vip.ip}`]);
    await drained;
    await first.close(true);
  });

  it.each(['tcp', 'udp'] as const)('are not shared with one that has them for good: %s', async (protocol) => {
    const first = await plane(false);
    await first.apply([tcpService(vip, [], { protocol })]);
    const second = await plane(false);
    const [problem] = await second.apply([tcpService(vip, [], { protocol })]);
    expect(problem?.message).toContain('the port is in use');
  });

  async function udp(): Promise<Socket> {
    const socket = createSocket('udp4');
    cleanUp.push(() => new Promise<void>((closed) => socket.close(() => closed())));
    await new Promise<void>((bound) => socket.bind(0, '127.0.0.1', bound));
    return socket;
  }

  it('of the same address as before are one after the other in one process', async () => {
    const task = await peer(echo);
    const only = await plane(false);
    const service = tcpService(vip, [backend('a', task.address)], { protocol: 'udp' });
    expect(await only.apply([service])).toEqual([]);
    expect(await only.apply([{ ...service, service: 'default/shop/other' }])).toEqual([]);
    expect((await only.counters()).map((each) => each.service)).toEqual(['default/shop/other']);
  });
});
