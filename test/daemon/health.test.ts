import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ask, Ground } from './support.js';

const ground = new Ground();
const WEB = 'web.shop.rancher.internal';

let listening: Server[] = [];
afterEach(async () => {
  await Promise.all(listening.map((server) => new Promise((resolve) => server.close(resolve))));
  listening = [];
});

/** A task of `web.shop` at 127.0.0.1, with or without somebody who listens. @returns its port */
async function task(listens: boolean): Promise<number> {
  // The probe ends its connection with a reset.
  const server = createServer((socket) => socket.on('error', () => undefined));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  if (listens) listening.push(server);
  else await new Promise((resolve) => server.close(resolve));
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

const fast = (port: number) => ({ port, interval: 100, response_timeout: 100, healthy_threshold: 1 });
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

describe('a check that cannot run', () => {
  it('is a mistake in the configuration, with its place', async () => {
    writeFileSync(ground.path('rancher-compose.yml'), 'web:\n  health_check:\n    port: 99999\n');
    const compose = 'health.rancherCompose={"shop":"rancher-compose.yml"}';
    const place = ground.path('rancher-compose.yml');
    await expect(ground.started(ground.loaded(compose))).rejects.toThrow(
      new RegExp(`^${place}:3:11: service "web": health_check\\.port: [^\\n]+$`),
    );
    const wrong = 'health.defaults={"shop":{"port":80,"interval":"soon"}}';
    await expect(ground.started(ground.loaded(wrong))).rejects.toThrow(
      /^--set health\.defaults=.*: health\.defaults\.shop\.interval: [^\n]+$/,
    );
    const missing = 'health.rancherCompose={"shop":"none.yml"}';
    await expect(ground.started(ground.loaded(missing))).rejects.toThrow(
      /health\.rancherCompose\.shop: .*none\.yml: there is no such file; check the path$/,
    );
  });

  it('leaves the old ones in force when it comes with a reload', async () => {
    const port = await task(true);
    const daemon = await ground.started(ground.loaded(defaults(port)));
    await expect(daemon.reload(ground.loaded('health.defaults={"shop":{"port":"x"}}'))).rejects.toThrow(
      /port/,
    );
    expect(daemon.catalog.snapshot.tasksNamed('default', 'w1')[0]?.reason).toMatch(/not probed|connected/);
  });

  it('is a problem when a label has it', async () => {
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
