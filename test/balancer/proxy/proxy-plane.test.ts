import { afterEach, describe, expect, it } from 'vitest';
import type { DataPlane } from '../../../src/balancer/plane.js';
import { createProxyPlane } from '../../../src/balancer/proxy/proxy-plane.js';
import { describeDataPlane } from '../data-plane/conformance.js';
import { backend, echo, exchange, startPeer, tcpService } from './peer.js';
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

  it('tells what to do about an address that is not local, and serves everything else', async () => {
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

  it('tries a taken port again at the next apply', async () => {
    const plane = create();
    const vip = { ip: '127.82.0.2', port: ownPort };
    const holder = await startPeer(echo, vip.port, vip.ip);
    const service = tcpService(vip, []);
    const [problem] = await plane.apply([service]);
    expect(problem?.message).toContain(
      `the port is taken; find who has it with "ss -ltnp sport = :${ownPort}"`,
    );
    await holder.close();
    expect(await plane.apply([service])).toEqual([]);
    expect(await plane.counters()).toHaveLength(1);
  });
});
