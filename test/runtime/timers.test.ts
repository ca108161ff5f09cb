import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { systemTimers } from '../../src/runtime/timers.js';

let now: number;
let ran: number[];

beforeEach(() => {
  [now, ran] = [100.9, []];
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Node's timer comes at a time of its clock of whole milliseconds. */
function passes(until: number): void {
  now = until;
  vi.runOnlyPendingTimers();
}

it('a timer is never early by its own clock, although Node’s are', () => {
  systemTimers.after(30, () => ran.push(now));
  passes(130);
  expect(ran).toEqual([]);
  passes(131);
  expect(ran).toEqual([131]);
  passes(132);
  expect(ran).toEqual([131]);
});

it('a timer that is cancelled after it was early does not run', () => {
  const cancel = systemTimers.after(30, () => ran.push(now));
  passes(130);
  cancel();
  passes(131);
  expect(ran).toEqual([]);
});
