import { describe, expect, it } from 'vitest';
import { desiredOf } from '../../../src/balancer/desired/desired-services.js';
import type { NetworkFact, ServiceFact } from '../../../src/catalog/facts.js';
import type { Task } from '../../../src/catalog/model.js';
import type { Balancing } from '../../../src/net/balancing.js';
import { viewOf } from '../../../src/catalog/view.js';
import { explain } from '../../../src/dns/zone/explain-name.js';
import { entriesOf } from '../../../src/publishers/consul/consul-entry.js';
import { readHealthEntries } from '../../../src/sources/consul/health-entry.js';
import { InstanceTable } from '../../../src/sources/consul/instance-table.js';
import { answerTo, question, zoneOf } from '../../dns/zone/support.js';
import { ref, taskFact } from '../../support/facts.js';
import { instant } from '../../support/instant.js';

const overlay = 'q3kkzzjdwtxyn8sjbv1kbs2hd';
const beta = { id: 'host-2', name: 'beta', address: '192.0.2.2' };
const network = (id: string, second: number, driver = 'bridge'): NetworkFact => ({
  ...{ id, name: id === overlay ? 'mesh' : id, driver, internal: false },
  ...{ subnets: [`10.${second}.0.0/24`], gateways: driver === 'bridge' ? [`10.${second}.0.1`] : [] },
});
const networks = [network('front', 1), network(overlay, 9, 'overlay')];
/** Containers of this host: on a bridge of its own, and on the overlay network. */
const here = [
  taskFact('asker', { ip: '10.1.0.2', network: 'front' }),
  taskFact('member', { ip: '10.9.0.2', network: overlay }),
];
const http = { port: 80, protocol: 'tcp', target: 80 } as const;
const at = (port: number) => ({ ...http, published: [{ ip: '0.0.0.0', port }] });

/** A task on the host beta, as this host sees it through Consul. */
function seen(over: Parameters<typeof taskFact>[1]) {
  const task: Task = {
    source: 'docker',
    ...taskFact('c0ffee', { name: 'web-1', service: ref('web.shop'), node: beta, ...over }),
  };
  const { entries } = entriesOf(task, {
    ...{ node: beta, ids: 'fairlead', internal: false, explicit: false, version: '1.2.3' },
    hostAddress: beta.address,
    networkName: (id) => id,
    spansHosts: (id) => id === overlay,
  });
  const table = new InstanceTable({ environment: 'default', stack: 'consul' });
  for (const entry of entries) {
    const instance = {
      Node: { Node: 'beta', Address: beta.address, Datacenter: 'dc1' },
      Service: {
        ...{ ID: entry.id, Service: entry.name, Address: entry.address, Port: entry.port },
        ...{ Tags: entry.tags, Meta: entry.meta },
      },
      Checks: [],
    };
    table.set(entry.name, readHealthEntries([instance]));
  }
  return table.tasks;
}

function world(over: Parameters<typeof taskFact>[1], service: Partial<ServiceFact> = {}) {
  const { catalog, zone } = zoneOf({
    networks,
    tasks: [...here, ...seen(over)],
    services: [{ ...ref('web.shop'), kind: 'tasks', vip: '10.43.0.1', ...service }],
  });
  const { snapshot } = catalog;
  return {
    catalog,
    zone,
    ask: (client: string, name = 'web.shop.rancher.internal', type: 'A' | 'SRV' = 'A') =>
      answerTo(zone, name, type, client),
    told: (client: string, name = 'web.shop.rancher.internal') =>
      explain(zone, snapshot, viewOf(snapshot, client, 'default'), question(name, 'A')),
    backends: () =>
      [...snapshot.services()].flatMap((each) =>
        desiredOf(snapshot, each, instant(0)).services.flatMap(({ port, backends }) =>
          backends.map(({ address }) => `${port} ${address.ip}:${address.port}`),
        ),
      ),
  };
}

const member = '10.9.0.2';
const asker = '10.1.0.2';
const host = '10.1.0.1';

