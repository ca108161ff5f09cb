import { describe, expect, it } from 'vitest';
import type { HealthReport } from '../../src/catalog/health-overlay.js';
import { connected, idle, pass, refuse, web, webCheck } from './support/harness.js';

const service = { service: 'default/shop/web' };
const drained = (h: ReturnType<typeof connected>['h']) => h.catalog.drain(service);

describe('what the checker reports to the catalog', () => {
  it('is nothing when a drain ends and nothing happened in between', async () => {
    const { h, events } = connected(webCheck);
    h.checker.start();
    h.put(web('a', '10.0.0.7'));
    await h.timers.advance(1000);
    events.length = 0;
    h.catalog.drain(service, { until: h.timers.now() + 5000 });
    await h.timers.advance(5000);
    h.catalog.endDrains(h.catalog.drains);
    await h.timers.advance(1000);
    expect(events).toEqual([
      expect.stringMatching(/^a healthy -> draining \[drained with its service by an operator until/),
      'a draining -> healthy (probe tcp 10.0.0.7:80: connected ×2) [drain expired]',
    ]);
    h.checker.stop();
  });

  it('is the cause of a fall or rise during a drain', async () => {
    const { h, events } = connected(webCheck);
    h.checker.start();
    h.put(web('a', '10.0.0.7'));
    await h.timers.advance(1000);
    drained(h);
    h.answers = () => refuse;
    await h.timers.advance(7000);
    expect(h.catalog.reportOf('a')?.cause).toBe('probe tcp 10.0.0.7:80: ECONNREFUSED ×3');
    events.length = 0;
    h.catalog.undrain(service);
    await h.timers.advance(10);
    expect(events).toEqual([
      'a draining -> unhealthy (probe tcp 10.0.0.7:80: ECONNREFUSED ×3) [drain ended by an operator]',
    ]);
    drained(h);
    h.answers = () => pass;
    await h.timers.advance(7000);
    h.catalog.undrain(service);
    await h.timers.advance(10);
    expect(h.catalog.snapshot.task('a')).toMatchObject({
      health: 'healthy',
      reason: 'probe tcp 10.0.0.7:80: connected ×2',
    });
    expect(idle(events)).toEqual([]);
    h.checker.stop();
  });

  it('is the cause of a start that took too long during a drain', async () => {
    const { h } = connected(webCheck);
    h.answers = () => refuse;
    h.checker.start();
    h.put(web('a', '10.0.0.7'));
    drained(h);
    await h.timers.advance(61_000);
    expect(h.catalog.reportOf('a')?.cause).toBe(
      'not healthy within 60 s of its start: probe tcp 10.0.0.7:80: ECONNREFUSED',
    );
    h.checker.stop();
  });

  it.each<[string, HealthReport | undefined]>([
    ['new', undefined],
    ['healthy before', { health: 'healthy', cause: 'x', run: 1 }],
    ['unhealthy before', { health: 'unhealthy', cause: 'y', run: 1 }],
    ['healthy in an earlier run', { health: 'healthy', cause: 'x', run: 0 }],
    ['unhealthy in an earlier run', { health: 'unhealthy', cause: 'y', run: 0 }],
  ])(
    'never turns an unchanged state into an event: a task that is %s, restarts, stops and starts',
    async (_, report) => {
      const { h, events } = connected(webCheck);
      if (report) h.catalog.restoreHealth({ reports: { a: report }, drains: [] });
      h.checker.start();
      const put = (startedAt: number, over: Parameters<typeof web>[2] = {}) =>
        h.put(web('a', '10.0.0.7', { startedAt, ...over }));
      put(1);
      await h.timers.advance(5000);
      put(2);
      await h.timers.advance(5000);
      h.answers = () => refuse;
      await h.timers.advance(10_000);
      put(2, { health: 'draining', reason: 'stop signal 15 sent' });
      put(2, { health: 'stopped', reason: 'exit 0', endpoints: [] });
      put(3);
      await h.timers.advance(5000);
      h.answers = () => pass;
      await h.timers.advance(30_000);
      drained(h);
      await h.timers.advance(5000);
      h.catalog.undrain(service);
      await h.timers.advance(5000);
      expect(events.at(-1)).toMatch(/-> healthy/);
      expect(idle(events)).toEqual([]);
      h.checker.stop();
    },
  );

  it('is hidden while the source knows better, and reappears when it does not', async () => {
    const { h } = connected(webCheck);
    h.checker.start();
    h.put(web('a', '10.0.0.7', { health: 'unhealthy', reason: 'the file says so' }));
    await h.timers.advance(5000);
    expect(h.catalog.snapshot.task('a')?.health).toBe('unhealthy');
    expect(h.checker.row('a')).toMatchObject({ health: 'unhealthy', last: { ok: true } });
    expect(h.checker.tally()).toEqual([{ kind: 'tcp', health: 'unhealthy', count: 1 }]);
    h.put(web('a', '10.0.0.7'));
    expect(h.checker.row('a')).toMatchObject({ health: 'healthy', since: h.timers.now() });
    h.checker.stop();
  });
});
