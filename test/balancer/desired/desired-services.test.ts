import { describe, expect, it } from 'vitest';
import { desiredOf } from '../../../src/balancer/desired/desired-services.js';
import { Catalog } from '../../../src/catalog/catalog.js';
import type { Balancing } from '../../../src/net/balancing.js';
import type { ServiceFact, TaskFact } from '../../../src/catalog/facts.js';
import { ref, taskFact } from '../../support/facts.js';
import { instant } from '../../support/instant.js';

const web = ref('web.shop');
const http = { port: 80, protocol: 'tcp' } as const;

function world() {
  let now = 0;
  const catalog = new Catalog({ clock: () => now });
  const sink = catalog.sink('file');
  const service = (over: Partial<ServiceFact> = {}): ServiceFact => ({
    ...web,
    kind: 'tasks',
    vip: '10.43.0.9',
    ports: [http],
    ...over,
  });
  const task = (id: string, last: number, over: Partial<TaskFact> = {}) =>
    taskFact(id, { service: web, ip: `10.0.0.${last}`, ports: [{ ...http, target: 8080 }], ...over });
  return {
    catalog,
    sink,
    service,
    task,
    at: (time: number) => (now = time),
    desired: () =>
      [...catalog.snapshot.services()].flatMap(
        (each) => desiredOf(catalog.snapshot, each, instant(now)).services,
      ),
    until: () =>
      Math.min(
        ...[...catalog.snapshot.services()].map(
          (each) => desiredOf(catalog.snapshot, each, instant(now)).until,
        ),
      ),
  };
}

