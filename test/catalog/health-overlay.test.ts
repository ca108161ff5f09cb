import { describe, expect, it } from 'vitest';
import { HealthOverlay, type DrainMark, type HealthReport } from '../../src/catalog/health-overlay.js';
import type { Health, Task } from '../../src/catalog/model.js';
import { ref, taskFact } from '../support/facts.js';

const task = (over: Partial<Task> & { readonly healthFrom?: 'check' } = {}): Task => ({
  ...taskFact('a', { service: ref('web.shop'), startedAt: 5, ip: '10.0.0.7' }),
  source: 'docker',
  ...over,
});
const report = (health: HealthReport['health'], run = 5): HealthReport => ({
  health,
  cause: `probe said ${health}`,
  run,
});
const shown = (overlay: HealthOverlay, given: Task): [Health, string | undefined] => {
  const { health, reason } = overlay.apply(given);
  return [health, reason];
};

describe('the health overlay', () => {
  it.each<[string, Task, HealthReport, Health, string | undefined]>([
    ['over healthy', task(), report('unhealthy'), 'unhealthy', 'probe said unhealthy'],
    [
      'over a HEALTHCHECK',
      task({ health: 'unhealthy', healthFrom: 'check' }),
      report('healthy'),
      'healthy',
      'probe said healthy',
    ],
    ['not over stopped', task({ health: 'stopped' }), report('healthy'), 'stopped', undefined],
    [
      'not over draining',
      task({ health: 'draining', reason: 'stop signal' }),
      report('healthy'),
      'draining',
      'stop signal',
    ],
    [
      'not over what the engine knows',
      task({ health: 'unhealthy', reason: 'paused' }),
      report('healthy'),
      'unhealthy',
      'paused',
    ],
    ['an earlier run’s healthy', task(), report('healthy', 4), 'reinitializing', 'started again'],
    ['an earlier run’s unhealthy', task(), report('unhealthy', 4), 'unhealthy', 'probe said unhealthy'],
  ])('a report counts: %s', (_name, given, said, health, reason) => {
    const overlay = new HealthOverlay();
    overlay.report('a', said);
    expect(shown(overlay, given)).toEqual([health, reason]);
  });

  it.each<[string, DrainMark['target'], Task, Health]>([
    ['a task', { task: 'a' }, task(), 'draining'],
    ['a service', { service: 'default/shop/web' }, task(), 'draining'],
    ['another task', { task: 'b' }, task(), 'healthy'],
    ['an unhealthy task', { task: 'a' }, task({ health: 'unhealthy' }), 'draining'],
    ['a stopped task', { task: 'a' }, task({ health: 'stopped' }), 'stopped'],
  ])('a drain of %s', (_name, target, given, health) => {
    const overlay = new HealthOverlay();
    overlay.drain({ target, at: 0 });
    expect(overlay.apply(given).health).toBe(health);
    expect(overlay.undrain(target)).toBe(true);
    expect(overlay.apply(given)).toBe(given);
  });

  it('shows author, end and reason of a drain', () => {
    const overlay = new HealthOverlay();
    overlay.drain({ target: { task: 'a' }, at: 0, until: 60_000, note: 'new disk' });
    expect(shown(overlay, task())).toEqual([
      'draining',
      'drained by an operator until 1970-01-01T00:01:00.000Z: new disk',
    ]);
  });

  it('ends a drain, but not the one that has replaced it', () => {
    const overlay = new HealthOverlay();
    const first: DrainMark = { target: { task: 'a' }, at: 0, until: 1000 };
    const second: DrainMark = { ...first, until: 2000 };
    overlay.drain(first);
    overlay.drain(second);
    expect([overlay.end(first), overlay.drains]).toEqual([false, [second]]);
    expect([overlay.end(second), overlay.end(second), overlay.drains]).toEqual([true, false, []]);
  });

  it('returns the same object until something about the task changes', () => {
    const overlay = new HealthOverlay();
    const given = task();
    expect(overlay.apply(given)).toBe(given);
    expect(overlay.report('a', report('unhealthy'))).toBe(true);
    const once = overlay.apply(given);
    expect(overlay.report('a', report('unhealthy'))).toBe(false);
    expect(overlay.report('b', report('unhealthy'))).toBe(true);
    expect(overlay.apply(given)).toBe(once);
    overlay.report('a', report('healthy'));
    expect(overlay.apply(given)).not.toBe(once);
    expect(overlay.report('a', undefined)).toBe(true);
    expect(overlay.apply(given)).toBe(given);
  });

  it('shows the expected health for a task whose check has not reported yet', () => {
    const overlay = new HealthOverlay();
    overlay.expectation = () => ({ health: 'initializing', cause: 'not probed yet', run: 5 });
    expect(shown(overlay, task())).toEqual(['initializing', 'not probed yet']);
    expect(shown(overlay, task({ health: 'stopped' }))).toEqual(['stopped', undefined]);
    overlay.report('a', report('healthy'));
    expect(overlay.apply(task()).health).toBe('healthy');
  });

  it('is saved and restored', () => {
    const overlay = new HealthOverlay();
    overlay.report('a', report('unhealthy'));
    overlay.drain({ target: { task: 'b' }, at: 0, until: 7 });
    overlay.report('gone', report('healthy'));
    overlay.drain({ target: { task: 'gone' }, at: 0 });
    overlay.forget('gone');
    const saved = JSON.parse(JSON.stringify(overlay.export())) as ReturnType<HealthOverlay['export']>;
    const restored = new HealthOverlay(saved);
    expect(restored.export()).toEqual({
      reports: { a: report('unhealthy') },
      drains: [{ target: { task: 'b' }, at: 0, until: 7 }],
    });
    expect(restored.apply(task()).health).toBe('unhealthy');
  });
});
