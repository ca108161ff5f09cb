import { writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { getJson } from '../../src/api/client.js';
import type { ExplainJson } from '../../src/api/types/query-json.js';
import { ConfigFault } from '../../src/daemon/config-fault.js';
import { infosOf } from '../../src/daemon/vip-info.js';
import { backend, tcpService } from '../balancer/proxy/peer.js';
import { ownPort } from '../support/own-port.js';
import { ask, Ground } from './support.js';

describe('virtual IPs in the daemon', () => {
  const ground = new Ground();
  const servers: Server[] = [];
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
  });

  /** A task that says its name. @returns its port */
  async function task(name: string): Promise<number> {
    const server = createServer((socket) => socket.on('error', () => undefined).end(name));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    servers.push(server);
    return (server.address() as { port: number }).port;
  }

  const dial = (ip: string, port: number): Promise<string> =>
    new Promise((resolve) => {
      let text = '';
      connect(port, ip)
        .on('data', (chunk: Buffer) => (text += chunk.toString()))
        .on('end', () => resolve(text))
        .on('error', ({ code }: NodeJS.ErrnoException) => resolve(String(code)));
    });

  function write(...tasks: readonly (readonly [name: string, port: number])[]): void {
    const list = tasks.map(
      ([name, port]) => `{ name: ${name}, ip: 127.0.0.1, ports: { ${ownPort}/tcp: ${port} } }`,
    );
    writeFileSync(
      ground.path('services.yaml'),
      `stacks: { shop: { services: { web: { ports: [${ownPort}/tcp], endpoint_mode: vip, tasks: [${list.join(', ')}] } } } }\n`,
    );
  }

  it('a name resolves to an address that leads to the tasks, the same after a restart', async () => {
    write(['w1', await task('w1')], ['w2', await task('w2')]);
    const first = await ground.started();
    const [vip = ''] = (await ask(first, 'web.shop.rancher.internal')).split('/');
    expect(vip).toMatch(/^127\.43\./);
    expect([await dial(vip, ownPort), await dial(vip, ownPort)].sort()).toEqual(['w1', 'w2']);
    await first.stop();
    expect(await dial(vip, ownPort)).toBe('ECONNREFUSED');
    const second = await ground.started();
    expect(await ask(second, 'web.shop.rancher.internal')).toContain(`${vip}/`);
    expect(await dial(vip, ownPort)).toMatch(/^w[12]$/);
  });

  it('explain shows the limits of a port', async () => {
    write(['w1', await task('w1')]);
    const daemon = await ground.started(ground.loaded('balancing.serviceMaxConnections=7'));
    const [vip = ''] = (await ask(daemon, 'web.shop.rancher.internal')).split('/');
    const socket = { path: ground.path('api.sock') };
    const told = await getJson<ExplainJson>(socket, '/v1/explain', { name: 'web.shop.rancher.internal' });
    expect(told.vip).toMatchObject({
      address: vip,
      ports: [{ state: 'up', settings: { maxConnections: 7 } }],
    });
  });

  it('explain shows the virtual IP, and which tasks take connections', async () => {
    write(['w1', await task('w1')], ['w2', await task('w2')]);
    const daemon = await ground.started();
    const [vip = ''] = (await ask(daemon, 'web.shop.rancher.internal')).split('/');
    const socket = { path: ground.path('api.sock') };
    const told = await getJson<ExplainJson>(socket, '/v1/explain', { name: 'web.shop.rancher.internal' });
    expect(told.vip).toEqual({
      address: vip,
      ports: [{ port: ownPort, protocol: 'tcp', scheduler: 'wrr', state: 'up' }],
    });
    expect(told.tasks.map(({ name, in: isIn, why }) => [name, isIn, why])).toEqual([
      ['w1', true, `behind the virtual IP; ${ownPort}/tcp active, weight 1, 0 open`],
      ['w2', true, `behind the virtual IP; ${ownPort}/tcp active, weight 1, 0 open`],
    ]);
  });

  it('a reload removes virtual IPs, and another restores the same ones', async () => {
    write(['w1', await task('w1')]);
    const daemon = await ground.started();
    const answer = await ask(daemon, 'web.shop.rancher.internal');
    const [vip = ''] = answer.split('/');
    await daemon.reload(ground.loaded('vip=false'));
    expect(await ask(daemon, 'web.shop.rancher.internal')).toBe('127.0.0.1/5');
    await vi.waitFor(async () => expect(await dial(vip, ownPort)).toBe('ECONNREFUSED'));
    await daemon.reload(ground.loaded());
    expect(await ask(daemon, 'web.shop.rancher.internal')).toBe(answer);
    await vi.waitFor(async () => expect(await dial(vip, ownPort)).toBe('w1'));
  });

  it('a failed connection counts for a passive check of the task', async () => {
    const [alive, dead] = [await task('w1'), await task('w2')];
    const labels = (port: number) =>
      `labels: { fairlead.health.port: '${port}', fairlead.health.fall: '1', fairlead.health.passive: 'true', fairlead.health.interval: 60s }`;
    const entry = (name: string, port: number) =>
      `{ name: ${name}, ip: 127.0.0.1, ports: { ${ownPort}/tcp: ${port} }, ${labels(port)} }`;
    writeFileSync(
      ground.path('services.yaml'),
      `stacks: { shop: { services: { web: { ports: [${ownPort}/tcp], endpoint_mode: vip, balancing: { panic_threshold: 1 }, tasks: [${entry('w1', alive)}, ${entry('w2', dead)}] } } } }\n`,
    );
    const daemon = await ground.started();
    const health = () => daemon.catalog.snapshot.tasksNamed('default', 'w2')[0];
    await vi.waitFor(() => expect(health()?.health).toBe('healthy'));
    const [vip = ''] = (await ask(daemon, 'web.shop.rancher.internal')).split('/');
    // Both take connections before one is gone.
    await vi.waitFor(async () =>
      expect([await dial(vip, ownPort), await dial(vip, ownPort)].sort()).toEqual(['w1', 'w2']),
    );
    await new Promise((resolve) => servers[1]?.close(resolve));
    servers.splice(1, 1);
    // The other task takes what it refuses.
    expect([await dial(vip, ownPort), await dial(vip, ownPort)]).toEqual(['w1', 'w1']);
    await vi.waitFor(() => expect(health()?.health).toBe('unhealthy'));
  });
});

