import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import type { Daemon } from '../../src/daemon/daemon.js';
import type { ExecPort } from '../../src/health/probes/exec.js';
import { HealthKeeper } from '../../src/health/check-keeper.js';
import { runDaemon } from '../../src/daemon/run-daemon.js';
import { Signals } from '../../src/daemon/end-signals.js';
import { CheckBook } from '../../src/health/check-book.js';
import { ask as askApi } from '../api/fixture.js';
import { taskFact } from '../support/facts.js';
import { closedPort } from '../support/own-port.js';
import { ask, Ground } from '../daemon/support.js';

const ground = new Ground();
const WEB = 'web.shop.rancher.internal';

let listening: Server[] = [];
/** Connections to tasks so far. */
let probed = 0;
afterEach(async () => {
  await Promise.all(listening.map((server) => new Promise((resolve) => server.close(resolve))));
  listening = [];
});

/** Somebody who listens at 127.0.0.1. @returns the port */
async function listener(): Promise<number> {
  // The probe ends its connection with a reset.
  const server = createServer((socket) => {
    probed++;
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  listening.push(server);
  return (server.address() as { port: number }).port;
}

/** A task of `web.shop` at 127.0.0.1, with or without somebody who listens. @returns its port */
async function task(listens: boolean): Promise<number> {
  const port = listens ? await listener() : closedPort;
  const one = '{ name: w1, ip: 127.0.0.1 }';
  // The other two are never checked: with one of three unhealthy nothing is doubted.
  const others = `{ name: w2, ip: 192.0.2.2, health: healthy, labels: { fairlead.health.type: none } },
    { name: w3, ip: 192.0.2.3, labels: { fairlead.health.type: none } }`;
  writeFileSync(
    ground.path('services.yaml'),
    `stacks: { shop: { services: { web: { tasks: [${one}, ${others}] } } } }\n`,
  );
  return port;
}

/** It is patient: on a busy machine an answer takes its time. */
const fast = (port: number) => ({
  ...{ port, interval: 100, response_timeout: 60_000, healthy_threshold: 1 },
});
const defaults = (port: number) => `health.defaults=${JSON.stringify({ shop: fast(port) })}`;

describe('checks from the configuration', () => {
  it.each([
    ['defaults of a stack, with somebody who listens', true, '127.0.0.1'],
    ['defaults of a stack, with nobody there', false, undefined],
  ])('%s', async (_, listens, expected) => {
    const port = await task(listens);
    const daemon = await ground.started(ground.loaded(defaults(port)));
    const health = listens ? 'healthy' : 'initializing';
    await vi.waitFor(() =>
      expect(daemon.catalog.snapshot.tasksNamed('default', 'w1')[0]?.health).toBe(health),
    );
    expect((await ask(daemon, WEB)).includes('127.0.0.1')).toBe(expected !== undefined);
    // Taken out of the configuration, the check is taken out of the answers.
    await daemon.reload(ground.loaded());
    await vi.waitFor(async () => expect(await ask(daemon, WEB)).toContain('127.0.0.1'));
  });

  it('a rancher-compose.yml', async () => {
    const port = await task(true);
    writeFileSync(
      ground.path('rancher-compose.yml'),
      `web:\n  scale: 3\n  health_check: ${JSON.stringify(fast(port))}\n`,
    );
    const daemon = await ground.started(
      ground.loaded('health.rancherCompose={"shop":"rancher-compose.yml"}'),
    );
    await vi.waitFor(() => {
      const [checked] = daemon.catalog.snapshot.tasksNamed('default', 'w1');
      expect([checked?.health, checked?.reason]).toEqual([
        'healthy',
        `probe tcp 127.0.0.1:${port}: connected`,
      ]);
    });
  });
});

describe('an invalid check', () => {
  it('is a mistake in the configuration: the daemon does not start, and reports all of them', async () => {
    writeFileSync(ground.path('shop.yml'), 'web:\n  health_check: { port: 99999, interval: soon }\n');
    writeFileSync(ground.path('fairlead.yaml'), 'health: { rancherCompose: { shop: shop.yml } }\n');
    const written: string[] = [];
    const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      written.push(String(text));
      return true;
    });
    const code = await runDaemon(
      { configPath: ground.path('fairlead.yaml'), set: [], demo: 'never', takeOver: false },
      new Signals(),
    );
    stderr.mockRestore();
    expect(code).toBe(78);
    expect(written).toEqual([
      expect.stringMatching(/^fairlead: \/.*\/shop\.yml:2:25: service "web": health_check\.port: [^\n]+\n$/),
      expect.stringMatching(
        /^fairlead: \/.*\/shop\.yml:2:42: service "web": health_check\.interval: [^\n]+\n$/,
      ),
    ]);
  });

  it('is a problem if it runs a program and there is no engine, and the task then has no check', async () => {
    checkedTask({ exec: '/bin/ok', initializing_timeout: '100ms' });
    const daemon = await ground.started();
    await vi.waitFor(() =>
      expect(daemon.catalog.snapshot.problems).toMatchObject([
        {
          code: 'health-check-invalid',
          message: expect.stringMatching(/^task w1: .*Docker engine/) as string,
        },
      ]),
    );
    expect(healthOf(daemon)).toBe('healthy');
    expect(await ask(daemon, WEB)).toBe('127.0.0.1/5');
  });

  it('is a problem if a label defines it', async () => {
    const wrong = '{ name: w1, ip: 192.0.2.1, labels: { fairlead.health.port: "80x" } }';
    writeFileSync(
      ground.path('services.yaml'),
      `stacks: { shop: { services: { web: { tasks: [${wrong}] } } } }\n`,
    );
    const daemon = await ground.started();
    await vi.waitFor(() =>
      expect(daemon.catalog.snapshot.problems).toMatchObject([
        { code: 'health-check-invalid', message: expect.stringMatching(/^task w1: .*port/) as string },
      ]),
    );
    expect(await ask(daemon, WEB)).toBe('192.0.2.1/5');
  });
});

