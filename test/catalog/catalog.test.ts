import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import type { ChangeSet } from '../../src/catalog/change.js';
import type { ClientFact, FactDelta, ServiceFact, TaskFact } from '../../src/catalog/facts.js';
import { serviceKey } from '../../src/catalog/model.js';
import { ref, taskFact } from '../support/facts.js';

const web = ref('web.shop');

function withChanges(): { catalog: Catalog; changes: ChangeSet[] } {
  const catalog = new Catalog({ clock: () => 1000 });
  const changes: ChangeSet[] = [];
  catalog.onChange((change) => changes.push(change));
  return { catalog, changes };
}

describe('snapshots', () => {
  it('never change and share unchanged parts', () => {
    const { catalog } = withChanges();
    const sink = catalog.sink('docker');
    sink.replace({
      tasks: [
        taskFact('a', { service: web, ip: '10.0.0.1' }),
        taskFact('b', { service: ref('db.shop'), ip: '10.0.0.2' }),
      ],
    });
    const before = catalog.snapshot;
    sink.update({ tasks: [taskFact('a', { service: web, ip: '10.0.0.9' })] });
    const after = catalog.snapshot;
    expect(before.service(web)?.tasks[0]?.endpoints[0]?.ip).toBe('10.0.0.1');
    expect(after.service(web)?.tasks[0]?.endpoints[0]?.ip).toBe('10.0.0.9');
    expect(after.service(ref('db.shop'))).toBe(before.service(ref('db.shop')));
    expect(after.revision).toBe(before.revision + 1);
    expect(before.tasksAt('10.0.0.1')).toHaveLength(1);
    expect(after.tasksAt('10.0.0.1')).toHaveLength(0);
  });

  it('are not made for facts without news', () => {
    const { catalog, changes } = withChanges();
    const sink = catalog.sink('docker');
    const tasks = [taskFact('a', { service: web, ip: '10.0.0.1' })];
    sink.replace({ tasks });
    const { snapshot } = catalog;
    const told = changes.length;
    sink.replace({ tasks: structuredClone(tasks) });
    sink.update({ tasks: structuredClone(tasks), removedTasks: ['never-was'] });
    expect(catalog.snapshot).toBe(snapshot);
    expect(changes).toHaveLength(told);
  });

  it('list added, changed and removed services and tasks', () => {
    const { catalog, changes } = withChanges();
    const sink = catalog.sink('docker');
    sink.replace({ tasks: [taskFact('a', { service: web }), taskFact('b', { service: web })] });
    sink.update({ tasks: [taskFact('a', { service: web, health: 'draining' })], cause: 'kill signal 15' });
    sink.update({ removedTasks: ['a', 'b'] });
    expect(changes.slice(1)).toMatchObject([
      { services: { added: ['default/shop/web'] }, tasks: { added: ['a', 'b'] } },
      { services: { changed: ['default/shop/web'] }, tasks: { changed: ['a'] }, cause: 'kill signal 15' },
      { services: { removed: ['default/shop/web'] }, tasks: { removed: ['a', 'b'] } },
    ]);
    expect(catalog.snapshot.hasStack('default', 'shop')).toBe(false);
  });
});