describe('a virtual IP in the API', () => {
  const service = tcpService({ ip: '10.43.0.5', port: 80 }, [
    backend('w1', { ip: '10.42.0.1', port: 80 }, { weight: 0 }),
    backend('w2', { ip: '10.42.0.2', port: 80 }, { maxConnections: 1 }),
    backend('w3', { ip: '10.42.0.3', port: 80 }, { state: 'draining' }),
  ]);
  const counters = {
    ...service,
    ...{ active: 1, total: 2, bytesIn: 3, bytesOut: 4, refused: 5, failed: 6, retried: 7 },
    backends: service.backends.map((each, at) => ({
      ...each,
      ...{ active: at, total: 2, bytesIn: 3, bytesOut: 4, errors: 0 },
    })),
  };
  const info = (...kept: Parameters<typeof infosOf>[0] extends Iterable<infer Kept> ? Kept[] : never) =>
    [...infosOf(kept)][0];

  it('has each task with its state and address', () => {
    const seen = info({ service, counters });
    expect(seen).toMatchObject({ state: 'up', total: 2, refused: 5 });
    expect(seen?.tasks.map(({ task, state, address }) => [task, state, address])).toEqual([
      ['w1', 'quiesced', '10.42.0.1:80'],
      ['w2', 'full', '10.42.0.2:80'],
      ['w3', 'draining', '10.42.0.3:80'],
    ]);
  });

  it('has the settings that limit it, and none if nothing is set', () => {
    expect(info({ service, counters })).not.toHaveProperty('settings');
    const bounds = { maxConnections: 100, maxPerClient: 20, proxyProtocol: 'v2', acceptProxy: true } as const;
    expect(
      info({ service: { ...service, ...bounds, affinity: { timeout: 600 } }, counters })?.settings,
    ).toEqual({
      ...bounds,
      affinity: 600,
    });
  });

  it('is empty when no task accepts connections, and down when it is not carried', () => {
    const backends = counters.backends.filter(({ id }) => id === 'w3');
    expect(info({ service, counters: { ...counters, backends } })?.state).toBe('empty');
    expect(info({ service, problem: 'the port is in use' })).toMatchObject({
      ...{ state: 'down', problem: 'the port is in use', total: 0 },
    });
  });
});

describe('a pool that something else uses', () => {
  const ground = new Ground();
  const own = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

  it.skipIf(own === undefined)('is an error with its place if the operator chose it', async () => {
    const pool = `${(own ?? '').split('.').slice(0, 2).join('.')}.0.0/16`;
    const started = ground.started(ground.loaded(`vip.pool=${pool}`));
    await expect(started).rejects.toThrow(
      new RegExp(`^--set vip\\.pool=${pool}: ${pool} overlaps .*; set vip\\.pool to an unused range`),
    );
    await expect(started).rejects.toBeInstanceOf(ConfigFault);
  });
});
