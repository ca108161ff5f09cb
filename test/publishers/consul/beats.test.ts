import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Catalog } from '../../../src/catalog/catalog.js';
import { FakeConsul } from '../../consul/fake-consul.js';
import { publisherOptions, startPublisher } from '../../support/consul-publisher.js';
import { ref, taskFact } from '../../support/facts.js';
import { publishingNode } from '../publisher-contract.js';

let consul: FakeConsul;

beforeEach(async () => {
  consul = new FakeConsul();
  await consul.up();
});
afterEach(() => consul.down());

it('the beats of a check that stays as it is wake no one who watches the service', async () => {
  const catalog = new Catalog();
  const docker = catalog.sink('docker', undefined, { node: publishingNode.id });
  docker.status({ state: 'live' });
  docker.replace({
    tasks: [
      taskFact('c0ffee', {
        ...{ service: ref('web.shop'), ip: '172.17.0.2', network: 'bridge', node: publishingNode },
        ports: [{ port: 80, protocol: 'tcp', target: 80 }],
      }),
    ],
  });
  const options = publisherOptions(consul.address, { timing: { tick: 5 } });
  const publisher = await startPublisher(catalog, options);
  const registered = consul.index;
  const [instance] = consul.instances.values();
  expect(instance?.Checks).toMatchObject([{ Status: 'passing', Notes: 'as Fairlead sees it' }]);
  await vi.waitFor(() => expect(consul.count(/^PUT .*check\/update/)).toBeGreaterThan(3), 10_000);
  expect(consul.index).toBe(registered);
  await publisher.stop();
});