describe('several sources', () => {
  it('are merged, and the one registered first wins', () => {
    const { catalog } = withChanges();
    const file = catalog.sink('file');
    const docker = catalog.sink('docker');
    docker.replace({
      tasks: [
        taskFact('a', { service: web, ip: '10.0.0.1', ports: [{ port: 80, protocol: 'tcp', target: 80 }] }),
      ],
    });
    file.replace({
      tasks: [taskFact('f', { service: web, ip: '192.0.2.1' })],
      services: [{ ...web, kind: 'tasks', endpointMode: 'vip', ports: [{ port: 8080, protocol: 'tcp' }] }],
    });
    const service = catalog.snapshot.service(web);
    expect(service).toMatchObject({
      endpointMode: 'vip',
      ports: [{ port: 8080 }],
      sources: ['docker', 'file'],
    });
    expect(service?.tasks.map((task) => task.id)).toEqual(['a', 'f']);
    file.replace({ tasks: [taskFact('a', { service: web, ip: '192.0.2.9' })] });
    expect(catalog.snapshot.task('a')).toMatchObject({ source: 'file', endpoints: [{ ip: '192.0.2.9' }] });
    file.replace({ tasks: [] });
    expect(catalog.snapshot.task('a')).toMatchObject({ source: 'docker', endpoints: [{ ip: '10.0.0.1' }] });
    expect(catalog.snapshot.service(web)).toMatchObject({ endpointMode: 'dnsrr', ports: [{ port: 80 }] });
  });

  it('of a lower rank win, regardless of registration order', () => {
    const { catalog } = withChanges();
    const docker = catalog.sink('docker', undefined, { rank: 1 });
    docker.replace({ tasks: [taskFact('a', { ip: '10.0.0.1' })] });
    const file = catalog.sink('file', undefined, { rank: 0 });
    file.replace({ tasks: [taskFact('a', { ip: '192.0.2.9' })] });
    expect(catalog.snapshot.task('a')).toMatchObject({ source: 'file' });
    expect(catalog.snapshot.sources.map(({ name }) => name)).toEqual(['file', 'docker']);
  });

  it('can be dropped with all their facts', () => {
    const { catalog } = withChanges();
    catalog.sink('file').replace({
      tasks: [taskFact('f', { service: web })],
      problems: [{ code: 'x', subject: 'y', message: 'z' }],
    });
    catalog.dropSource('file');
    expect(catalog.snapshot).toMatchObject({ taskCount: 0, serviceCount: 0, sources: [], problems: [] });
  });

  it('count as loaded when the last one has reported', () => {
    const { catalog } = withChanges();
    const file = catalog.sink('file');
    const docker = catalog.sink('docker');
    file.status({ state: 'live' });
    expect(catalog.snapshot.loaded).toBe(false);
    docker.status({ state: 'live' });
    expect(catalog.snapshot.loaded).toBe(true);
  });

  it('is loaded without sources of other hosts, and complete with them', () => {
    const catalog = new Catalog();
    const consul = catalog.sink('consul', undefined, { isRemote: true });
    // There is nothing else that could be served.
    expect(catalog.snapshot).toMatchObject({ loaded: false, complete: false });
    const docker = catalog.sink('docker');
    expect(catalog.snapshot).toMatchObject({ loaded: false, complete: false });
    docker.status({ state: 'live' });
    expect(catalog.snapshot).toMatchObject({ loaded: true, complete: false });
    consul.status({ state: 'loading', error: 'connect ECONNREFUSED' });
    expect(catalog.snapshot).toMatchObject({ loaded: true, complete: false });
    consul.status({ state: 'live' });
    expect(catalog.snapshot).toMatchObject({ loaded: true, complete: true });
    docker.status({ state: 'stale', asOf: 1 });
    expect(catalog.snapshot).toMatchObject({ loaded: true, complete: true });
  });
});

describe('a service without tasks', () => {
  it('exists while a source defines it or a stopped task belongs to it', () => {
    const { catalog } = withChanges();
    const sink = catalog.sink('docker');
    sink.replace({ tasks: [taskFact('a', { service: web, health: 'stopped' })] });
    expect(catalog.snapshot.service(web)?.tasks[0]?.health).toBe('stopped');
    sink.replace({ tasks: [], services: [{ ...web, kind: 'external', externalIps: ['192.0.2.1'] }] });
    expect(catalog.snapshot.service(web)).toMatchObject({ kind: 'external', tasks: [] });
    sink.replace({ tasks: [] });
    expect(catalog.snapshot.service(web)).toBeUndefined();
  });
});

describe('names and addresses', () => {
  it('lead to the canonical, running, newest task first', () => {
    const { catalog } = withChanges();
    const sink = catalog.sink('docker');
    const named = (id: string, over: Partial<TaskFact>) => taskFact(id, { name: 'shop_web_1', ...over });
    sink.replace({
      tasks: [
        named('stopped', { health: 'stopped', startedAt: 9 }),
        named('old', { startedAt: 1 }),
        named('new', { startedAt: 2 }),
        taskFact('variant', { name: 'other', names: ['other', 'shop_web_1'], startedAt: 99 }),
      ],
    });
    const ids = () => catalog.snapshot.tasksNamed('default', 'shop_web_1').map((task) => task.id);
    expect(ids()).toEqual(['new', 'old', 'stopped', 'variant']);
    sink.update({ tasks: [named('new', { health: 'stopped', startedAt: 2 })] });
    expect(ids()).toEqual(['old', 'stopped', 'new', 'variant']);
  });

  it('assign a shared namespace to its owner, and a reused address to the newest', () => {
    const { catalog } = withChanges();
    const sink = catalog.sink('docker');
    sink.replace({
      tasks: [
        taskFact('child', { ip: '10.0.0.1', startedAt: 5, networkOf: 'parent' }),
        taskFact('parent', { ip: '10.0.0.1', startedAt: 3 }),
        taskFact('gone', { ip: '10.0.0.1', startedAt: 1 }),
        taskFact('gateway', { clientAddresses: ['10.0.0.1'], startedAt: 9 }),
      ],
    });
    expect(catalog.snapshot.tasksAt('10.0.0.1').map((task) => task.id)).toEqual([
      'parent',
      'gone',
      'child',
      'gateway',
    ]);
  });

  it('keep the suffixes of dotted names as empty non-terminals while a name needs them', () => {
    const { catalog } = withChanges();
    const sink = catalog.sink('swarm');
    sink.replace({ tasks: [taskFact('a', { name: 'web.1.x' }), taskFact('b', { name: 'db.1.x' })] });
    expect(catalog.snapshot.isNameSuffix('default', '1.x')).toBe(true);
    sink.update({ removedTasks: ['a'] });
    expect(catalog.snapshot.isNameSuffix('default', 'x')).toBe(true);
    sink.update({ removedTasks: ['b'] });
    expect(catalog.snapshot.isNameSuffix('default', '1.x')).toBe(false);
    expect(catalog.snapshot.isNameSuffix('default', 'x')).toBe(false);
  });
});

