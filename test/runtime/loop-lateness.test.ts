import { expect, it } from 'vitest';
import { LoopLateness } from '../../src/runtime/loop-lateness.js';

it('counts how late each look comes, and stops', () => {
  let now = 0;
  let run: (() => void) | undefined;
  const lateness = new LoopLateness({
    now: () => now,
    after: (ms, task) => {
      expect(ms).toBe(500);
      run = task;
      return () => (run = undefined);
    },
  });
  lateness.start();
  now = 500;
  run?.();
  // Something has kept the thread busy.
  now = 1120;
  run?.();
  const { bounds, counts, sum } = lateness.read();
  expect(sum).toBe(120);
  expect(counts[0]).toBe(1);
  expect(counts[bounds.indexOf(250)]).toBe(1);
  lateness.stop();
  expect(run).toBeUndefined();
});
