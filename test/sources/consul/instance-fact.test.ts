import { describe, expect, it } from 'vitest';
import { serviceKey } from '../../../src/catalog/model.js';
import { readHealthEntries } from '../../../src/sources/consul/health-entry.js';
import { instanceFact } from '../../../src/sources/consul/instance-fact.js';
import { InstanceTable } from '../../../src/sources/consul/instance-table.js';

const context = { environment: 'default', stack: 'consul' };
const owner = {
  'fairlead-owner': 'host-2',
  'fairlead-host': 'beta',
  'fairlead-task': 'c0ffee',
  'fairlead-name': 'shop-web-1',
  'fairlead-environment': 'default',
  'fairlead-stack': 'shop',
  'fairlead-service': 'web',
  'fairlead-port': 'http=80/tcp',
};

interface Given {
  readonly service?: object;
  readonly checks?: readonly object[];
}

function entry({ service = {}, checks = [] }: Given = {}) {
  const [read] = readHealthEntries([
    {
      Node: { Node: 'n1', Address: '192.0.2.1', Datacenter: 'dc1' },
      Service: { ID: 'web1', Service: 'web', Tags: ['v1'], Port: 8080, Meta: { region: 'eu' }, ...service },
      Checks: checks,
    },
  ]);
  if (!read) throw new Error('not read');
  return read;
}
const fact = (given?: Given) => instanceFact(entry(given), context);

