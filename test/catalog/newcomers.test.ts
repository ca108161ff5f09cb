import { describe, expect, it } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import type { Health } from '../../src/catalog/model.js';
import { ref, taskFact } from '../support/facts.js';

function world(slowStart?: number) {
  let now = 0;
  const catalog = new Catalog({ clock: () => now });
  const sink = catalog.sink('docker');
  const task = (id: string, health: Health = 'healthy', startedAt = 1) =>
    taskFact(id, {
      service: ref('web.shop'),
      health,
      startedAt,
      ...(slowStart !== undefined && { balancing: { slowStart } }),
    });
  const put = (time: number, id: string, health?: Health, startedAt?: number) => {
    now = time;
    sink.update({ tasks: [task(id, health, startedAt)] });
    return catalog.snapshot.task(id)?.healthySince;
  };
  return { catalog, sink, task, put };
}

describe('the time since when a task is healthy', () => {
  it('is known for tasks that became healthy while Fairlead was watching', () => {
    const { sink, task, put, catalog } = world(1000);
    // The first that are reported may have been there forever.
    sink.replace({ tasks: [task('old')] });
    expect(put(10, 'late')).toBeUndefined();
    sink.status({ state: 'live' });
    expect(put(100, 'new')).toBe(100);
    expect(put(200, 'new')).toBe(100);
    expect(put(300, 'new', 'unhealthy')).toBeUndefined();
    expect(put(400, 'new')).toBe(400);
    expect(put(500, 'new', 'healthy', 2)).toBe(500);
    expect(put(600, 'new', 'draining', 2)).toBeUndefined();
    expect(put(700, 'starting', 'initializing')).toBeUndefined();
    expect(put(800, 'starting')).toBe(800);
    expect(catalog.snapshot.task('old')?.healthySince).toBeUndefined();
  });

  it('also follows checks, and an unchanged task stays the same object', () => {
    const { catalog, sink, task } = world(1000);
    sink.replace({ tasks: [task('a'), task('b')] });
    sink.status({ state: 'live' });
    const report = (health: 'healthy' | 'unhealthy') =>
      catalog.reportHealth([{ task: 'a', report: { health, cause: 'probe', run: 1 } }]);
    report('unhealthy');
    report('healthy');
    const shown = catalog.snapshot.task('a');
    expect(shown?.healthySince).toBe(0);
    const { revision } = catalog.snapshot;
    sink.update({ tasks: [task('a')] });
    expect(catalog.snapshot.task('a')).toBe(shown);
    expect(catalog.snapshot.revision).toBe(revision);
  });

  it('is kept only if a slow start needs it', () => {
    const { sink, task, put } = world();
    sink.replace({ tasks: [task('old')] });
    sink.status({ state: 'live' });
    expect(put(100, 'new')).toBeUndefined();
  });
});
