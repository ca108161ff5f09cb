import { describe, expect, it } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import { poolConflicts } from '../../src/catalog/pool-conflicts.js';
import type { CatalogSettings } from '../../src/catalog/service-maker.js';
import type { ServiceFact } from '../../src/catalog/facts.js';
import { ref, taskFact } from '../support/facts.js';

const fact = (name: string, vip?: string): ServiceFact => ({
  ...ref(name),
  kind: 'tasks',
  ...(vip !== undefined && { vip }),
});

it('is found by its address as long as a service has it', () => {
  const catalog = new Catalog({ clock: () => 0 });
  const sink = catalog.sink('file');
  const at = (address: string) => catalog.snapshot.serviceAt(address)?.key;
  const isAbove = (suffix: string) => catalog.snapshot.isReverseSuffix('default', suffix);
  expect(at('10.43.0.1')).toBeUndefined();

  sink.replace({ tasks: [], services: [fact('b.shop', '10.43.0.1'), fact('a.shop', '10.43.0.1')] });
  expect(at('10.43.0.1')).toBe('default/shop/a');
  sink.replace({ tasks: [], services: [fact('b.shop', '10.43.0.1'), fact('a.shop', '10.44.0.2')] });
  expect([at('10.43.0.1'), at('10.44.0.2')]).toEqual(['default/shop/b', 'default/shop/a']);
  expect(isAbove('43.10.in-addr.arpa')).toBe(true);

  sink.replace({ tasks: [], services: [fact('a.shop')] });
  expect([at('10.43.0.1'), at('10.44.0.2')]).toEqual([undefined, undefined]);
  expect(isAbove('10.in-addr.arpa')).toBe(false);
});

it('comes from whichever source reports one, in its canonical form', () => {
  const catalog = new Catalog({ clock: () => 0 });
  const [docker, leases] = [catalog.sink('docker'), catalog.sink('leases')];
  docker.replace({ tasks: [taskFact('w', { service: ref('web.shop') })], services: [fact('web.shop')] });
  leases.replace({ tasks: [], services: [fact('web.shop', 'FD00::0:1'), fact('bad.shop', '10.43.0')] });
  expect(catalog.snapshot.service(ref('web.shop'))?.vip).toBe('fd00::1');
  expect(catalog.snapshot.service(ref('bad.shop'))).not.toHaveProperty('vip');
});

it('counts the names above the reverse names of addresses, per environment', () => {
  const catalog = new Catalog({ clock: () => 0 });
  const sink = catalog.sink('file');
  const isAbove = (suffix: string) => catalog.snapshot.isReverseSuffix('default', suffix);
  sink.replace({ tasks: [taskFact('a', { ip: '10.5.6.7' }), taskFact('b', { ip: '10.5.8.9' })] });
  expect(['6.5.10.in-addr.arpa', '5.10.in-addr.arpa', '10.in-addr.arpa'].map(isAbove)).toEqual([
    true,
    true,
    true,
  ]);
  expect(['7.6.5.10.in-addr.arpa', '7.5.10.in-addr.arpa', 'in-addr.arpa'].map(isAbove)).toEqual([
    false,
    false,
    false,
  ]);
  // The suffixes of task names are others.
  expect(catalog.snapshot.isNameSuffix('default', '10.in-addr.arpa')).toBe(false);
  sink.update({ removedTasks: ['a'] });
  expect(['6.5.10.in-addr.arpa', '5.10.in-addr.arpa'].map(isAbove)).toEqual([false, true]);
});

const http = { port: 80, protocol: 'tcp' } as const;
const leased: CatalogSettings = {
  endpointMode: 'dnsrr',
  balancing: {},
  vips: { pool: '10.43.0.0/24', release: 1000 },
};

function leasing(settings = leased) {
  let now = 0;
  const catalog = new Catalog({ clock: () => now });
  catalog.configure(settings);
  const vip = (name: string) => catalog.snapshot.service(ref(name))?.vip;
  const at = (time: number) => (now = time);
  return { catalog, vip, at };
}

