import { createServer, connect, type Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import type { FactSink, TaskFact } from '../../src/catalog/facts.js';
import type { PublisherStatus } from '../../src/catalog/publisher.js';
import { checkFromRegistrator } from '../../src/health/definitions/registrator.js';
import { ContainerLabels } from '../../src/sources/docker/container-labels.js';
import { publishingNode } from '../publishers/publisher-contract.js';
import { publisherOptions, startPublisher } from '../support/consul-publisher.js';
import { isThorough } from '../support/depth.js';
import { ref, taskFact } from '../support/facts.js';
import { createConsul, type ConsulAgent } from './support/consul.js';
import { keepLooking, until, untilEqual } from './support/poll.js';

interface Instance {
  readonly Service: {
    readonly ID: string;
    readonly Service: string;
    readonly Address: string;
    readonly Port: number;
    readonly Tags: readonly string[];
    readonly Meta: Readonly<Record<string, string>>;
  };
  readonly Checks: readonly { readonly CheckID: string; readonly Status: string; readonly Type: string }[];
}

let consul: ConsulAgent;
let catalog: Catalog;
let docker: FactSink;

beforeAll(async () => {
  consul = await createConsul();
  await consul.start();
});
afterAll(() => consul.close());
beforeEach(async () => {
  for (const id of Object.keys((await consul.get('/agent/services')) as object))
    await consul.put(`/agent/service/deregister/${encodeURIComponent(id)}`);
  catalog = new Catalog();
  docker = catalog.sink('docker', undefined, { node: publishingNode.id });
  docker.status({ state: 'live' });
});

const published = (port: number) => [{ ip: '0.0.0.0', port }];
const container = (over: Parameters<typeof taskFact>[1] = {}): TaskFact =>
  taskFact('c0ffee', {
    ...{ name: 'front-1', service: ref('front.shop'), ip: '172.17.0.2', network: 'bridge' },
    ...{ node: publishingNode, image: 'registry:5000/team/nginx:1.27' },
    ports: [{ port: 80, protocol: 'tcp', target: 80, published: published(32768) }],
    ...over,
  });
const instances = async (name: string): Promise<Instance[]> =>
  (await consul.get(`/health/service/${name}`)) as Instance[];
const start = async (ids: 'fairlead' | 'registrator' = 'registrator') => {
  const publisher = await startPublisher(catalog, publisherOptions(consul.address, { ids, internal: false }));
  onTestFinished(() => publisher.stop());
  return publisher;
};

describe('every key of registrator, in the catalog of a real Consul', () => {
  let statuses: readonly PublisherStatus[] = [];
  /** What is registered for a container with these labels and variables, under each name. */
  const registered = async (
    labels: Readonly<Record<string, string>>,
    env: Readonly<Record<string, string>>,
    over: Parameters<typeof taskFact>[1] = {},
  ): Promise<Instance[]> => {
    docker.replace({ tasks: [container({ labels: new ContainerLabels().of({ labels, env }), ...over })] });
    ({ statuses } = await start());
    await until(
      'published',
      () => Promise.resolve(statuses.at(-1)?.state),
      (state) => state === 'live',
    );
    const names = Object.keys((await consul.get('/catalog/services')) as object).filter(
      (name) => name !== 'consul',
    );
    return (await Promise.all(names.map(instances))).flat();
  };
  type Labels = Readonly<Record<string, string>>;

  it.each<[Labels, Labels, object]>([
    [{}, {}, { Service: 'nginx', ID: 'alpha:front-1:80', Address: '192.0.2.1', Port: 32768 }],
    [{ SERVICE_NAME: 'www' }, {}, { Service: 'www' }],
    [{}, { SERVICE_NAME: 'www' }, { Service: 'www' }],
    [{ SERVICE_NAME: 'label' }, { SERVICE_NAME: 'variable' }, { Service: 'label' }],
    [{ SERVICE_80_NAME: 'www' }, {}, { Service: 'www' }],
    [{ SERVICE_TAGS: 'a,b\\,c,,d' }, {}, { Tags: expect.arrayContaining(['a', 'b,c', 'd']) as unknown }],
    [{ SERVICE_80_TAGS: 'own', SERVICE_TAGS: 'all' }, {}, { Tags: ['own', 'fairlead-service=shop/front'] }],
    [{ SERVICE_ID: 'mine' }, {}, { ID: 'mine' }],
    [{ SERVICE_80_ID: 'mine/80' }, {}, { ID: 'mine/80' }],
    [{ SERVICE_REGION: 'eu' }, {}, { Meta: expect.objectContaining({ region: 'eu' }) as unknown }],
    [{}, { SERVICE_REGION: 'eu' }, { Meta: expect.objectContaining({ region: 'eu' }) as unknown }],
    [
      { SERVICE_80_REGION: 'us', SERVICE_REGION: 'eu' },
      {},
      { Meta: expect.objectContaining({ region: 'us' }) as unknown },
    ],
    [
      { 'SERVICE_foo.bar': 'refused by Consul', SERVICE_REGION: 'eu' },
      {},
      { Meta: expect.objectContaining({ region: 'eu' }) as unknown },
    ],
  ])('%j, and from the environment %j', async (labels, env, expected) => {
    const [instance, ...others] = await registered(labels, env);
    expect(others).toEqual([]);
    expect(instance?.Service).toMatchObject(expected);
    expect(instance?.Checks.find(({ Type }) => Type === 'ttl')?.Status).toBe('passing');
  });

  it.each<[Labels]>([[{ SERVICE_IGNORE: 'false' }], [{ SERVICE_80_IGNORE: '1' }]])(
    '%j: nothing',
    async (labels) => {
      expect(await registered(labels, {})).toEqual([]);
    },
  );

  it.each(['passing', 'warning', 'critical'])(
    'SERVICE_CHECK_INITIAL_STATUS=%s is the state until the first result of a check',
    async (status) => {
      const labels = { SERVICE_CHECK_INITIAL_STATUS: status };
      const [instance] = await registered(labels, {}, { health: 'initializing' });
      expect(instance?.Checks.find(({ Type }) => Type === 'ttl')?.Status).toBe(status);
      docker.update({ tasks: [container({ labels, health: 'unhealthy' })] });
      await untilEqual(
        'the state after a result',
        async () => (await instances('nginx'))[0]?.Checks.find(({ Type }) => Type === 'ttl')?.Status,
        'critical',
      );
    },
  );

  it.each(['90m', '1h30m'])(
    'SERVICE_CHECK_DEREGISTER_AFTER=%s is a time that Consul takes',
    async (after) => {
      const [instance] = await registered({ SERVICE_CHECK_DEREGISTER_AFTER: after }, {});
      expect(instance?.Service.Meta).toMatchObject({ check_deregister_after: after });
    },
  );

  it.each<[Labels]>([
    [{ SERVICE_CHECK_DEREGISTER_AFTER: 'soon' }],
    [{ SERVICE_CHECK_INITIAL_STATUS: 'fine' }],
    [{ 'SERVICE_foo.bar': 'x' }],
  ])('%j, which Consul refuses, is left out with a warning, and the rest is registered', async (labels) => {
    const [[key, value]] = Object.entries(labels) as [[string, string]];
    const attribute = key.replace('SERVICE_', '').toLowerCase();
    const refused = {
      ...{ ID: 'refused', Name: 'refused', Meta: { [attribute]: value } },
      Check: {
        TTL: '90s',
        ...(attribute === 'check_initial_status' && { Status: value }),
        ...(attribute === 'check_deregister_after' && { DeregisterCriticalServiceAfter: value }),
      },
    };
    await expect(consul.put('/agent/service/register', refused)).rejects.toThrow(/: 400 /);
    const [instance] = await registered({ ...labels, SERVICE_REGION: 'eu' }, {});
    expect(instance?.Service.Meta).toMatchObject({ region: 'eu' });
    expect(instance?.Service.Meta).not.toHaveProperty([attribute]);
    expect(statuses.at(-1)?.problems).toMatchObject([
      { code: 'label-invalid', message: expect.stringContaining(key.toUpperCase()) as string },
    ]);
  });

  /** Each check of registrator, and what Fairlead makes of it: it runs the check, and Consul has a TTL check with the result. */
  it.each<[Labels, object]>([
    [{ SERVICE_CHECK_HTTP: '/up' }, { kind: 'http', tls: false, path: '/up', method: 'GET' }],
    [
      { SERVICE_CHECK_HTTP: '/up', SERVICE_CHECK_HTTP_METHOD: 'HEAD' },
      { kind: 'http', method: 'HEAD' },
    ],
    [
      { SERVICE_80_CHECK_HTTP: '/own', SERVICE_CHECK_HTTP: '/all' },
      { kind: 'http', path: '/own' },
    ],
    [{ SERVICE_CHECK_HTTPS: '/up' }, { kind: 'http', tls: true, path: '/up' }],
    [
      { SERVICE_CHECK_HTTPS: '/up', SERVICE_CHECK_HTTPS_METHOD: 'POST' },
      { kind: 'http', tls: true, method: 'POST' },
    ],
    [{ SERVICE_CHECK_CMD: '/check' }, { kind: 'exec' }],
    [{ SERVICE_CHECK_SCRIPT: 'nc -z $SERVICE_IP $SERVICE_PORT' }, { kind: 'exec' }],
    [{ SERVICE_CHECK_TTL: '30s' }, { kind: 'ttl', interval: 30_000 }],
    [{ SERVICE_CHECK_TCP: 'true' }, { kind: 'tcp' }],
    [{ SERVICE_CHECK_GRPC: 'true' }, { kind: 'grpc' }],
    [
      {
        ...{ SERVICE_CHECK_GRPC: 'true', SERVICE_CHECK_GRPC_USE_TLS: 'true' },
        SERVICE_CHECK_TLS_SKIP_VERIFY: 'true',
      },
      { kind: 'grpc', tls: true },
    ],
    [
      { SERVICE_CHECK_TCP: '1', SERVICE_CHECK_INTERVAL: '3s' },
      { kind: 'tcp', interval: 3000 },
    ],
    [
      { SERVICE_CHECK_TCP: '1', SERVICE_CHECK_INTERVAL: '5s', SERVICE_CHECK_TIMEOUT: '2s' },
      { kind: 'tcp', timeout: 2000 },
    ],
  ])('%j', async (labels, check) => {
    expect(checkFromRegistrator(labels, 80)).toMatchObject({ check });
    const [instance, ...others] = await registered(labels, {}, { health: 'unhealthy' });
    expect(others).toEqual([]);
    const attributes = Object.entries(labels).map(([key, value]) => [
      key.replace(/^SERVICE_(?:80_)?/, '').toLowerCase(),
      value,
    ]);
    // The label of the port wins.
    expect(instance?.Service.Meta).toMatchObject(Object.fromEntries(attributes.reverse()) as object);
    const ttl = async () => (await instances('nginx'))[0]?.Checks.filter(({ Type }) => Type !== '') ?? [];
    expect(await ttl()).toMatchObject([{ Type: 'ttl', Status: 'critical' }]);
    docker.update({ tasks: [container({ labels, health: 'healthy' })] });
    await untilEqual('states', async () => (await ttl()).map(({ Status }) => Status), ['passing']);
  });

  it('several ports and UDP have names, ids and tags as registrator gives them', async () => {
    const ports = [
      { port: 80, protocol: 'tcp', target: 80, published: published(32768) },
      { port: 53, protocol: 'udp', target: 53, published: published(32769) },
    ] as const;
    const found = await registered({ SERVICE_NAME: 'front' }, {}, { ports });
    expect(
      found.map(({ Service }) => [Service.Service, Service.ID, Service.Port, Service.Tags.includes('udp')]),
    ).toEqual([
      ['front-53', 'alpha:front-1:53:udp', 32769, true],
      ['front-80', 'alpha:front-1:80', 32768, false],
    ]);
  });
});

describe("registrator's own entries", () => {
  it('are taken over without a moment in which they are gone or not passing', async () => {
    await consul.put('/agent/service/register', {
      ...{ ID: 'alpha:front-1:80', Name: 'nginx', Address: '192.0.2.1', Port: 32768, Tags: ['v1'] },
      ...{ Meta: { region: 'eu' }, Check: { TTL: '1h', Status: 'passing' } },
    });
    docker.replace({ tasks: [container({ labels: { SERVICE_TAGS: 'v1', SERVICE_REGION: 'eu' } })] });
    const seen = new Set<string>();
    const stop = keepLooking(async () => {
      const found = await instances('nginx');
      const states = found.flatMap(({ Checks }) => Checks.map(({ Status }) => Status));
      seen.add(`${found.length} ${[...new Set(states)].join()}`);
    });
    await start();
    await until(
      'the entry is ours',
      () => instances('nginx'),
      ([instance]) => instance?.Service.Meta['fairlead-owner'] === publishingNode.id,
    );
    await stop();
    expect([...seen]).toEqual(['1 passing']);
    const [instance] = await instances('nginx');
    expect(instance?.Service).toMatchObject({ ID: 'alpha:front-1:80', Meta: { region: 'eu' } });
    expect(instance?.Service.Tags).toContain('v1');
    // Registrator's check is not left behind.
    expect(instance?.Checks.filter(({ CheckID }) => CheckID !== 'serfHealth')).toHaveLength(1);
  });

  it('of other containers are left alone, and those of ours go with their containers', async () => {
    await consul.put('/agent/service/register', { ID: 'alpha:other:80', Name: 'other', Port: 80 });
    docker.replace({ tasks: [container()] });
    await start();
    await until(
      'it is there',
      () => instances('nginx'),
      ({ length }) => length === 1,
    );
    docker.update({ removedTasks: ['c0ffee'] });
    await until(
      'it is gone',
      () => instances('nginx'),
      ({ length }) => length === 0,
    );
    expect(await instances('other')).toHaveLength(1);
  });

  it('of a former name of this host, and ghosts of a killed process, are removed', async () => {
    docker.replace({ tasks: [container()] });
    const options = publisherOptions(consul.address, { ids: 'registrator', internal: false });
    const first = await startPublisher(catalog, options);
    await until(
      'it is there',
      () => instances('nginx'),
      ({ length }) => length === 1,
    );
    await first.stop();
    const node = { id: publishingNode.id, name: 'renamed' };
    docker.replace({ tasks: [container({ node })] });
    const second = await startPublisher(catalog, { ...options, node });
    onTestFinished(() => second.stop());
    const ids = async () => (await instances('nginx')).map(({ Service }) => Service.ID);
    await untilEqual('ids', ids, ['renamed:front-1:80']);
  });

  it('come back when the agent has lost them', async () => {
    docker.replace({ tasks: [container()] });
    await start();
    await until(
      'it is there',
      () => instances('nginx'),
      ({ length }) => length === 1,
    );
    await consul.put('/agent/service/deregister/alpha:front-1:80');
    await until(
      'it is there again',
      () => instances('nginx'),
      ({ length }) => length === 1,
    );
  });

  it('drain as maintenance, and are removed when the container has stopped', async () => {
    docker.replace({ tasks: [container()] });
    await start();
    await until(
      'it is there',
      () => instances('nginx'),
      ({ length }) => length === 1,
    );
    docker.update({ tasks: [container({ health: 'draining', reason: 'stop signal 15 sent' })] });
    await until(
      'it drains',
      () => instances('nginx'),
      ([instance]) =>
        instance?.Checks.some(({ CheckID }) => CheckID.startsWith('_service_maintenance:')) === true,
    );
    docker.update({ tasks: [container({ health: 'stopped' })] });
    await until(
      'it is gone',
      () => instances('nginx'),
      ({ length }) => length === 0,
    );
  });
});

/** Consul takes a minute at least, and looks every 30 seconds: too long for a short run. */
describe.runIf(isThorough)(
  'an entry with SERVICE_CHECK_DEREGISTER_AFTER whose publisher cannot be heard',
  () => {
    it('is removed by Consul, and is there again once its publisher is', async () => {
      const way = await createWay(new URL(consul.address));
      onTestFinished(() => way.close());
      const labels = new ContainerLabels().of({ labels: { SERVICE_CHECK_DEREGISTER_AFTER: '1m' }, env: {} });
      docker.replace({ tasks: [container({ labels })] });
      const timing = { tick: 500, ttl: 2000, minBackoff: 50, maxBackoff: 500 };
      const options = publisherOptions(way.address, { ids: 'registrator', internal: false, timing });
      const publisher = await startPublisher(catalog, options);
      onTestFinished(() => publisher.stop());
      const statuses = async () =>
        (await instances('nginx')).map(({ Checks }) => Checks.find(({ Type }) => Type === 'ttl')?.Status);
      await untilEqual('the check', statuses, ['passing']);
      way.cut();
      await untilEqual('the check', statuses, ['critical']);
      await untilEqual('the check', statuses, [], { within: 150_000 });
      way.mend();
      await untilEqual('the check', statuses, ['passing']);
    });
  },
);

/** A way to an address that can be cut. */
async function createWay({ hostname, port }: URL) {
  const open = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    if (isCut) {
      near.destroy();
      return;
    }
    const far = connect(Number(port), hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        open.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const place = server.address();
  if (place === null || typeof place === 'string') throw new Error('the server has no port');
  const end = () => {
    isCut = true;
    for (const socket of open) socket.destroy();
  };
  return {
    address: `http://127.0.0.1:${place.port}`,
    cut: end,
    mend: () => (isCut = false),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        end();
      }),
  };
}
