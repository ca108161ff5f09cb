import { describe, expect, it } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import type { TaskFact } from '../../src/catalog/facts.js';
import { sameVersions, upgradingSince, versionsOf } from '../../src/catalog/service-versions.js';
import { ref, taskFact } from '../support/facts.js';

const old = { image: 'web:1.8-alpine', imageId: 'sha256:aa', createdAt: 1000 };
const next = { image: 'web:1.9-alpine', imageId: 'sha256:bb', createdAt: 2000 };

function web(id: string, over: Partial<TaskFact>): TaskFact {
  return taskFact(id, { service: ref('web.shop'), ip: `10.0.0.${id.charCodeAt(0)}`, ...over });
}
const versions = (...facts: TaskFact[]) => versionsOf(facts.map((fact) => ({ source: 'docker', ...fact })));

describe('the versions of a service', () => {
  it('are the images of its running tasks, the oldest first, each since its first task', () => {
    const list = versions(
      web('c', next),
      web('a', { ...old, createdAt: 1500 }),
      web('b', old),
      web('d', { ...old, image: 'web:1.7', health: 'stopped' }),
      web('e', {}),
    );
    expect(list).toEqual([
      { image: old.image, imageId: old.imageId, tasks: 2, since: 1000 },
      { image: next.image, imageId: next.imageId, tasks: 1, since: 2000 },
    ]);
    expect(upgradingSince(list)).toBe(2000);
    expect(upgradingSince(list.slice(0, 1))).toBeUndefined();
  });

  it('differ where one name stands for another image than before', () => {
    const list = versions(web('a', old), web('b', { ...old, imageId: 'sha256:cc', createdAt: 3000 }));
    expect(list).toMatchObject([{ imageId: 'sha256:aa' }, { imageId: 'sha256:cc' }]);
  });

  it('count a container whose image is known by name only to the newest of that name', () => {
    const early = { image: old.image, health: 'initializing' as const };
    expect(versions(web('a', old), web('b', early))).toEqual([
      { image: old.image, imageId: old.imageId, tasks: 2, since: 1000 },
    ]);
    expect(versions(web('b', early))).toEqual([{ image: old.image, tasks: 1 }]);
  });

  it('are the same however many tasks have each', () => {
    const one = versions(web('a', old), web('b', next));
    const two = versions(web('a', old), web('b', next), web('c', next));
    expect(sameVersions(one, two)).toBe(true);
    expect(sameVersions(one, versions(web('a', old)))).toBe(false);
    expect(sameVersions(versions(web('b', next)), versions(web('a', old)))).toBe(false);
  });
});

describe('the trail of an upgrade', () => {
  function trail() {
    const catalog = new Catalog();
    const sink = catalog.sink('docker');
    const lines = () =>
      catalog
        .events()
        .filter(({ type }) => type === 'service.version')
        .map(({ subject, message }) => `${subject}: ${message}`);
    return { catalog, sink, lines };
  }

  it('has one event when it begins and one when it ends, and none when a service grows', () => {
    const { sink, lines } = trail();
    sink.replace({ tasks: [web('a', old), web('b', old)] });
    sink.update({ tasks: [web('c', old)] });
    expect(lines()).toEqual([]);
    sink.update({ tasks: [web('d', next)], removedTasks: ['a'] });
    sink.update({ tasks: [web('e', next)], removedTasks: ['b'] });
    sink.update({ removedTasks: ['c'] });
    expect(lines()).toEqual([
      'web.shop: 3 × 1.8-alpine -> 2 × 1.8-alpine, 1 × 1.9-alpine',
      'web.shop: 1 × 1.8-alpine, 2 × 1.9-alpine -> 2 × 1.9-alpine',
    ]);
  });

  it('has none when the engine tells more of the same image', () => {
    const { sink, lines } = trail();
    sink.replace({ tasks: [web('a', { image: old.image })] });
    sink.update({ tasks: [web('a', old)] });
    sink.update({ tasks: [web('a', next)] });
    expect(lines()).toEqual(['web.shop: 1 × 1.8-alpine -> 1 × 1.9-alpine']);
  });

  it('says of each task what it runs, where and how often it was started again', () => {
    const { catalog, sink } = trail();
    const node = { id: 'host-1', name: 'alpha' };
    sink.replace({ tasks: [web('a', { ...old, node, restarts: 0, startedAt: 1100 })] });
    sink.update({ tasks: [web('a', { ...old, node, restarts: 0, health: 'stopped' })] });
    sink.update({ tasks: [web('a', { ...old, node, restarts: 1, startedAt: 1900 })] });
    const events = catalog.events().filter(({ type }) => type.startsWith('task.'));
    expect(events.map(({ message }) => message)).toEqual([
      'web.shop, healthy, 10.0.0.97, web:1.8-alpine',
      'healthy -> stopped',
      'stopped -> healthy, restart 1',
    ]);
    expect(events.at(-1)?.task).toEqual({ id: 'a', node, ...old, startedAt: 1900, restarts: 1 });
  });
});