describe('listeners', () => {
  it('cannot break a source or each other', () => {
    const errors: unknown[] = [];
    const catalog = new Catalog({ onListenerError: (error) => errors.push(error) });
    const seen: number[] = [];
    catalog.onChange(() => {
      throw new Error('listener');
    });
    catalog.onChange((change) => seen.push(change.revision));
    catalog.sink('docker').replace({ tasks: [taskFact('a')] });
    expect(seen).toEqual([1, 2]);
    expect(errors).toHaveLength(2);
  });
});

describe('the event trail', () => {
  it('records what happened and resumes after a sequence number', () => {
    const { catalog } = withChanges();
    const sink = catalog.sink('docker');
    sink.status({ state: 'live' });
    sink.update({ tasks: [taskFact('a', { service: web, ip: '10.0.0.1' })], cause: 'start' });
    sink.update({
      tasks: [
        taskFact('a', { service: web, ip: '10.0.0.1', health: 'draining', reason: 'stop signal 15 sent' }),
      ],
      cause: 'kill signal 15',
    });
    const all = catalog.events();
    expect(all.map(({ type, subject, message }) => `${type} ${subject}: ${message}`)).toEqual([
      'source.state docker: loading -> live',
      'service.added web.shop: tasks, dnsrr',
      'task.added a: web.shop, healthy, 10.0.0.1',
      'task.health a: healthy -> draining (stop signal 15 sent)',
    ]);
    expect(all.at(-1)?.cause).toBe('kill signal 15');
    expect(catalog.events(all[2]?.seq)).toEqual(all.slice(3));
  });
});

/** Everything a snapshot can be asked, as plain data. */
function contents(catalog: Catalog): unknown {
  const { snapshot } = catalog;
  const names = ['n0', 'n1', 'n2', 'n3', 'd.n1', 'n1'];
  return {
    tasks: [...snapshot.tasks()].sort((a, b) => (a.id < b.id ? -1 : 1)),
    services: [...snapshot.services()].sort((a, b) => (a.key < b.key ? -1 : 1)),
    stacks: ['s0', 's1'].map((stack) => snapshot.indexes.stacks.get(`default/${stack}`)),
    names: names.map((name) => snapshot.tasksNamed('default', name).map((task) => task.id)),
    suffixes: names.map((name) => snapshot.isNameSuffix('default', name)),
    addresses: ['10.0.0.1', '10.0.0.2'].map((ip) => snapshot.tasksAt(ip).map((task) => task.id)),
    vips: ['10.43.0.1', '10.43.0.2'].map((ip) => snapshot.serviceAt(ip)?.key),
    clients: ['10.0.0.8', '10.0.0.9'].map((ip) => snapshot.client(ip)),
  };
}

const anyTask = fc
  .record({
    id: fc.constantFrom('t0', 't1', 't2', 't3'),
    name: fc.constantFrom('n0', 'n1', 'n2', 'd.n1'),
    service: fc.constantFrom('web.s0', 'db.s0', 'web.s1', 'log.web.s1'),
    ip: fc.constantFrom('10.0.0.1', '10.0.0.2'),
    health: fc.constantFrom('healthy', 'stopped', 'draining'),
    startedAt: fc.nat(3),
  })
  .map(({ id, service, ...rest }) => taskFact(id, { ...rest, service: ref(service) }));