describe('an instance in Consul', () => {
  it('is a task of the stack of foreign services, at its node’s address if it has none of its own', () => {
    const { task, problems } = fact();
    expect(problems).toEqual([]);
    expect(task).toMatchObject({
      id: 'consul:dc1/n1/web1',
      node: { id: 'consul:dc1/n1', name: 'n1' },
      names: ['web1.n1'],
      health: 'healthy',
      endpoints: [{ network: '*', ip: '192.0.2.1' }],
      ports: [{ port: 8080, protocol: 'tcp', target: 8080 }],
      labels: { region: 'eu', 'consul.tags': 'v1' },
      weight: 1,
    });
    expect(task?.service && serviceKey(task.service)).toBe('default/consul/web');
  });

  it('that Fairlead published is the same task as on its own host', () => {
    const { task } = fact({ service: { Meta: owner, Address: '192.0.2.2', Port: 32768 } });
    expect(task).toMatchObject({
      id: 'c0ffee',
      node: { id: 'host-2', name: 'beta' },
      name: 'shop-web-1',
      names: ['shop-web-1.beta'],
      ports: [{ name: 'http', port: 80, protocol: 'tcp', target: 32768 }],
    });
    expect(task?.service && serviceKey(task.service)).toBe('default/shop/web');
  });

  it('that Fairlead published says what the task runs; a mark that nobody can read is left out', () => {
    const version = {
      'fairlead-image': 'nginx:1.27',
      'fairlead-image-id': 'sha256:aa',
      'fairlead-created': '2026-01-02T03:04:05.000Z',
      'fairlead-started': '2026-01-02T03:04:06.000Z',
      'fairlead-restarts': '2',
    };
    expect(fact({ service: { Meta: { ...owner, ...version } } }).task).toMatchObject({
      image: 'nginx:1.27',
      imageId: 'sha256:aa',
      createdAt: Date.UTC(2026, 0, 2, 3, 4, 5),
      startedAt: Date.UTC(2026, 0, 2, 3, 4, 6),
      restarts: 2,
    });
    const odd = { 'fairlead-created': 'soon', 'fairlead-started': '-1', 'fairlead-restarts': '1e3' };
    const { task } = fact({ service: { Meta: { ...owner, ...odd } } });
    for (const key of ['createdAt', 'startedAt', 'restarts']) expect(task).not.toHaveProperty(key);
  });

  it('of another environment is not seen', () => {
    const meta = { ...owner, 'fairlead-environment': 'lab' };
    expect(fact({ service: { Meta: meta } })).toEqual({ problems: [] });
  });

  it.each<[string, object[], string, string | undefined]>([
    ['no check', [], 'healthy', undefined],
    ['all pass', [{ CheckID: 'a', Status: 'passing' }], 'healthy', undefined],
    [
      'a warning',
      [{ CheckID: 'a', Name: 'disk', Status: 'warning' }],
      'healthy',
      'Consul check disk is warning',
    ],
    [
      'one of them critical',
      [
        { CheckID: 'a', Status: 'passing' },
        { CheckID: 'b', Name: 'port', Status: 'critical' },
      ],
      'unhealthy',
      'Consul check port is critical',
    ],
    [
      'maintenance',
      [
        { CheckID: 'b', Name: 'port', Status: 'critical' },
        { CheckID: '_service_maintenance:web1', Status: 'critical', Notes: 'new disk' },
      ],
      'draining',
      'in maintenance in Consul: new disk',
    ],
    ['its node in maintenance', [{ CheckID: '_node_maintenance' }], 'draining', 'in maintenance in Consul'],
  ])('%s', (_what, checks, health, reason) => {
    const { task } = fact({ checks });
    expect([task?.health, task?.reason]).toEqual([health, reason]);
  });

  it.each([
    [{ Service: 'not a name!' }, 'name-invalid', 'has only its own name'],
    [{ Address: 'host.example' }, 'address-invalid', 'is not an IP address'],
    [{ Meta: { ...owner, 'fairlead-port': '0/tcp' } }, 'port-invalid', 'is not a port'],
  ])('%j is a problem, and what can be served is', (service, code, message) => {
    const { task, problems } = fact({ service });
    expect(task).toBeDefined();
    expect(problems).toMatchObject([{ code, message: expect.stringContaining(message) as string }]);
  });

  it.each([
    [{ Weights: { Passing: 7, Warning: 2 } }, [], 7],
    [{ Weights: { Passing: 7, Warning: 2 } }, [{ CheckID: 'a', Status: 'warning' }], 2],
    [{ Tags: ['fairlead.weight=0'] }, [], 0],
    [{ Weights: { Passing: -1 } }, [], 1],
  ])('%j with %j has the weight %i', (service, checks, weight) => {
    expect(fact({ service, checks }).task?.weight).toBe(weight);
  });

  it('that is not a valid instance is left out', () => {
    expect(readHealthEntries([null, 7, {}, { Node: { Node: 'n' }, Service: { ID: 7 } }, 'x'])).toEqual([]);
    expect(readHealthEntries({ not: 'a list' })).toEqual([]);
  });
});

describe('the table of instances', () => {
  const port = (id: string, number: number, over: Given = {}) =>
    entry({
      service: { ID: id, Port: 32000 + number, Meta: { ...owner, 'fairlead-port': `${number}/tcp` } },
      ...over,
    });

  it('combines the ports of a container to one task, with the worst of their health', () => {
    const table = new InstanceTable(context);
    table.set('web-80', [port('a', 80)]);
    table.set('web-443', [port('b', 443, { checks: [{ CheckID: 'x', Name: 'tls', Status: 'critical' }] })]);
    expect(table.tasks).toMatchObject([
      {
        id: 'c0ffee',
        health: 'unhealthy',
        reason: 'Consul check tls is critical',
        ports: [
          { port: 80, target: 32080 },
          { port: 443, target: 32443 },
        ],
      },
    ]);
    expect(table.set('web-443', [])).toMatchObject({ tasks: [{ id: 'c0ffee', health: 'healthy' }] });
    expect(table.set('web-80', [])).toEqual({ removedTasks: ['c0ffee'] });
  });

  it('reports nothing when nothing changed, in whatever order Consul lists', () => {
    const table = new InstanceTable(context);
    const two = [entry(), entry({ service: { ID: 'web2' } })];
    expect(table.set('web', two)?.tasks).toHaveLength(2);
    expect(table.set('web', two.toReversed())).toBeUndefined();
  });
});