/** A services file with one task of `web.shop` that has these labels. */
function checkedTask(labels: Readonly<Record<string, string>>): void {
  const text = JSON.stringify(
    Object.fromEntries(Object.entries(labels).map(([key, value]) => [`fairlead.health.${key}`, value])),
  );
  writeFileSync(
    ground.path('services.yaml'),
    `stacks: { shop: { services: { web: { tasks: [{ name: w1, ip: 127.0.0.1, labels: ${text} }] } } } }\n`,
  );
}
const healthOf = (daemon: Daemon) => daemon.catalog.snapshot.tasksNamed('default', 'w1')[0]?.health;
const call = (method: string, path: string, body: object = {}) =>
  askApi(ground.path('api.sock'), path, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

describe('in the daemon', () => {
  it('a beat counts at once', async () => {
    checkedTask({ type: 'ttl', interval: '1h', rise: '1', fall: '1' });
    const daemon = await ground.started();
    await vi.waitFor(() => expect(healthOf(daemon)).toBe('initializing'));
    expect((await call('PUT', '/v1/tasks/w1/beat')).status).toBe(200);
    await vi.waitFor(() => expect(healthOf(daemon)).toBe('healthy'));
    expect((await call('PUT', '/v1/tasks/w1/beat', { ok: false, note: 'disk full' })).status).toBe(200);
    await vi.waitFor(() => expect(healthOf(daemon)).toBe('unhealthy'));
    expect(daemon.catalog.snapshot.tasksNamed('default', 'w1')[0]?.reason).toContain('disk full');
  });

  it('a restart takes no task out that sends beats', async () => {
    // The first daemon has to stop within one interval of the beat.
    checkedTask({ type: 'ttl', interval: '4s', rise: '1', fall: '1' });
    const first = await ground.started();
    await call('PUT', '/v1/tasks/w1/beat');
    await vi.waitFor(() => expect(healthOf(first)).toBe('healthy'));
    await first.stop();
    const begun = Date.now();
    const second = await ground.started();
    await vi.waitFor(() => expect(healthOf(second)).toBe('unhealthy'));
    // A whole interval after the start: what the state file had is no older than the daemon.
    const [fall, ...others] = second.catalog.events().filter(({ type }) => type === 'task.health');
    expect(others).toEqual([]);
    expect(fall?.message).toMatch(/^healthy -> unhealthy/);
    expect(Number(fall?.at)).toBeGreaterThanOrEqual(begun + 4000);
  });

  it('a drain ends by itself, and is the only thing reported', async () => {
    const port = await task(true);
    const daemon = await ground.started(ground.loaded(defaults(port)));
    await vi.waitFor(() => expect(healthOf(daemon)).toBe('healthy'));
    await call('PUT', '/v1/tasks/w1/drain', { for: '1s' });
    const told = () =>
      daemon.catalog
        .events()
        .filter(({ type }) => type === 'task.health')
        .map(({ message }) => message.split(' (')[0]);
    const expected = ['healthy -> draining', 'draining -> healthy'];
    await vi.waitFor(() => expect(told().slice(-2)).toEqual(expected));
    const probes = probed;
    await vi.waitFor(() => expect(probed).toBeGreaterThan(probes + 2));
    expect(told().slice(-2)).toEqual(expected);
  });

  it('a drain takes a task out of the answers', async () => {
    const daemon = await ground.started();
    expect((await call('PUT', '/v1/tasks/w1/drain', { for: '1h' })).status).toBe(200);
    expect(healthOf(daemon)).toBe('draining');
    expect(await ask(daemon, WEB)).toBe('NOERROR');
    const undrain = { method: 'DELETE' };
    expect((await askApi(ground.path('api.sock'), '/v1/tasks/w1/drain', undrain)).status).toBe(200);
    await vi.waitFor(() => expect(healthOf(daemon)).toBe('healthy'));
  });

  it('a restart changes no task’s health', async () => {
    const port = await task(false);
    checkedTask({ port: String(port), interval: '100ms', timeout: '60s', initializing_timeout: '200ms' });
    const first = await ground.started();
    await vi.waitFor(() => expect(healthOf(first)).toBe('unhealthy'));
    await first.stop();
    const second = await ground.started();
    expect(healthOf(second)).toBe('unhealthy');
    await vi.waitFor(() =>
      expect(second.catalog.snapshot.sources.find(({ name }) => name === 'file')?.state).toBe('live'),
    );
    await vi.waitFor(async () => {
      const { checks } = (await askApi(ground.path('api.sock'), '/v1/health')).body as {
        checks: { last?: object }[];
      };
      expect(checks[0]?.last).toBeDefined();
    });
    expect(second.catalog.events().filter(({ message }) => message.includes('initializing'))).toEqual([]);
  });

  it('a program runs in the task that it checks', async () => {
    const ran: unknown[] = [];
    const catalog = new Catalog();
    const exec: ExecPort = {
      exec: (id, argv, { env }) => {
        ran.push([id, argv, env]);
        return Promise.resolve({ exitCode: 0, output: '' });
      },
    };
    const keeper = new HealthKeeper(catalog, new CheckBook(), exec, () => Promise.resolve());
    keeper.start();
    const labels = { 'fairlead.health.exec': '["/bin/ok"]', 'fairlead.health.rise': '1' };
    catalog.sink('docker').replace({ tasks: [taskFact('a', { ip: '10.0.0.7', labels })] });
    await vi.waitFor(() => expect(catalog.snapshot.task('a')?.health).toBe('healthy'));
    expect(ran[0]).toEqual(['a', ['/bin/ok'], { SERVICE_IP: '10.0.0.7' }]);
    keeper.stop();
  });
});