describe('single changes of services and clients', () => {
  const service = (name: string, port: number): ServiceFact => ({
    ...ref(name),
    kind: 'tasks',
    ports: [{ port, protocol: 'tcp' }],
  });

  it('touch nothing else, however much the source has', () => {
    const { catalog, changes } = withChanges();
    const sink = catalog.sink('file');
    const services = Array.from({ length: 1000 }, (_, at) => service(`s${at}.shop`, 80));
    sink.replace({ tasks: [], services });
    sink.update({ services: [service('s7.shop', 81)], cause: 'edited' });
    sink.update({ removedServices: ['default/shop/s8'] });
    expect(changes.slice(2)).toMatchObject([
      { services: { added: [], changed: ['default/shop/s7'], removed: [] }, cause: 'edited' },
      { services: { added: [], changed: [], removed: ['default/shop/s8'] } },
    ]);
    expect(catalog.snapshot.serviceCount).toBe(999);
  });

  it('leave a service that is no longer defined to its tasks', () => {
    const { catalog } = withChanges();
    const sink = catalog.sink('file');
    sink.replace({ tasks: [taskFact('a', { service: web })], services: [service('web.shop', 80)] });
    sink.update({ removedServices: ['default/shop/web'] });
    expect(catalog.snapshot.service(web)).toMatchObject({ ports: [], tasks: [{ id: 'a' }] });
  });

  it('add and forget clients', () => {
    const { catalog, changes } = withChanges();
    const sink = catalog.sink('file');
    const client: ClientFact = { address: '10.0.0.8', environment: 'default', stack: 'shop', links: {} };
    sink.update({ clients: [client] });
    expect(catalog.snapshot.client('10.0.0.8')).toMatchObject({ stack: 'shop', source: 'file' });
    expect(changes.at(-1)?.lookups).toContain('clients:10.0.0.8');
    sink.update({ removedClients: ['10.0.0.8'] });
    expect(catalog.snapshot.client('10.0.0.8')).toBeUndefined();
  });
});

describe('level-triggered', () => {
  it('reaches the same state by single changes as by a complete report', () => {
    const services = ['web.s0', 'db.s0', 'web.s1', 'log.web.s1'].map(ref);
    const anyService: fc.Arbitrary<ServiceFact> = fc
      .record({
        ref: fc.constantFrom(...services),
        port: fc.constantFrom(80, 81),
        vip: fc.constantFrom('10.43.0.1', '10.43.0.2'),
      })
      .map(({ ref: place, port, vip }) => ({
        ...place,
        kind: 'tasks',
        ports: [{ port, protocol: 'tcp' }],
        vip,
      }));
    const addresses = ['10.0.0.8', '10.0.0.9'];
    const anyClient: fc.Arbitrary<ClientFact> = fc.record({
      address: fc.constantFrom(...addresses),
      environment: fc.constant('default'),
      stack: fc.constantFrom('s0', 's1'),
      links: fc.constant({}),
    });
    const anyDelta: fc.Arbitrary<FactDelta> = fc.record({
      tasks: fc.uniqueArray(anyTask, { selector: (task) => task.id, maxLength: 3 }),
      removedTasks: fc.uniqueArray(fc.constantFrom('t0', 't1', 't2', 't3'), { maxLength: 2 }),
      services: fc.uniqueArray(anyService, { selector: serviceKey, maxLength: 2 }),
      removedServices: fc.uniqueArray(fc.constantFrom(...services.map(serviceKey)), { maxLength: 2 }),
      clients: fc.uniqueArray(anyClient, { selector: ({ address }) => address, maxLength: 1 }),
      removedClients: fc.uniqueArray(fc.constantFrom(...addresses), { maxLength: 1 }),
    });
    fc.assert(
      fc.property(fc.array(anyDelta, { maxLength: 12 }), (deltas) => {
        const stepwise = new Catalog({ clock: () => 0 });
        const sink = stepwise.sink('docker');
        const truth = new Map<string, TaskFact>();
        const defined = new Map<string, ServiceFact>();
        const known = new Map<string, ClientFact>();
        for (const delta of deltas) {
          sink.update(delta);
          for (const id of delta.removedTasks ?? []) truth.delete(id);
          for (const task of delta.tasks ?? []) truth.set(task.id, task);
          for (const key of delta.removedServices ?? []) defined.delete(key);
          for (const service of delta.services ?? []) defined.set(serviceKey(service), service);
          for (const address of delta.removedClients ?? []) known.delete(address);
          for (const client of delta.clients ?? []) known.set(client.address, client);
        }
        const atOnce = new Catalog({ clock: () => 0 });
        atOnce.sink('docker').replace({
          tasks: [...truth.values()],
          services: [...defined.values()],
          clients: [...known.values()],
        });
        expect(contents(stepwise)).toEqual(contents(atOnce));
      }),
    );
  });
});
