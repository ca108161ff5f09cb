import { describe, expect, it } from 'vitest';
import type { Task } from '../../../src/catalog/model.js';
import type { EntryOptions } from '../../../src/publishers/consul/consul-entry.js';
import { wantedEntries } from '../../../src/publishers/consul/wanted-entries.js';
import { ref, taskFact } from '../../support/facts.js';

const options: EntryOptions = {
  ...{ node: { id: 'host-1', name: 'alpha' }, ids: 'fairlead', internal: false, explicit: false },
  hostAddress: '192.0.2.1',
  networkName: (id) => id,
  spansHosts: () => false,
};

function task(id: string, over: Parameters<typeof taskFact>[1] = {}): Task {
  const fact = taskFact(id, {
    ...{ name: id, service: ref('web.shop'), ip: '172.17.0.2', network: 'bridge' },
    ports: [{ port: 80, protocol: 'tcp', target: 80, published: [{ ip: '0.0.0.0', port: 32768 }] }],
    labels: { SERVICE_ID: 'mine' },
    ...over,
  });
  return { source: 'docker', ...fact };
}
const owners = (...tasks: readonly Task[]) =>
  [...wantedEntries(tasks, options).entries].map(([id, { meta }]) => [id, meta['fairlead-task']]);

describe('entries of several containers', () => {
  it('have an id each', () => {
    const tasks = [task('web-1', { labels: {} }), task('web-2', { labels: {} })];
    expect(owners(...tasks)).toEqual([
      ['fairlead:web-1:80', 'web-1'],
      ['fairlead:web-2:80', 'web-2'],
    ]);
    expect(wantedEntries(tasks, options).problems).toEqual([]);
  });

  it('with the same SERVICE_ID are one entry, and the others are named', () => {
    const tasks = [task('web-1'), task('web-2')];
    expect(owners(...tasks)).toEqual([['mine', 'web-1']]);
    expect(wantedEntries(tasks, options).problems).toEqual([
      {
        ...{ code: 'label-invalid', subject: 'container web-2', task: 'web-2' },
        message:
          'container web-2: the id "mine" of port 80/tcp in Consul is already that of port 80/tcp of container web-1; ' +
          'it is not published to Consul; give each another SERVICE_ID, or SERVICE_<port>_ID',
      },
    ]);
  });

  it('with the same SERVICE_ID on two ports of one container are one entry', () => {
    const published = (port: number) => [{ ip: '0.0.0.0', port }];
    const ports = [80, 443].map(
      (port) => ({ port, protocol: 'tcp', target: port, published: published(32_000 + port) }) as const,
    );
    const { entries, problems } = wantedEntries([task('web-1', { ports })], options);
    expect([...entries.values()].map(({ port }) => port)).toEqual([32_080]);
    expect(problems).toHaveLength(1);
  });

  it.each([
    ['before', true],
    ['after', false],
  ])('a container that drains gives its id to its replacement, listed %s it', (_when, isFirst) => {
    const old = task('web-1', { health: 'draining', reason: 'stop signal 15 sent' });
    const next = task('web-2');
    const tasks = isFirst ? [old, next] : [next, old];
    expect(owners(...tasks)).toEqual([['mine', 'web-2']]);
    expect(wantedEntries(tasks, options).problems).toEqual([]);
  });
});
