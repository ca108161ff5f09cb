import { expect, it, onTestFinished } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import { createConsulPublisher } from '../../src/publishers/consul/consul-publisher.js';
import { createConsulSource } from '../../src/sources/consul/consul-source.js';
import { describePublisher, publishingNode } from '../publishers/publisher-contract.js';
import { describeSource } from '../sources/source-contract.js';
import { createConsul } from './support/consul.js';
import { until, untilEqual } from './support/poll.js';
import { publisherOptions, startPublisher } from '../support/consul-publisher.js';
import { taskFact } from '../support/facts.js';

interface AgentService {
  readonly ID: string;
  readonly Service: string;
  readonly Address: string;
  readonly Port: number;
  readonly Meta: Readonly<Record<string, string>>;
}

describeSource('Consul itself', async () => {
  const consul = await createConsul();
  await consul.start();
  const known = new Map<string, string>();
  return {
    create: () =>
      createConsulSource({
        consul: { address: consul.address },
        services: 'all',
        environment: 'default',
        stack: 'consul',
        pace: { refill: 20 },
      }),
    async have(tasks) {
      for (const id of [...known.keys()]) {
        if (id in tasks) continue;
        known.delete(id);
        await consul.put(`/agent/service/deregister/${id}`).catch(() => undefined);
      }
      for (const [id, ip] of Object.entries(tasks)) {
        if (known.get(id) === ip) continue;
        known.set(id, ip);
        await consul
          .put('/agent/service/register', { ID: id, Name: 'web', Address: ip, Port: 80 })
          .catch(() => undefined);
      }
    },
    away: () => consul.kill(),
    async back() {
      await consul.start();
      const services = (await consul.get('/agent/services')) as Record<string, AgentService>;
      for (const id of Object.keys(services)) {
        if (id !== 'consul' && !known.has(id)) await consul.put(`/agent/service/deregister/${id}`);
      }
      for (const [id, ip] of known)
        await consul.put('/agent/service/register', { ID: id, Name: 'web', Address: ip, Port: 80 });
    },
    async spoil() {
      await consul.put('/agent/service/register', {
        ...{ ID: 'x/1', Name: 'not a name!', Address: 'host.example', Port: 70_000 },
        Tags: ['fairlead.weight=-'],
      });
    },
    close: () => consul.close(),
  };
});

describePublisher('Consul itself', async () => {
  const consul = await createConsul();
  await consul.start();
  let writes = 0;
  const own = async () => {
    const services = (await consul.get('/agent/services')) as Record<string, AgentService>;
    return Object.values(services).filter(({ Meta }) => Meta['fairlead-owner'] === publishingNode.id);
  };
  return {
    create: () => createConsulPublisher(publisherOptions(consul.address)),
    entries: async () =>
      (await own())
        .map(({ Meta, Address, Port }) => `${Meta['fairlead-task'] ?? ''} ${Address}:${Port}`)
        .sort(),
    async lose() {
      for (const { ID } of await own())
        await consul.put(`/agent/service/deregister/${encodeURIComponent(ID)}`);
      writes++;
    },
    away: () => consul.kill(),
    back: () => consul.start(),
    // The index of the catalog moves with each write that changes anything.
    writes: () => writes,
    close: () => consul.close(),
  };
});

it('two environments in one cluster have nothing of each other', async () => {
  const consul = await createConsul();
  onTestFinished(() => consul.close());
  await consul.start();
  /** A host of an environment: its task is published, and it reads what the others have. */
  const host = async (environment: string, ip: string) => {
    const node = { id: `id-${environment}`, name: environment };
    const catalog = new Catalog();
    const docker = catalog.sink('docker', undefined, { node: node.id });
    docker.status({ state: 'live' });
    const service = { environment, stack: 'shop', service: 'web' };
    const ports = [{ port: 80, protocol: 'tcp', target: 80 } as const];
    const place = { environment, stack: 'shop', service, ip, network: 'bridge', node, ports };
    docker.replace({ tasks: [taskFact(`${environment}-1`, place)] });
    const publisher = await startPublisher(catalog, publisherOptions(consul.address, { node }));
    onTestFinished(() => publisher.stop());
    const read = new Catalog();
    const source = createConsulSource({
      ...{ consul: { address: consul.address }, services: 'all', environment, stack: 'consul' },
    });
    onTestFinished(() => source.stop());
    await source.start(read.sink('consul', undefined, { isRemote: true, rank: 1 }));
    return { read, docker, place };
  };
  const hosts = [await host('production', '10.1.0.1'), await host('staging', '10.1.0.2')];
  for (const [at, { read }] of hosts.entries()) {
    const own = ['production', 'staging'][at] ?? '';
    // Consul's own service is everybody's, and tells that the list was read.
    await untilEqual(
      'tasks',
      () =>
        Promise.resolve(
          [...read.snapshot.tasks()]
            .filter(({ stack }) => stack === 'shop')
            .map((task) => `${task.environment} ${task.id}`),
        ),
      [`${own} ${own}-1`],
    );
    const services = [...read.snapshot.services()].map(({ environment, stack, service }) =>
      [environment, stack, service].join('/'),
    );
    expect(services.filter((key) => !key.endsWith('/consul/consul'))).toEqual([`${own}/shop/web`]);
  }
  // A change of one is none of the other's.
  const [production, staging] = hosts as [(typeof hosts)[0], (typeof hosts)[0]];
  const { revision } = staging.read.snapshot;
  production.docker.update({ removedTasks: ['production-1'] });
  await until(
    'it is gone',
    () => Promise.resolve([...production.read.snapshot.tasks()].filter(({ stack }) => stack === 'shop')),
    ({ length }) => length === 0,
  );
  const changed = { ...staging.place, ip: '10.1.0.3' };
  staging.docker.update({ tasks: [taskFact('staging-1', changed)] });
  await until(
    'its own change is there',
    () => Promise.resolve(staging.read.snapshot.task('staging-1')?.endpoints[0]?.ip),
    (ip) => ip === '10.1.0.3',
  );
  expect(staging.read.snapshot.revision).toBe(revision + 1);
});