describe('a task of another host', () => {
  it('that publishes its port under the same number is answered by the address of its host', () => {
    const { ask, told, backends } = world({ ip: '172.18.0.2', network: 'br', ports: [at(80)] });
    for (const client of [asker, member, host]) expect(ask(client)).toBe('192.0.2.2');
    expect(told(asker).tasks).toMatchObject([
      { addresses: ['192.0.2.2'], in: true, why: 'on host beta, which publishes the port' },
    ]);
    expect(backends()).toEqual(['80 192.0.2.2:80']);
  });

  it('that publishes its port under another number is answered by SRV, and by a virtual IP that maps the port', () => {
    const { ask, told, backends } = world({ ip: '172.18.0.2', network: 'br', ports: [at(32768)] });
    expect(ask(asker, '_80._tcp.web.shop.rancher.internal', 'SRV')).toBe(
      'SRV 0 256 32768 web-1.beta.rancher.internal.',
    );
    expect(ask(asker, 'web-1.beta.rancher.internal')).toBe('192.0.2.2');
    expect(told(asker, 'web-1.beta.rancher.internal').tasks).toMatchObject([{ addresses: ['192.0.2.2'] }]);
    // Its host's address with port 80 would lead to another service.
    expect(ask(asker)).toBe('10.43.0.1');
    expect(told(asker)).toMatchObject({
      rule: expect.stringMatching(
        /virtual IP 10\.43\.0\.1, because its tasks are on other hosts that publish other port numbers; .*: another host publishes a port/,
      ) as string,
      tasks: [{ addresses: ['192.0.2.2'], in: true, why: 'behind the virtual IP, on host beta' }],
    });
    expect(ask(asker, 'tasks.web.shop.rancher.internal')).toBe('NODATA rancher.internal');
    expect(told(asker, 'tasks.web.shop.rancher.internal').tasks).toMatchObject([
      {
        in: false,
        why: 'on host beta, which publishes its ports only under another port number; ask for SRV',
      },
    ]);
    expect(backends()).toEqual(['80 192.0.2.2:32768']);
  });

  it('on an overlay network is answered by its own address there, and to others by that of its host', () => {
    const { ask, told, backends } = world({
      endpoints: [
        { network: 'br', ip: '172.18.0.2' },
        { network: overlay, ip: '10.9.0.7' },
      ],
      ports: [at(32768)],
    });
    expect(ask(member)).toBe('10.9.0.7');
    expect(told(member).tasks).toMatchObject([{ addresses: ['10.9.0.7'], why: 'shared network' }]);
    expect(ask(member, '_80._tcp.web.shop.rancher.internal', 'SRV')).toMatch(/^SRV 0 256 80 /);
    expect(ask(asker, '_80._tcp.web.shop.rancher.internal', 'SRV')).toMatch(/^SRV 0 256 32768 /);
    // This host is not on the overlay network.
    expect(backends()).toEqual(['80 192.0.2.2:32768']);
  });

  it('that publishes nothing is seen on the overlay network only', () => {
    const { ask, told, backends } = world({ ip: '10.9.0.7', network: overlay, ports: [http] });
    expect(ask(member)).toBe('10.9.0.7');
    for (const client of [asker, host]) expect(ask(client)).toBe('NODATA rancher.internal');
    expect(told(asker).tasks).toMatchObject([
      {
        in: false,
        why: 'it is on host beta, which publishes none of its ports, and it shares no network with the client; publish a port, or connect both to an overlay network',
      },
    ]);
    expect(backends()).toEqual([]);
  });

  it('has each port where it is reached, whichever of them is published', () => {
    const admin = { port: 9000, protocol: 'tcp', target: 9000 } as const;
    const { ask } = world({ ip: '10.9.0.7', network: overlay, ports: [at(80), admin] });
    expect(ask(asker)).toBe('192.0.2.2');
    expect(ask(asker, '_9000._tcp.web.shop.rancher.internal', 'SRV')).toBe('NODATA rancher.internal');
    expect(ask(member, '_9000._tcp.web.shop.rancher.internal', 'SRV')).toMatch(/^SRV 0 256 9000 /);
  });

  it('is not taken for a client that asks from an address like one of its own', () => {
    const [task] = seen({ ip: '10.9.0.7', network: overlay, ports: [at(80)] });
    const { catalog } = zoneOf({ networks, tasks: [...here, ...(task ? [task] : [])] });
    expect(viewOf(catalog.snapshot, '10.9.0.7', 'default').task).toBeUndefined();
    expect(viewOf(catalog.snapshot, '192.0.2.2', 'default').task).toBeUndefined();
  });

  it('brings what its labels set for its service, and tells where it is', () => {
    const balancing: Balancing = {
      ...{
        scheduler: 'lc' as const,
        affinity: 60,
        idleTimeout: 1500,
        slowStart: 30_000,
        panicThreshold: 0.25,
      },
      ...{ ops: true, onDown: 'reset' as const, maxPerClient: 0 },
    };
    const [task] = seen({
      ...{ ip: '172.18.0.2', network: 'br', ports: [at(80)] },
      ...{ endpointMode: 'vip', balancing },
    });
    expect(task).toMatchObject({
      endpointMode: 'vip',
      balancing,
      node: { id: 'host-2', name: 'beta', address: '192.0.2.2', version: '1.2.3' },
    });
  });
});