describe('where addresses are leased', () => {
  it('a service with ports has one, before its first task and through all its upgrades', () => {
    const { catalog, vip } = leasing();
    const [file, docker] = [catalog.sink('file'), catalog.sink('docker')];
    file.replace({ tasks: [], services: [{ ...ref('web.shop'), kind: 'tasks', ports: [http] }] });
    const address = vip('web.shop') ?? '';
    expect(address).toMatch(/^10\.43\.0\.\d+$/);
    expect(catalog.snapshot.serviceAt(address)?.key).toBe('default/shop/web');
    const task = (id: string) =>
      taskFact(id, { service: ref('web.shop'), ports: [{ ...http, target: 8080 }] });
    docker.update({ tasks: [task('a')] });
    docker.update({ tasks: [task('b')], removedTasks: ['a'] });
    file.replace({ tasks: [] });
    expect(vip('web.shop')).toBe(address);
  });

  it('sidekicks have their own; services without a TCP or UDP port or without tasks of their own have none', () => {
    const { catalog, vip } = leasing();
    const ports = [{ ...http, target: 80 }];
    catalog.sink('file').replace({
      tasks: [
        taskFact('w', { service: ref('web.shop'), ports }),
        taskFact('l', { service: ref('log.web.shop'), ports: [{ port: 53, protocol: 'udp', target: 53 }] }),
        taskFact('s', { service: ref('signal.shop'), ports: [{ port: 1, protocol: 'sctp', target: 1 }] }),
        taskFact('p', { service: ref('portless.shop') }),
      ],
      services: [
        {
          ...ref('crm.shop'),
          kind: 'external',
          hostname: 'crm.example.org',
          ports: [http],
          vip: '10.43.0.8',
        },
        { ...ref('front.shop'), kind: 'alias', aliasOf: [ref('web.shop')], ports: [http] },
      ],
    });
    expect(['web.shop', 'log.web.shop'].map((name) => vip(name) !== undefined)).toEqual([true, true]);
    expect(vip('web.shop')).not.toBe(vip('log.web.shop'));
    expect(['signal.shop', 'portless.shop', 'crm.shop', 'front.shop'].map(vip)).toEqual(
      Array(4).fill(undefined),
    );
  });

  it('a task requests one, and the effect on others is in the same snapshot', () => {
    const { catalog, vip } = leasing();
    const sink = catalog.sink('docker');
    const task = (service: string, pin?: string) =>
      taskFact(service, {
        service: ref(`${service}.shop`),
        ports: [{ ...http, target: 80 }],
        ...(pin !== undefined && { vip: pin }),
      });
    const services: (readonly string[])[] = [];
    catalog.onChange((change) => services.push([...change.services.added, ...change.services.changed]));
    sink.update({ tasks: [task('b', '10.43.0.9'), task('c')] });
    expect([vip('b.shop'), catalog.snapshot.problems]).toEqual(['10.43.0.9', []]);
    sink.update({ tasks: [task('a', '10.43.0.9'), task('b', '10.43.0.8')] });
    expect(['a.shop', 'b.shop'].map(vip)).toEqual(['10.43.0.9', '10.43.0.8']);
    expect(catalog.snapshot.serviceAt('10.43.0.9')?.key).toBe('default/shop/a');
    expect(services.at(-1)).toEqual(['default/shop/a', 'default/shop/b']);
    sink.update({ tasks: [task('c', '10.43.0.9')] });
    expect(vip('a.shop')).toBe('10.43.0.9');
    expect(catalog.snapshot.problems.map(({ code, subject }) => [code, subject])).toEqual([
      ['vip-taken', 'service c.shop'],
    ]);
  });

  it('they outlive a restart, even for services that return later', () => {
    const first = leasing();
    const tasks = ['web', 'db'].map((name) =>
      taskFact(name, { service: ref(`${name}.shop`), ports: [{ ...http, target: 80 }], vip: '10.43.0.77' }),
    );
    first.catalog.sink('docker').replace({ tasks });
    const second = leasing();
    second.catalog.restoreVips(first.catalog.exportVips());
    const sink = second.catalog.sink('docker');
    sink.update({ tasks: tasks.map(({ vip: _vip, ...task }) => task).slice(0, 1) });
    second.at(999);
    sink.update({ tasks: tasks.slice(1) });
    expect(['web.shop', 'db.shop'].map(second.vip)).toEqual(['web.shop', 'db.shop'].map(first.vip));
  });

  it('a new configuration takes effect at once, for all services', () => {
    const { catalog, vip } = leasing({ ...leased, vips: 'none' });
    catalog.sink('file').replace({
      tasks: [],
      services: [{ ...ref('web.shop'), kind: 'tasks', ports: [http], vip: '10.43.0.9' }],
    });
    expect(vip('web.shop')).toBeUndefined();
    catalog.configure({ ...leased, endpointMode: 'vip', balancing: { scheduler: 'lc' } });
    expect(catalog.snapshot.service(ref('web.shop'))).toMatchObject({
      vip: '10.43.0.9',
      endpointMode: 'vip',
      balancing: { scheduler: 'lc' },
    });
    const { revision } = catalog.snapshot;
    catalog.configure({ ...leased, endpointMode: 'vip', balancing: { scheduler: 'lc' } });
    expect(catalog.snapshot.revision).toBe(revision);
    catalog.configure({ ...leased, vips: { pool: '10.44.0.0/24', release: 1 } });
    expect(vip('web.shop')).toMatch(/^10\.44\.0\./);
    expect(catalog.snapshot.problems).toMatchObject([{ code: 'vip-unfit' }]);
    expect(catalog.events().map(({ type }) => type)).toEqual(['service.added']);
  });

  it('a network that appears later and overlaps the pool is a problem as long as it exists', () => {
    const { catalog } = leasing();
    const sink = catalog.sink('docker');
    const network = { id: 'n', name: 'shop_default', driver: 'bridge', internal: false, gateways: [] };
    const metas: boolean[] = [];
    catalog.onChange(({ meta }) => metas.push(meta));
    sink.update({ networks: [{ ...network, subnets: ['10.42.0.0/24', '10.43.0.64/26'] }] });
    expect(catalog.snapshot.problems.map(({ message }) => message)).toEqual([
      'vip.pool 10.43.0.0/24 overlaps the network "shop_default" (10.43.0.64/26); set vip.pool to an unused range, or set vip to false to run without virtual IPs',
    ]);
    sink.update({ removedNetworks: ['n'] });
    expect([catalog.snapshot.problems, metas]).toEqual([[], [true, true]]);
  });
});

it.each([
  ['10.43.0.0/16', ['10.0.0.0/8', '10.43.255.1', '10.43.0.0/16', '10.42.0.0/15'], 4],
  ['10.43.0.0/16', ['10.44.0.0/16', '10.42.255.255', 'fd00::/8', '::ffff:0:0/96', 'junk', '/8'], 0],
  ['fd00:43::/112', ['fd00::/16', '10.43.0.0/16'], 1],
])('of %s, what overlaps %j is a conflict', (pool, ranges, count) => {
  const lines = poolConflicts(pool, {
    routes: ranges.map((range) => ({ range, what: `the route ${range} (eth0)` })),
  });
  expect(lines.length).toBe(count);
  for (const line of lines)
    expect(line).toMatch(/^vip\.pool \S+ overlaps the route \S+ \(eth0\); set vip\.pool to /);
});
