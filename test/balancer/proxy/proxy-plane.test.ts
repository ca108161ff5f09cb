import { afterEach, describe, expect, it } from 'vitest';
import type { DataPlane } from '../../../src/balancer/plane.js';
import { createProxyPlane } from '../../../src/balancer/proxy/proxy-plane.js';
import { describeDataPlane } from '../data-plane/conformance.js';
import { backend, echo, exchange, startPeer, tcpService } from './peer.js';
import { FakeHost } from './fake-host.js';
import { TCP } from './tcp/tcp-implementations.js';
import { ownPort } from '../../support/own-port.js';

let planes = 0;

for (const { name, options, threads } of TCP)
  describeDataPlane(`proxy, TCP by ${name}`, () => {
    const plane = createProxyPlane(options(() => performance.now()));
    const third = planes++;
    return Promise.resolve({
      plane,
      choosesAsOne: threads === 1,
      vip: (n: number) => ({ ip: `127.81.${third}.${n}`, port: ownPort }),
      close: () => plane.close(),
    });
  });

describe.each(TCP)('addresses of the proxy plane, TCP by $name', ({ options }) => {
  const cleanUp: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const each of cleanUp.splice(0).reverse()) await each();
  });
  const create = (): DataPlane => {
    const plane = createProxyPlane(options(() => performance.now()));
    cleanUp.push(() => plane.close());
    return plane;
  };

  it('says what to do about an address that is not local, and serves everything else', async () => {
    const plane = create();
    const peer = await startPeer(echo);
    cleanUp.push(() => peer.close());
    const good = { ip: '127.82.0.1', port: ownPort };
    const [problem, ...others] = await plane.apply([
      tcpService({ ip: '192.0.2.1', port: 80 }, [], { service: 'default/shop/far' }),
      tcpService(good, [backend('a', peer.address)]),
    ]);
    expect(others).toEqual([]);
    expect(problem?.at).toEqual({ vip: '192.0.2.1', port: 80, protocol: 'tcp' });
    expect(problem?.message).toMatch(
      /^service default\/shop\/far: cannot serve 192\.0\.2\.1:80\/tcp: .*ip route add local/,
    );
    expect((await exchange(good, 'x')).text).toBe('x');
  });

  it('leaves descriptors to everything else when there are more ports than descriptors, and says what it leaves out', async () => {
    const limits = { flows: 100, descriptors: 20, waiting: 5 };
    const plane = createProxyPlane({ ...options(() => performance.now()), limits });
    cleanUp.push(() => plane.close());
    const peer = await startPeer(echo);
    cleanUp.push(() => peer.close());
    const good = { ip: '127.82.0.3', port: ownPort };
    const web = tcpService(good, [backend('a', peer.address)]);
    await plane.apply([web]);
    // Its ports begin at a fixed one, so the address is this process's own.
    const crowded = `127.82.${1 + (process.pid % 254)}.4`;
    const many = Array.from({ length: 10_000 }, (_, port) =>
      tcpService({ ip: crowded, port: 1000 + port }, [], {
        service: 'default/shop/games',
        protocol: 'udp',
      }),
    );
    const problems = await plane.apply([web, ...many]);
    expect(await plane.counters()).toHaveLength(10);
    expect(new Set(problems.map(({ summary }) => summary)).size).toBe(1);
    expect(problems).toHaveLength(9991);
    expect(problems[0]?.summary).toMatch(
      /^9991 of 10001 ports of virtual IPs are not served: .* may have 10 file descriptors.*raise the limit.*; left out: [\d.]+:\d+\/udp \(default\/shop\/games\), .* and 9988 more$/,
    );
    expect(problems[0]?.summary).toContain(`left out: ${crowded}:`);
    expect((await exchange(good, 'x')).text).toBe('x');
    // What was given back is there for others.
    expect(await plane.apply([web, ...many.slice(-9)])).toEqual([]);
    expect(await plane.apply(many.slice(0, 10))).toEqual([]);
  });

  it('tries a taken port again at the next apply', async () => {
    const plane = create();
    const vip = { ip: '127.82.0.2', port: ownPort };
    const holder = await startPeer(echo, vip.port, vip.ip);
    const service = tcpService(vip, []);
    const [problem] = await plane.apply([service]);
    expect(problem?.message).toContain(
      `the port is in use; find the program with "ss -ltnp sport = :${ownPort}"`,
    );
    await holder.close();
    expect(await plane.apply([service])).toEqual([]);
    expect(await plane.counters()).toHaveLength(1);
  });
});

describe('the rules of the proxy plane', () => {
  it('are put back when they are asked for, and it is told when another program has changed them', async () => {
    const host = new FakeHost();
    const told: string[] = [];
    const plane = createProxyPlane({ native: false, host, onTampered: () => told.push('tampered') });
    try {
      await plane.use('198.18.0.0/15');
      await plane.apply([
        tcpService({ ip: '127.82.0.9', port: ownPort }, [backend('a', { ip: '127.0.0.1', port: 1 })]),
      ]);
      const { redirects } = host;
      expect(redirects).toHaveLength(1);
      [host.done, host.redirects] = [[], []];
      host.tamper?.();
      expect(told).toEqual(['tampered']);
      await plane.repair();
      expect(host.done).toEqual(['rules 198.18.0.0/15', 'route 198.18.0.0/15']);
      expect(host.redirects).toEqual(redirects);
      // A watch that has ended is begun again.
      host.endWatch?.();
      await plane.repair();
      expect(host.kept.filter((each) => each === 'watch')).toHaveLength(2);
    } finally {
      await plane.close();
    }
  });
});