describe('what a data plane should carry', () => {
  it('includes every TCP and UDP port of services with a virtual IP, each with the tasks that serve it', () => {
    const { sink, service, task, desired } = world();
    const ports = [http, { port: 53, protocol: 'udp' }, { port: 9, protocol: 'sctp' }] as const;
    sink.replace({
      services: [service({ ports }), { ...ref('no-vip.shop'), kind: 'tasks', ports: [http] }],
      tasks: [
        task('a', 1),
        task('b', 2, { ports: [{ port: 53, protocol: 'udp', target: 5353 }] }),
        // Nobody knows a port of it: its service's word counts.
        task('c', 3, { ports: [], weight: 5 }),
      ],
    });
    const backend = (id: string, ip: string, port: number, weight = 1) => ({
      ...{ id, name: id, address: { ip, port }, weight, state: 'active' },
    });
    const clients = { everyone: true, networks: [], hostPort: false };
    const common = { service: 'default/shop/web', vip: '10.43.0.9', scheduler: 'wrr', clients };
    expect(desired()).toEqual([
      {
        ...{ ...common, port: 80, protocol: 'tcp' },
        backends: [backend('a', '10.0.0.1', 8080), backend('c', '10.0.0.3', 80, 5)],
      },
      {
        ...{ ...common, port: 53, protocol: 'udp' },
        backends: [backend('b', '10.0.0.2', 5353), backend('c', '10.0.0.3', 53, 5)],
      },
    ]);
  });

  it('has the longer stop timeout of a task as the time that its connections have when it drains', () => {
    const { sink, service, task, desired } = world();
    const tasks = [task('a', 1, { health: 'draining', stopTimeout: 60_000 }), task('b', 2)];
    sink.replace({ services: [service()], tasks });
    expect(desired()[0]?.backends.map(({ state, drain }) => [state, drain])).toEqual([
      ['draining', 60_000],
      ['active', undefined],
    ]);
  });

  it('has no task that serves nothing, and still goes on with the connections of those that drain', () => {
    const { sink, service, task, desired } = world();
    sink.replace({
      services: [service()],
      tasks: [
        task('up', 1),
        task('draining', 2, { health: 'draining' }),
        task('quiet', 3, { weight: 0 }),
        task('sick', 4, { health: 'unhealthy' }),
        task('new', 5, { health: 'initializing' }),
        task('over', 6, { health: 'stopped', endpoints: [] }),
        task('lost', 7, { health: 'draining', endpoints: [] }),
      ],
    });
    expect(desired()[0]?.backends.map(({ id, state, weight }) => [id, state, weight])).toEqual([
      ['draining', 'draining', 1],
      ['quiet', 'active', 0],
      ['up', 'active', 1],
    ]);
  });

  it('exists before the first task, and is empty when all are gone', () => {
    const { sink, service, desired } = world();
    sink.replace({ tasks: [], services: [service()] });
    expect(desired()).toMatchObject([{ vip: '10.43.0.9', port: 80, backends: [] }]);
  });

  it('includes tasks that a doubted check or a minimum adds', () => {
    const { sink, service, task, desired } = world();
    const sick = { health: 'unhealthy' } as const;
    sink.replace({ services: [service()], tasks: [task('a', 1), task('b', 2, sick), task('c', 3, sick)] });
    expect(desired()[0]?.backends.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    const balancing = { panicThreshold: 1, minHealthy: 2 };
    sink.replace({
      services: [service({ balancing })],
      tasks: [task('a', 1), task('b', 2, sick), task('c', 3, sick)],
    });
    expect(desired()[0]?.backends.map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it('reaches a task in the family of the virtual IP, or in the only one that it has', () => {
    const { sink, service, task, desired } = world();
    const endpoints = [
      { network: '*', ip: '10.0.0.1' },
      { network: '*', ip: 'fd00::1' },
    ];
    sink.replace({
      services: [service({ vip: 'fd00:43::9' })],
      tasks: [task('both', 1, { endpoints }), task('four', 4)],
    });
    expect(desired()[0]?.backends.map(({ address }) => address.ip)).toEqual(['fd00::1', '10.0.0.4']);
  });

  it('schedules each datagram by itself where that is said: UDP ports alone', () => {
    const { sink, service, task, desired } = world();
    const ports = [
      { port: 53, protocol: 'udp' },
      { port: 53, protocol: 'tcp' },
    ] as const;
    sink.replace({ services: [service({ ports, balancing: { ops: true } })], tasks: [task('a', 1)] });
    expect(Object.fromEntries(desired().map(({ protocol, ops }) => [protocol, ops]))).toEqual({
      tcp: undefined,
      udp: true,
    });
  });

  it('has all that is said of balancing, without what is switched off', () => {
    const { sink, service, task, desired } = world();
    const said: Balancing = {
      ...{ scheduler: 'lc', affinity: 60, maxConnections: 10, serviceMaxConnections: 100, maxPerClient: 5 },
      ...{
        proxyProtocol: 'v2',
        acceptProxy: true,
        onDown: 'reset',
        idleTimeout: 0,
        drainTimeout: 7,
        udpReplies: 1,
      },
    };
    sink.replace({
      services: [service({ balancing: said })],
      tasks: [
        task('a', 1),
        task('b', 2, { balancing: { maxConnections: 3 } }),
        task('c', 3, { balancing: { maxConnections: 0 } }),
      ],
    });
    const [made] = desired();
    expect(made).toMatchObject({
      ...{ scheduler: 'lc', affinity: { timeout: 60 }, maxConnections: 100, maxPerClient: 5 },
      ...{
        proxyProtocol: 'v2',
        acceptProxy: true,
        onDown: 'reset',
        timeouts: { idle: 0, drain: 7 },
        replies: 1,
      },
    });
    expect(made?.backends.map(({ maxConnections }) => maxConnections)).toEqual([10, 3, undefined]);
    const off: Balancing = {
      ...{ affinity: 0, maxConnections: 0, serviceMaxConnections: 0, maxPerClient: 0 },
      ...{ proxyProtocol: 'none', acceptProxy: false, udpReplies: 0, ops: false },
    };
    sink.replace({ services: [service({ balancing: { ...said, ...off } })], tasks: [] });
    expect(desired()).toEqual([
      {
        ...{ service: 'default/shop/web', vip: '10.43.0.9', port: 80, protocol: 'tcp', backends: [] },
        ...{ scheduler: 'lc', onDown: 'reset', timeouts: { idle: 0, drain: 7 } },
        clients: { everyone: true, networks: [], hostPort: false },
      },
    ]);
  });
});

describe('an unchanged service', () => {
  it('yields the same object as last time', () => {
    const { sink, service, task, desired, until } = world();
    const other = ref('other.shop');
    sink.replace({
      services: [service(), service({ ...other, vip: '10.43.0.10' })],
      tasks: [task('a', 1)],
    });
    const before = desired();
    sink.update({ tasks: [task('o', 2, { service: other })] });
    const after = desired();
    expect(after.map(({ vip }) => vip).sort()).toEqual(['10.43.0.10', '10.43.0.9']);
    const of = (list: typeof after, vip: string) => list.find((each) => each.vip === vip);
    expect(of(after, '10.43.0.9')).toBe(of(before, '10.43.0.9'));
    expect(of(after, '10.43.0.10')?.backends.length).toBe(1);
    expect(until()).toBe(Infinity);
  });

  it('is computed again when networks changed', () => {
    const { sink, service, task, desired } = world();
    const two = [
      { network: 'n1', ip: '10.1.0.1' },
      { network: 'n2', ip: '10.2.0.1' },
    ];
    sink.replace({ services: [service()], tasks: [task('a', 1, { endpoints: two })] });
    expect(desired()[0]?.backends[0]?.address.ip).toBe('10.1.0.1');
    const network = { id: 'n1', name: 'z', driver: 'bridge', internal: false, subnets: [], gateways: [] };
    sink.update({ networks: [network, { ...network, id: 'n2', name: 'a' }] });
    expect(desired()[0]?.backends[0]?.address.ip).toBe('10.2.0.1');
  });
});

describe('a slow start', () => {
  const weights = (services: ReturnType<ReturnType<typeof world>['desired']>) =>
    services[0]?.backends.map(({ id, weight }) => [id, weight]);

  function started(balancing: Balancing, weight = 1) {
    const all = world();
    const { sink, service, task } = all;
    sink.replace({ services: [service({ balancing })], tasks: [task('old', 1, { weight })] });
    sink.status({ state: 'live' });
    all.at(1000);
    sink.update({ tasks: [task('young', 2, { weight })] });
    return all;
  }

  it('gives a new task a share that grows with its age, and says when it changes next', () => {
    const { desired, until, at } = started({ slowStart: 10_000 });
    const seen = [1000, 1499, 1500, 6000, 10_900].map((time) => {
      at(time);
      return [weights(desired())?.[1]?.[1], until()];
    });
    expect(seen).toEqual([
      [10, 1500],
      [10, 1500],
      [10, 2000],
      [50, 6500],
      [99, 11_000],
    ]);
    at(11_000);
    expect([weights(desired()), until()]).toEqual([
      [
        ['old', 100],
        ['young', 100],
      ],
      Infinity,
    ]);
  });

  it('is over in time when the clock is set back: an age that is not known is no reason to wait', () => {
    const { catalog, sink, task } = started({ slowStart: 10_000 });
    const weightAt = (at: number, now: number) => {
      const [service] = catalog.snapshot.services();
      return service && weights([...desiredOf(catalog.snapshot, service, { at, now }).services])?.[1]?.[1];
    };
    expect(weightAt(2000, 2000)).toBe(10);
    // Due by the clock that only grows, and there is nothing to be seen of the task's age.
    expect(weightAt(-3_600_000, 3000)).toBe(100);
    sink.update({ tasks: [task('young', 3)] });
    expect(weightAt(-3_600_000, 3000)).toBe(100);
  });

  it('never makes a weight too large, nor a multiple where the scheduler counts in it', () => {
    const heavy = started({ slowStart: 10_000 }, 60_000);
    heavy.at(6000);
    expect(weights(heavy.desired())).toEqual([
      ['old', 60_000],
      ['young', 30_000],
    ]);
    const counting = started({ slowStart: 10_000, scheduler: 'ovf' }, 10);
    counting.at(6000);
    expect(weights(counting.desired())).toEqual([
      ['old', 10],
      ['young', 5],
    ]);
  });
});
