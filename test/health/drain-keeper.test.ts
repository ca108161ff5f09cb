import { describe, expect, it } from 'vitest';
import { HealthOverlay } from '../../src/catalog/health-overlay.js';
import { DrainKeeper } from '../../src/health/drain-keeper.js';
import { ManualTimers } from '../sources/docker/manual-timers.js';

describe('the drain keeper', () => {
  it('ends each drain with its time, however far away, and has no timer when none is left', async () => {
    const timers = new ManualTimers(0);
    const overlay = new HealthOverlay();
    const ended: [number, unknown][] = [];
    const keeper = new DrainKeeper(
      {
        get nextDrainExpiry() {
          return overlay.nextExpiry;
        },
        expireDrains: () =>
          overlay.expire(timers.now()).forEach(({ target }) => ended.push([timers.now(), target])),
      },
      timers,
      () => timers.now(),
    );
    const month = 30 * 24 * 3_600_000;
    overlay.drain({ target: { task: 'far' }, at: 0, until: month });
    keeper.refresh();
    overlay.drain({ target: { task: 'near' }, at: 0, until: 1000 });
    overlay.drain({ target: { task: 'open' }, at: 0 });
    keeper.refresh();
    await timers.advance(month);
    expect(ended).toEqual([
      [1000, { task: 'near' }],
      [month, { task: 'far' }],
    ]);
    expect(timers.pending).toBe(0);
    keeper.stop();
  });
});
