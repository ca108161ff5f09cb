import { expect, it } from 'vitest';
import { LastMinute } from '../../../src/balancer/flows/last-minute.js';

it('counts what happened within the last minute, and forgets it after that', () => {
  const counts = new LastMinute();
  for (let n = 0; n < 100; n++) counts.add(1_000_000 + n * 100);
  expect(counts.count(1_010_000)).toBe(100);
  expect(counts.count(1_055_000)).toBe(100);
  counts.add(1_060_000);
  expect(counts.count(1_077_000)).toBe(1);
  expect(counts.count(1_130_000)).toBe(0);
  expect(counts.count(9_000_000)).toBe(0);
});
