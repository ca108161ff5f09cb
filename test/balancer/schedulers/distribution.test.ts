import { describe, expect, it } from 'vitest';
import type { Flow } from '../../../src/balancer/schedulers/scheduler.js';
import type { SchedulerName } from '../../../src/net/balancing.js';
import { fill, flowFrom, flowTo, run, schedulerWith, weighted } from './support.js';

const PICKS = 10_000;
/** Chi-square that chance exceeds once in a thousand, by degrees of freedom. */
const LIMITS: Readonly<Record<number, number>> = { 2: 13.82, 4: 18.47, 9: 27.88 };

/** How far counts are from what the weights say. */
function chiSquare(picked: readonly string[], weights: readonly number[]): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.reduce((sum, weight, at) => {
    const expected = (picked.length * weight) / total;
    const observed = picked.filter((id) => id === `d${at}`).length;
    return sum + (observed - expected) ** 2 / expected;
  }, 0);
}

const WEIGHTS = [
  [1, 1, 1],
  [5, 1, 1],
  [1, 2, 3, 4, 90],
  [10, 9, 8, 7, 6, 5, 4, 3, 2, 1],
];
const SEEDS = [1, 2, 3];

function expectFair(picked: readonly string[], weights: readonly number[]): void {
  expect(chiSquare(picked, weights)).toBeLessThan(LIMITS[weights.length - 1] ?? 0);
}

describe.each(WEIGHTS.map((weights) => ({ weights })))(
  'shares of 10,000 picks, weights $weights',
  ({ weights }) => {
    it('rr: equal', () =>
      expectFair(
        run(schedulerWith('rr', weighted(...weights)), PICKS),
        weights.map(() => 1),
      ));

    it('wrr: by weight, exact in every period', () => {
      const period = weights.reduce((sum, weight) => sum + weight, 0);
      const picked = run(schedulerWith('wrr', weighted(...weights)), 3 * period);
      expect(chiSquare(picked, weights)).toBe(0);
    });

    it('lc: equal while connections stay', () =>
      expectFair(
        fill(schedulerWith('lc', weighted(...weights)), PICKS),
        weights.map(() => 1),
      ));

    it.each(['wlc', 'sed', 'nq'] as const)('%s: by weight while connections stay', (name) =>
      expectFair(fill(schedulerWith(name, weighted(...weights)), PICKS), weights),
    );

    it.each(SEEDS)('twos: by weight while nobody has connections, seed %i', (seed) =>
      expectFair(run(schedulerWith('twos', weighted(...weights), { seed }), PICKS), weights),
    );

    const hashed: readonly [SchedulerName, (pick: number) => Flow][] = [
      ['sh', flowFrom],
      ['mh', flowFrom],
      ['dh', flowTo],
    ];
    it.each(hashed)('%s: by weight over consecutive addresses', (name, flow) => {
      for (const seed of SEEDS) {
        expectFair(run(schedulerWith(name, weighted(...weights), { seed }), PICKS, flow), weights);
      }
    });
  },
);

describe('two choices', () => {
  it('keep the fullest within a few connections of the mean, where one choice does not', () => {
    const destinations = weighted(...Array.from({ length: 50 }, () => 1));
    fill(schedulerWith('twos', destinations), PICKS);
    expect(Math.max(...destinations.map(({ active }) => active))).toBeLessThanOrEqual(PICKS / 50 + 5);
  });
});

describe('hash of addresses', () => {
  it.each(['sh', 'mh'] as const)('%s is even over consecutive IPv6 addresses and over networks', (name) => {
    const scheduler = schedulerWith(name, weighted(1, 1, 1));
    const v6 = (pick: number): Flow => ({ ...flowFrom(0), client: `fd00::${pick.toString(16)}` });
    const networks = (pick: number): Flow => ({
      ...flowFrom(0),
      client: `10.${pick >> 8}.${pick & 255}.2`,
    });
    expectFair(run(scheduler, PICKS, v6), [1, 1, 1]);
    expectFair(run(scheduler, PICKS, networks), [1, 1, 1]);
  });
});
