import { beforeEach, expect, it } from 'vitest';
import { ClientNetworksSet } from '../../../src/balancer/desired/client-networks.js';
import { Catalog } from '../../../src/catalog/catalog.js';
import type { FactSink, TaskFact } from '../../../src/catalog/facts.js';
import type { ClientNetworks } from '../../../src/balancer/plane.js';
import { taskFact } from '../../support/facts.js';

const network = (id: string, third: number, internal = false) => ({
  ...{ id, name: id, driver: 'bridge', internal, bridge: `br-${id}` },
  ...{ subnets: [`172.${third}.0.0/16`], gateways: [`172.${third}.0.1`] },
});
const TERMS = { pool: '10.43.0.0/16', external: ['192.168.7.0/24'] };

let catalog: Catalog;
let sink: FactSink;
let own: string[];
let set: ClientNetworksSet;
let now: number;
beforeEach(() => {
  catalog = new Catalog();
  own = ['192.0.2.1'];
  now = 0;
  set = new ClientNetworksSet(
    () => own,
    () => now,
  );
  set.note(catalog.snapshot, 'all');
  catalog.onChange(({ tasks }, snapshot) => set.note(snapshot, tasks));
  sink = catalog.sink('docker');
  sink.replace({ networks: [network('front', 18), network('vault', 20, true)], tasks: [] });
});

const update = (): ClientNetworks => set.update(catalog.snapshot, TERMS);
const on = (id: string, endpoints: TaskFact['endpoints'], more: Partial<TaskFact> = {}) =>
  taskFact(id, { endpoints, ...more });

it('lists the networks with their interfaces, and the host’s own addresses', () => {
  expect(update()).toEqual({
    networks: [
      { id: 'front', bridge: 'br-front', subnets: ['172.18.0.0/16'], hasHost: true },
      { id: 'vault', bridge: 'br-vault', subnets: ['172.20.0.0/16'], hasHost: false },
    ],
    addresses: [],
    host: ['10.43.0.0/16', '127.0.0.0/8', '::1/128', '192.0.2.1', '172.18.0.1', '172.20.0.1'],
    external: ['192.168.7.0/24'],
  });
});

it('knows networks on which clients and tasks are kept apart, and those without an address of the host', () => {
  const apart = { ...network('apart', 22), separate: true as const };
  sink.update({ networks: [apart, { ...network('alone', 23), gateways: [] }] });
  const separate = update()
    .networks.filter((each) => each.separate)
    .map(({ id }) => id);
  expect(separate.sort()).toEqual(['alone', 'apart']);
});

it('stays the same value until something changes', () => {
  const before = update();
  sink.update({ tasks: [on('a', [{ network: 'front', ip: '172.18.0.2' }])] });
  expect(update()).toBe(before);
  own = ['192.0.2.1', '192.0.2.2'];
  now = 999;
  expect(update(), 'looks at the interfaces once a second').toBe(before);
  now = 1000;
  const moved = update();
  expect(moved).not.toBe(before);
  sink.update({ networks: [network('back', 21)] });
  expect(
    update()
      .networks.map(({ id }) => id)
      .sort(),
  ).toEqual(['back', 'front', 'vault']);
});

it('lists tasks that are on more networks than one of their addresses shows', () => {
  const two = [
    { network: 'front', ip: '172.18.0.3' },
    { network: 'vault', ip: '172.20.0.3' },
  ];
  sink.update({ tasks: [on('a', [{ network: 'front', ip: '172.18.0.2' }]), on('b', two)] });
  expect(update().addresses).toEqual([
    ['172.18.0.3', ['front', 'vault']],
    ['172.20.0.3', ['front', 'vault']],
  ]);
  sink.update({ tasks: [on('b', two.slice(0, 1))] });
  expect(update().addresses).toEqual([]);
});

it('knows the source address of a task on an overlay, and ignores static tasks', () => {
  const overlay = on('a', [{ network: 'mesh', ip: '10.0.9.2' }], { clientAddresses: ['172.19.0.3'] });
  const fixed = on('b', [
    { network: '*', ip: '192.0.2.7' },
    { network: 'front', ip: '172.18.0.7' },
  ]);
  sink.update({ tasks: [overlay, fixed] });
  expect(update().addresses).toEqual([
    ['10.0.9.2', ['mesh']],
    ['172.19.0.3', ['mesh']],
  ]);
  sink.update({ removedTasks: ['a'] });
  expect(update().addresses).toEqual([]);
});
