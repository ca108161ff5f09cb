import { expect, it, onTestFinished, vi } from 'vitest';
import type { HostListJson } from '../../src/api/types/hosts-json.js';
import { Catalog } from '../../src/catalog/catalog.js';
import type { Daemon } from '../../src/daemon/daemon.js';
import { createConsulPublisher } from '../../src/publishers/consul/consul-publisher.js';
import { FakeConsul } from '../consul/fake-consul.js';
import { getOverSocket } from '../e2e/support/http.js';
import { ref, taskFact } from '../support/facts.js';
import { ask, Ground } from './support.js';

const ground = new Ground();

/** A host that publishes one task of `api.till` from an environment of its own. */
async function publish(consul: FakeConsul, environment: string, ip: string): Promise<void> {
  const node = { id: `host-${environment}`, name: `${environment}-1` };
  const catalog = new Catalog();
  const docker = catalog.sink('docker', undefined, { node: node.id });
  docker.replace({
    tasks: [
      taskFact(`task-${environment}`, {
        ...{ environment, service: { ...ref('api.till'), environment }, node, ip, network: 'bridge' },
        ports: [{ port: 80, protocol: 'tcp', target: 80, published: [{ ip: '0.0.0.0', port: 80 }] }],
      }),
    ],
  });
  docker.status({ state: 'live' });
  const publisher = createConsulPublisher({
    ...{ consul: { address: consul.address }, node, ids: 'fairlead', internal: false, explicit: false },
    hostAddress: () => ip,
  });
  onTestFinished(() => publisher.stop());
  await publisher.start(catalog, { status: () => undefined });
}

it.each(['all', 'used'])(
  'two environments in one cluster do not see one another: services: %s',
  async (services) => {
    const consul = new FakeConsul();
    await consul.up();
    onTestFinished(() => consul.down());
    await publish(consul, 'lab', '192.0.2.21');
    await publish(consul, 'production', '192.0.2.22');
    const start = async (environment: string): Promise<Daemon> =>
      ground.started(
        ground.loaded(
          ...[`environment=${environment}`, `state=${ground.path(environment)}`, `sources.file=false`],
          `api.listen=["unix:${ground.path(`${environment}.sock`)}"]`,
          `sources.consul=${JSON.stringify({ address: consul.address, services })}`,
          `vip.pool=${environment === 'lab' ? '127.43.0.0/16' : '127.44.0.0/16'}`,
        ),
      );
    for (const [environment, ip, other] of [
      ['lab', '192.0.2.21', 'production'],
      ['production', '192.0.2.22', 'lab'],
    ] as const) {
      const daemon = await start(environment);
      const { catalog } = daemon;
      await vi.waitFor(async () => expect(await ask(daemon, 'api.till.rancher.internal')).toBe(`${ip}/5`));
      expect(await ask(daemon, `task-${other}.${other}-1.rancher.internal`)).toBe('NXDOMAIN');
      expect([...catalog.snapshot.tasks()].map(({ id }) => id)).toEqual([`task-${environment}`]);
      expect([...catalog.snapshot.services()].map(({ key, tasks }) => [key, tasks.length])).toEqual([
        [`${environment}/till/api`, 1],
      ]);
      const { body } = await getOverSocket(ground.path(`${environment}.sock`), '/v1/hosts');
      const { hosts } = JSON.parse(body) as HostListJson;
      expect(hosts.filter(({ self }) => !self).map(({ id }) => id)).toEqual([`host-${environment}`]);
      expect(JSON.stringify(await listsOf(environment))).not.toContain(`task-${other}`);
    }
  },
);

/** Everything that the API lists. */
async function listsOf(environment: string): Promise<string[]> {
  const paths = ['/v1/services', '/v1/tasks', '/v1/vips', '/v1/problems', '/v1/events'];
  return Promise.all(
    paths.map(async (path) => (await getOverSocket(ground.path(`${environment}.sock`), path)).body),
  );
}
