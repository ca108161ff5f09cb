import { expect, it } from 'vitest';
import { ProbeTally } from '../../src/health/probe-tally.js';

it('puts each time into the first bucket whose bound is not below it', () => {
  const tally = new ProbeTally();
  for (const late of [0, 1, 1.1, 2.5, 10_000, 10_001])
    tally.observe({ kind: 'tcp', result: 'passed', late, took: 3 });
  const { bounds, counts, sum } = tally.late();
  expect(counts.length).toBe(bounds.length + 1);
  expect(counts).toEqual([2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
  expect(sum).toBeCloseTo(20_005.6);
  expect(tally.kinds()[0]?.took.sum).toBe(18);
});
