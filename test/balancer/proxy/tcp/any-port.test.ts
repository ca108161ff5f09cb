import { connect, createServer, type AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import type { DataPlane, VirtualService } from '../../../../src/balancer/plane.js';
import { createProxyPlane } from '../../../../src/balancer/proxy/proxy-plane.js';
import { FakeHost } from '../fake-host.js';
import { TCP } from './tcp-implementations.js';
import { ownPort } from '../../../support/own-port.js';

let plane: DataPlane | undefined;
const task = createServer((socket) => {
  // A PROXY header of version 1 is one line.
  socket.on('error', () => undefined).once('data', (chunk) => socket.end(chunk));
});
afterEach(async () => {
  await plane?.close();
  await new Promise((resolve) => task.close(resolve));
});

const dial = (port: number): Promise<string> =>
  new Promise((resolve) => {
    let text = '';
    connect(port, '127.43.0.9')
      .on('data', (chunk: Buffer) => (text += chunk.toString()))
      .on('end', () => resolve(text))
      .on('error', ({ code }: NodeJS.ErrnoException) => resolve(String(code)));
  });

it.each(TCP)(
  'if the kernel redirects connections, $name listens on another port and uses the port that clients dial',
  async ({ options }) => {
    await new Promise<void>((resolve) => task.listen(0, '127.0.0.1', resolve));
    const host = new FakeHost();
    plane = createProxyPlane({ ...options(() => performance.now()), host });
    await plane.use('198.18.0.0/15');
    const service: VirtualService = {
      ...{ service: 'default/shop/web', vip: '127.43.0.9', port: ownPort, protocol: 'tcp', scheduler: 'rr' },
      proxyProtocol: 'v1',
      backends: [
        {
          ...{ id: 'w1', name: 'w1', weight: 1, state: 'active' },
          address: { ip: '127.0.0.1', port: (task.address() as AddressInfo).port },
        },
      ],
    };
    expect(await plane.apply([service])).toEqual([]);
    expect((await plane.counters())[0]?.port).toBe(ownPort);
    const [redirect, ...others] = host.redirects;
    expect(others).toEqual([]);
    expect(redirect).toMatchObject({ vip: '127.43.0.9', port: ownPort });
    expect(redirect?.listenPort).toBeGreaterThan(0);
    expect(redirect?.listenPort).not.toBe(ownPort);
    expect(await dial(ownPort)).toBe('ECONNREFUSED');
    expect(await dial(redirect?.listenPort ?? 0)).toMatch(
      new RegExp(`^PROXY TCP4 127\\.\\S+ 127\\.43\\.0\\.9 \\d+ ${ownPort}\\r\\n$`),
    );
    await plane.apply([{ ...service, scheduler: 'lc' }]);
    expect((await plane.counters())[0]).toMatchObject({ port: ownPort, total: 1 });
    expect(host.redirects).toEqual([redirect]);
    // Without a task none is led to the listener: the kernel refuses the SYN.
    const draining = service.backends.map((each) => ({ ...each, state: 'draining' as const }));
    await plane.apply([{ ...service, backends: draining }]);
    expect(host.redirects).toEqual([]);
    await plane.apply([service]);
    expect(host.redirects).toEqual([redirect]);
  },
);
