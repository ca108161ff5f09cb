import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { slowStartScale, slowStartWeight } from '../../../src/balancer/schedulers/slow-start.js';

describe('slow start', () => {
  it.each([
    { base: 100, age: 0, window: 10_000, weight: 10 },
    { base: 100, age: 999, window: 10_000, weight: 10 },
    { base: 100, age: 5_000, window: 10_000, weight: 50 },
    { base: 100, age: 9_999, window: 10_000, weight: 100 },
    { base: 100, age: 10_000, window: 10_000, weight: 100 },
    { base: 100, age: 3_600_000, window: 10_000, weight: 100 },
    { base: 3, age: 0, window: 10_000, weight: 1 },
    { base: 1, age: 0, window: 10_000, weight: 1 },
    { base: 0, age: 0, window: 10_000, weight: 0 },
    { base: 0, age: 99_999, window: 10_000, weight: 0 },
    { base: 65_535, age: 0, window: 10_000, weight: 6_554 },
    // A clock that was set back.
    { base: 100, age: -5_000, window: 10_000, weight: 10 },
    { base: 100, age: 0, window: 0, weight: 100 },
  ])('weight $base, $age of $window ms: $weight', ({ base, age, window, weight }) => {
    expect(slowStartWeight(base, age, window)).toBe(weight);
  });

  it('never falls, never exceeds the weight, and is a whole number of at least 1', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 65_535 }),
        fc.nat({ max: 100_000 }),
        fc.nat({ max: 1_000 }),
        fc.nat({ max: 100_000 }),
        (base, age, later, window) => {
          const now = slowStartWeight(base, age, window);
          expect(Number.isInteger(now)).toBe(true);
          expect(now).toBeGreaterThanOrEqual(1);
          expect(now).toBeLessThanOrEqual(base);
          expect(slowStartWeight(base, age + later, window)).toBeGreaterThanOrEqual(now);
        },
      ),
    );
  });

  it.each([
    { bases: [1, 1, 1], scale: 100 },
    { bases: [1, 5, 0], scale: 100 },
    { bases: [700, 1], scale: 93 },
    { bases: [65_535], scale: 1 },
    { bases: [40_000], scale: 1 },
    { bases: [0], scale: 100 },
    { bases: [], scale: 100 },
  ])('weights $bases can be multiplied by $scale', ({ bases, scale }) => {
    expect(slowStartScale(bases)).toBe(scale);
  });
});
