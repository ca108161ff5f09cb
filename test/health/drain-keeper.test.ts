import { describe, expect, it } from 'vitest';
import { HealthOverlay } from '../../src/catalog/health-overlay.js';
import { DrainKeeper } from '../../src/health/drain-keeper.js';
import { ManualTimers } from '../sources/docker/manual-timers.js';

const NOON = Date.UTC(2026, 0, 1, 12);

/** Drains as the keeper sees them, its timers, and a wall clock that a test may set. */
function kept() {
  const timers = new ManualTimers(0);
  const overlay = new HealthOverlay();
  const ended: [number, unknown][] = [];
  const wall = { ahead: NOON };
  const port = {
    get drains() {
      return overlay.drains;
    },
    endDrains: (marks: typeof overlay.drains) => {
      for (const mark of marks) if (overlay.end(mark)) ended.push([timers.now(), mark.target]);
    },
  };
  const keeper = new DrainKeeper(port, timers, () => wall.ahead + timers.now());
  const drain = (task: string, time?: number) => {
    const at = wall.ahead + timers.now();
    overlay.drain({ target: { task }, at, ...(time !== undefined && { until: at + time }) });
    keeper.refresh();
  };
  return { timers, overlay, ended, wall, keeper, drain };
}

describe('the drain keeper', () => {
  it('ends each drain with its time, however far away, and has no timer when none is left', async () => {
    const { timers, ended, keeper, drain } = kept();
    const month = 30 * 24 * 3_600_000;
    drain('far', month);
    drain('near', 1000);
    drain('open');
    await timers.advance(999);
    expect(ended).toEqual([]);
    await timers.advance(month);
    expect(ended).toEqual([
      [1000, { task: 'near' }],
      [month, { task: 'far' }],
    ]);
    expect(timers.pending).toBe(0);
    keeper.stop();
  });

  it.each([-3_600_000, 3_600_000])(
    'ends drains with their time when the clock is set by %d ms',
    async (by) => {
      const { timers, ended, wall, drain } = kept();
      drain('a', 1000);
      wall.ahead += by;
      drain('b', 2000);
      await timers.advance(3000);
      expect(ended).toEqual([
        [1000, { task: 'a' }],
        [2000, { task: 'b' }],
      ]);
    },
  );

  it('follows a drain that replaces another, and one that is taken back', async () => {
    const { timers, ended, overlay, keeper, drain } = kept();
    drain('a', 1000);
    drain('a', 5000);
    drain('b', 1000);
    overlay.undrain({ task: 'b' });
    keeper.refresh();
    await timers.advance(10_000);
    expect(ended).toEqual([[5000, { task: 'a' }]]);
  });

  it('ends what was over before the start', async () => {
    const { timers, ended, overlay, keeper } = kept();
    overlay.drain({ target: { task: 'a' }, at: NOON - 2000, until: NOON - 1000 });
    keeper.refresh();
    await timers.advance(0);
    expect(ended).toEqual([[0, { task: 'a' }]]);
  });
});
