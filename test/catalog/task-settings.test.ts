import { describe, expect, it } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import type { Service } from '../../src/catalog/model.js';
import type { TaskFact } from '../../src/catalog/facts.js';
import { ref, taskFact } from '../support/facts.js';

const web = ref('web.shop');

/** The service that these tasks make, with what is wrong with it. */
function made(...tasks: Partial<TaskFact>[]): { service: Service | undefined; problems: string[] } {
  const catalog = new Catalog({ clock: () => 0 });
  const sink = catalog.sink('docker');
  sink.replace({ tasks: tasks.map((task, at) => taskFact(`w${at}`, { service: web, ...task })) });
  return {
    service: catalog.snapshot.service(web),
    problems: catalog.snapshot.problems.map(({ message }) => message),
  };
}

describe('a setting of a service', () => {
  it('comes from the newest task that has it, each setting by itself', () => {
    const { service, problems } = made(
      { startedAt: 1, balancing: { affinity: 60, minHealthy: 1 }, endpointMode: 'vip' },
      { startedAt: 3, balancing: { scheduler: 'lc', minHealthy: 1 } },
      { startedAt: 2, vip: '10.43.0.9' },
    );
    expect(service).toMatchObject({
      endpointMode: 'vip',
      balancing: { scheduler: 'lc', affinity: 60, minHealthy: 1 },
    });
    expect(problems).toEqual([]);
  });

  it('about which tasks disagree is a problem that names both', () => {
    const { service, problems } = made(
      { startedAt: 1, balancing: { scheduler: 'rr' } },
      { startedAt: 3, balancing: { scheduler: 'lc' } },
      { startedAt: 2, balancing: { scheduler: 'rr' } },
    );
    expect(service?.balancing).toEqual({ scheduler: 'lc' });
    expect(problems).toEqual([
      'service web.shop: its tasks disagree about fairlead.scheduler: "w1" says lc, "w2" says rr; the newest task with a value decides ("w1"); give all of them the same value',
    ]);
  });

  it('of stopping tasks neither decides nor conflicts', () => {
    const { service, problems } = made(
      { startedAt: 1, balancing: { scheduler: 'rr' } },
      { startedAt: 3, health: 'stopped', balancing: { scheduler: 'lc' } },
      { startedAt: 4, health: 'draining', balancing: { scheduler: 'sh' }, endpointMode: 'vip' },
    );
    expect([service?.balancing, service?.endpointMode, problems]).toEqual([{ scheduler: 'rr' }, 'vip', []]);
  });

  it('never includes the connection limit of one task', () => {
    const { service, problems } = made(
      { balancing: { maxConnections: 5 } },
      { balancing: { maxConnections: 9 } },
    );
    expect([service?.balancing, problems]).toEqual([{}, []]);
    expect(service?.tasks.map((task) => task.balancing?.maxConnections)).toEqual([5, 9]);
  });

  it('comes first from a source, then from tasks, then from the configuration', () => {
    const catalog = new Catalog({ clock: () => 0 });
    catalog.configure({
      endpointMode: 'vip',
      balancing: { scheduler: 'wrr', onDown: 'reset' },
      vips: 'told',
    });
    const [file, docker] = [catalog.sink('file'), catalog.sink('docker')];
    docker.replace({
      tasks: [
        taskFact('w', { service: web, balancing: { scheduler: 'lc', affinity: 9 } }),
        taskFact('o', { service: ref('other.shop') }),
      ],
    });
    file.replace({ tasks: [], services: [{ ...web, kind: 'tasks', balancing: { affinity: 0 } }] });
    expect(catalog.snapshot.service(web)?.balancing).toEqual({
      scheduler: 'lc',
      affinity: 0,
      onDown: 'reset',
    });
    expect(catalog.snapshot.service(ref('other.shop'))).toMatchObject({
      endpointMode: 'vip',
      balancing: { scheduler: 'wrr', onDown: 'reset' },
    });
  });

  it('disappears with its problem when the task or the service is removed', () => {
    const catalog = new Catalog({ clock: () => 0 });
    const sink = catalog.sink('docker');
    const tasks = (['rr', 'lc'] as const).map((scheduler, at) =>
      taskFact(`w${at}`, { service: web, startedAt: at, balancing: { scheduler } }),
    );
    const told: (readonly string[])[] = [];
    catalog.onChange(({ meta }, { problems }) => {
      if (meta) told.push(problems.map(({ code }) => code));
    });
    sink.update({ tasks });
    sink.update({ removedTasks: ['w1'] });
    sink.update({ tasks });
    sink.update({ removedTasks: ['w0', 'w1'] });
    expect(told).toEqual([['label-conflict'], [], ['label-conflict'], []]);
  });
});
