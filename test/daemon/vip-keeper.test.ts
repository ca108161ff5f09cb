import { writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { getJson } from '../../src/api/client.js';
import type { ExplainJson } from '../../src/api/types/query.js';
import type {
  DataPlane,
  PlaneProblem,
  VirtualService,
  VirtualServiceCounters,
} from '../../src/balancer/data-plane.js';
import { Catalog } from '../../src/catalog/catalog.js';
import type { FactSink } from '../../src/catalog/facts.js';
import { parseConfigText } from '../../src/config/load.js';
import { VipKeeper, type VipKeeperOptions } from '../../src/daemon/vip-keeper.js';
import { VipSupplier } from '../../src/daemon/vip-supply.js';
import { ref, taskFact } from '../support/facts.js';
import { recordedLog } from '../support/recorded-log.js';
import { ask, Ground, silentLog } from './support.js';
import { ownPort } from '../support/own-port.js';

const POOL = '127.43.0.0/16';

/** Takes everything down, and carries it when it is told to. */
class FakePlane implements DataPlane {
  readonly applied: (readonly VirtualService[])[] = [];
  problems: readonly PlaneProblem[] = [];
  hold: Promise<void> | undefined;
  listenPort: number | undefined;
  ended: string[] = [];

  async apply(desired: readonly VirtualService[]): Promise<readonly PlaneProblem[]> {
    this.applied.push(desired);
    await this.hold;
    return this.problems;
  }

  counters(): Promise<readonly VirtualServiceCounters[]> {
    const { listenPort } = this;
    const counters = (this.applied.at(-1) ?? []).map((each) => ({
      ...{ service: each.service, vip: each.vip, port: each.port },
      ...{ protocol: each.protocol, scheduler: each.scheduler },
      ...(listenPort !== undefined && { listenPort }),
      ...{ active: 1, total: 2, bytesIn: 3, bytesOut: 4, refused: 5, failed: 6, retried: 7 },
      backends: each.backends.map(({ id, name, address, weight, state }, at) => ({
        ...{ id, name, address, weight, state },
        ...{ active: at, total: 2, bytesIn: 3, bytesOut: 4, errors: 0 },
      })),
    }));
    return Promise.resolve(counters);
  }

  drain(): Promise<void> {
    this.ended.push('drain');
    return this.hold ?? Promise.resolve();
  }

  close(): Promise<void> {
    this.ended.push('close');
    return Promise.resolve();
  }
}

let catalog: Catalog;
let sink: FactSink;
let plane: FakePlane;
let keepers: VipKeeper[];
let now: number;
let warned: string[];

beforeEach(() => {
  [plane, keepers, now, warned] = [new FakePlane(), [], 1_000_000, []];
  catalog = new Catalog({ clock: () => now });
});
afterEach(async () => {
  plane.hold = undefined;
  await Promise.all(keepers.map((keeper) => keeper.stop()));
});

const web = (number: number, more: object = {}) =>
  taskFact(`w${number}`, {
    service: ref('web.shop'),
    ip: `10.42.0.${number}`,
    ports: [{ port: 80, protocol: 'tcp', target: 80 }],
    ...more,
  });

async function keeper(
  config = `vip: { pool: ${POOL} }`,
  options: Partial<VipKeeperOptions> = {},
): Promise<VipKeeper> {
  const loaded = parseConfigText(config);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  const log = recordedLog(warned);
  const made = new VipKeeper({ catalog, plane, log, clock: () => now, ...options });
  keepers.push(made);
  made.use(loaded.config, await made.prepare(loaded));
  sink = catalog.sink('docker');
  sink.replace({ tasks: [web(1), web(2)] });
  sink.status({ state: 'live' });
  await made.start();
  return made;
}

const applies = (count: number) => vi.waitFor(() => expect(plane.applied).toHaveLength(count));
const backends = () => plane.applied.at(-1)?.map((each) => each.backends.map(({ id }) => id));

describe('what the data plane is told', () => {
  it('is all there is when the keeper has started, and every change', async () => {
    await keeper();
    expect(plane.applied).toHaveLength(1);
    expect(backends()).toEqual([['w1', 'w2']]);
    sink.update({ tasks: [web(2, { health: 'unhealthy' })] });
    await applies(2);
    expect(backends()).toEqual([['w1']]);
  });

  it('is the last state only, once, while it is busy with one before', async () => {
    await keeper();
    let go = () => {};
    plane.hold = new Promise((resolve) => (go = resolve));
    sink.update({ tasks: [web(3)] });
    await applies(2);
    for (const number of [4, 5, 6]) sink.update({ tasks: [web(number)] });
    go();
    await applies(3);
    expect(backends()).toEqual([['w1', 'w2', 'w3', 'w4', 'w5', 'w6']]);
  });

  it('is told again when weights change by themselves', async () => {
    await keeper(`vip: { pool: ${POOL} }\nbalancing: { slowStart: 1s }`);
    sink.update({ tasks: [web(3, { startedAt: now })] });
    await applies(2);
    const weightOf = () => plane.applied.at(-1)?.[0]?.backends.map(({ weight }) => weight);
    const early = weightOf();
    now += 700;
    await applies(3);
    const [old = 0, , fresh = 0] = weightOf() ?? [];
    expect(fresh).toBeLessThan(old);
    expect(fresh).toBeGreaterThan(early?.[2] ?? Infinity);
  });

  it('is nothing when there are no virtual IPs', async () => {
    const off = await keeper('vip: false');
    expect(plane.applied).toEqual([[]]);
    expect(off.status()).toEqual({ plane: 'off', why: 'vip is false', wanted: false, services: 0 });
  });
});

describe('what it tells', () => {
  it('each port with its tasks and counters', async () => {
    const own = await keeper();
    sink.update({ tasks: [web(1, { weight: 0 }), web(2, { balancing: { maxConnections: 1 } })] });
    sink.update({ tasks: [web(3, { health: 'draining' })] });
    await applies(2);
    await vi.waitFor(async () => expect([...(await own.services())][0]?.tasks).toHaveLength(3));
    expect(own.status()).toEqual({ plane: 'proxy', pool: POOL, services: 1 });
    const [service] = await own.services();
    expect(service).toMatchObject({
      service: 'default/shop/web',
      port: 80,
      state: 'up',
      total: 2,
      refused: 5,
    });
    expect(service?.tasks.map(({ task, state, address }) => [task, state, address])).toEqual([
      ['w1', 'quiesced', '10.42.0.1:80'],
      ['w2', 'full', '10.42.0.2:80'],
      ['w3', 'draining', '10.42.0.3:80'],
    ]);
  });

  it('a port with the settings that bound it, and none where nothing is set', async () => {
    const own = await keeper();
    expect([...(await own.services())][0]).not.toHaveProperty('settings');
    const balancing = {
      ...{ serviceMaxConnections: 100, maxPerClient: 20, affinity: 600 },
      ...{ proxyProtocol: 'v2', acceptProxy: true },
    };
    sink.update({ tasks: [web(3, { balancing })] });
    await applies(2);
    await vi.waitFor(async () => {
      const [service] = await own.services();
      expect(service?.settings).toEqual({
        ...{ maxConnections: 100, maxPerClient: 20, affinity: 600 },
        ...{ proxyProtocol: 'v2', acceptProxy: true },
      });
    });
  });

  it('a service that nobody can serve is empty', async () => {
    const own = await keeper();
    sink.replace({ tasks: [web(1, { health: 'draining' })] });
    await vi.waitFor(async () => expect([...(await own.services())]).toMatchObject([{ state: 'empty' }]));
  });

  it('an address that cannot be served is down, told once, and tried again', async () => {
    const own = await keeper(undefined, { retryMs: 20 });
    const vip = plane.applied.at(-1)?.[0]?.vip ?? '';
    plane.problems = [{ vip, port: 80, protocol: 'tcp', message: 'the port is taken' }];
    vi.spyOn(plane, 'counters').mockResolvedValue([]);
    sink.update({ tasks: [web(3)] });
    await vi.waitFor(() => expect(own.problems()).toHaveLength(1));
    const [problem] = own.problems();
    expect(problem).toMatchObject({ code: 'vip-not-served', subject: `virtual IP ${vip}:80/tcp` });
    expect([...(await own.services())]).toMatchObject([
      { state: 'down', problem: 'the port is taken', total: 0 },
    ]);
    await vi.waitFor(() => expect(plane.applied.length).toBeGreaterThan(3));
    expect(warned).toEqual(['the port is taken']);
    plane.problems = [];
    await vi.waitFor(() => expect(own.problems()).toEqual([]));
  });
});

describe('listeners at other ports', () => {
  const led: { pool: string; redirects: unknown }[] = [];
  let fails: boolean;
  let attempts: number;
  const supplier = () =>
    new VipSupplier(silentLog, {
      hostRanges: () => [],
      addLocalRoute: () => Promise.resolve(true),
      removeLocalRoute: () => Promise.resolve(),
      allowNonlocalBind: () => false,
      forbidNonlocalBind: () => undefined,
      removeVipRules: () => Promise.resolve(),
      writeVipRules: (pool, redirects) => {
        attempts += 1;
        if (fails) return Promise.reject(new Error('no right to do that'));
        led.push({ pool, redirects });
        return Promise.resolve();
      },
    });
  beforeEach(() => {
    [led.length, attempts, fails, plane.listenPort] = [0, 0, false, 40001];
  });

  it('are told to the kernel when they come, not with every change', async () => {
    const own = await keeper('vip: { pool: 10.43.0.0/16 }', { supplier: supplier() });
    expect(own.isLed).toBe(true);
    const { vip } = plane.applied[0]?.[0] ?? {};
    const redirects = [{ vip, port: 80, listenPort: 40001 }];
    expect(led.map((each) => each.redirects)).toEqual([[], redirects]);
    sink.update({ tasks: [web(3)] });
    await applies(2);
    sink.update({ tasks: [web(4, { service: ref('api.shop') })] });
    await vi.waitFor(() => expect(led).toHaveLength(3));
    expect(led[2]?.redirects).toHaveLength(2);
  });

  it('that the kernel cannot be told of are a problem until it can', async () => {
    const own = await keeper('vip: { pool: 10.43.0.0/16 }', { supplier: supplier(), retryMs: 20 });
    fails = true;
    sink.update({ tasks: [web(4, { service: ref('api.shop') })] });
    await vi.waitFor(() => expect(own.problems()).toMatchObject([{ code: 'vip-rules' }]));
    const tried = attempts;
    now += 20;
    await vi.waitFor(() => expect(attempts).toBeGreaterThan(tried));
    expect(warned).toEqual(['no right to do that']);
    fails = false;
    now += 20;
    await vi.waitFor(() => expect(own.problems()).toEqual([]));
    expect(led.at(-1)?.redirects).toHaveLength(2);
  });
});

it('stops after a while although connections are still open', async () => {
  const own = await keeper(undefined, { stopMs: 20 });
  plane.hold = new Promise(() => undefined);
  await own.stop();
  expect(plane.ended).toEqual(['drain', 'close']);
  sink.update({ tasks: [web(3)] });
  expect(plane.applied).toHaveLength(1);
});

describe('in the daemon', () => {
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

  it('a name answers an address that leads to the tasks, the same after a restart', async () => {
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

  it('explain tells the limits of a port', async () => {
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

  it('explain tells the virtual IP, and who takes connections', async () => {
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

  it('a reload takes virtual IPs away, and gives the same back', async () => {
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

  it('a failed connection counts for the check of the task when it is passive', async () => {
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
