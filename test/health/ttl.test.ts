import { describe, expect, it } from 'vitest';
import type { HealthReport } from '../../src/catalog/health-overlay.js';
import type { TtlCheck } from '../../src/health/check.js';
import { TtlBoard } from '../../src/health/probes/ttl.js';
import { commonOf } from './support/checks.js';
import { Harness, web } from './support/harness.js';

const TTL = 20_000;

/** Tasks of a service that checks itself, in a process that was started now. */
function started(
  check: Pick<TtlCheck, 'rise' | 'fall'>,
  previous?: HealthReport,
): { readonly h: Harness; readonly board: TtlBoard } {
  const ttl: TtlCheck = { kind: 'ttl', ...commonOf, ...check, interval: TTL };
  const board: TtlBoard = new TtlBoard(() => h.timers.now());
  const h: Harness = new Harness(
    { services: new Map([['default/shop/web', ttl]]) },
    { probeFor: () => board.probe(TTL), previous: () => previous },
  );
  board.onBeat = (task) => void h.checker.probeNow(task);
  h.checker.start();
  h.put(web('a', '10.0.0.7', { startedAt: 1 }));
  return { h, board };
}

describe('a TTL check', () => {
  it.each([
    ['fall 1', 1, 1],
    ['fall 3', 3, 3],
  ])('misses no beat before a whole interval has passed after a restart: %s', async (_, fall, intervals) => {
    const { h, board } = started({ rise: 1, fall }, { health: 'healthy', cause: 'beat', run: 1 });
    await h.timers.advance(intervals * TTL - 100);
    expect(h.checker.row('a')).toMatchObject({ health: 'healthy', failures: fall - 1 });
    await h.timers.advance(200);
    expect(h.told()).toEqual([
      'a healthy: beat',
      `a unhealthy: probe ttl 20 s: no beat for 20 s${fall > 1 ? ` ×${fall}` : ''}`,
    ]);
    board.beat('a', true, '');
    await h.timers.advance(0);
    expect(h.checker.row('a')?.health).toBe('healthy');
    h.checker.stop();
  });

  it('continues across a restart when the next beat comes in time', async () => {
    const { h, board } = started({ rise: 1, fall: 1 }, { health: 'healthy', cause: 'beat', run: 1 });
    await h.timers.advance(TTL - 1000);
    board.beat('a', true, '');
    await h.timers.advance(TTL - 1000);
    expect(h.told()).toEqual(['a healthy: beat']);
    h.checker.stop();
  });

  it('never makes a new task healthy without a beat', async () => {
    const { h, board } = started({ rise: 1, fall: 1 }, { health: 'initializing', cause: 'x', run: 1 });
    await h.timers.advance(TTL / 2);
    expect(h.checker.row('a')).toMatchObject({ health: 'initializing', last: { detail: 'no beat yet' } });
    await h.timers.advance(60_000);
    expect(h.checker.row('a')?.health).toBe('unhealthy');
    board.beat('a', true, '');
    await h.timers.advance(0);
    expect(h.checker.row('a')?.health).toBe('healthy');
    h.checker.stop();
  });
});
