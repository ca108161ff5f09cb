import { afterAll, beforeAll, expect, it } from 'vitest';
import { fairlead } from '../cli/run.js';
import { NOW, startApi, stopApi, task, type Fixture } from './fixture.js';

let fixture: Fixture;
const alpha = { id: 'host-1', name: 'alpha' };
const beta = { id: 'host-2', name: 'beta', address: '192.0.2.2', version: '0.2.0' };
const foreign = { id: 'consul:dc1/gamma', name: 'gamma' };

beforeAll(async () => {
  fixture = await startApi();
  const { catalog } = fixture;
  catalog.dropSource('docker');
  const docker = catalog.sink('docker', undefined, { rank: 0, node: alpha.id });
  docker.replace({
    tasks: [task('a1', 'web_1', '10.42.0.1', { node: alpha }), task('f1', 'static', '10.42.0.9')],
  });
  docker.status({ state: 'live', asOf: NOW - 90_000 });
  const consul = catalog.sink('consul', undefined, { rank: 1, isRemote: true });
  consul.replace({
    tasks: [
      task('b1', 'web_2', '192.0.2.2', { node: beta }),
      task('b2', 'web_3', '192.0.2.2', { node: beta, health: 'unhealthy' }),
      task('c1', 'db', '192.0.2.3', { node: foreign }),
    ],
  });
  consul.status({ state: 'stale', asOf: NOW - 300_000, error: 'no answer' });
});
afterAll(() => stopApi(fixture));

const ask = (line: string) => fairlead(line, { env: { FAIRLEAD_ADDR: `unix:${fixture.socket}` } });

it('lists this host first and then the others, each with the age of what is known of it', async () => {
  expect((await ask('hosts')).stdout).toBe(
    [
      'HOST               ADDRESS    VERSION  TASKS  HEALTH                  FACTS',
      'alpha (this host)  192.0.2.1  0.1.0        1  1 healthy               current',
      'beta               192.0.2.2  0.2.0        2  1 healthy, 1 unhealthy  5m old',
      'gamma              -          -            1  1 healthy               5m old',
      '',
    ].join('\n'),
  );
});

it('has the same for programs', async () => {
  const { stdout } = await ask('hosts -o json');
  expect(JSON.parse(stdout)).toEqual([
    {
      ...{ ...alpha, address: '192.0.2.1', version: '0.1.0', self: true, tasks: 1 },
      ...{ health: { healthy: 1 }, sources: ['docker'], state: 'live', asOf: new Date(NOW).toISOString() },
    },
    {
      ...{ ...beta, self: false, tasks: 2, health: { healthy: 1, unhealthy: 1 } },
      ...{ sources: ['consul'], state: 'stale', asOf: new Date(NOW - 300_000).toISOString() },
    },
    {
      ...{ ...foreign, self: false, tasks: 1, health: { healthy: 1 } },
      ...{ sources: ['consul'], state: 'stale', asOf: new Date(NOW - 300_000).toISOString() },
    },
  ]);
  expect((await ask('hosts -q')).stdout).toBe('host-1\nhost-2\nconsul:dc1/gamma\n');
});

it('can be sorted by age, and says nothing of a host that was never heard of', async () => {
  expect((await ask('hosts --sort -facts -o name')).stdout.split('\n').at(-2)).toBe('alpha');
  fixture.catalog.dropSource('docker');
  fixture.catalog.sink('docker', undefined, { rank: 0, node: alpha.id });
  expect((await ask('hosts')).stdout).toMatch(/\nalpha \(this host\) .* 0 +- +none yet\n/);
});
