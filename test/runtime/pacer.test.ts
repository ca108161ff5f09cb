import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Pacer } from '../../src/runtime/pacer.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A pacer whose work takes a time, and when it was done. */
function paced(cost: number) {
  const done: number[] = [];
  const begun = performance.now();
  let next = cost;
  const pacer = new Pacer(() => {
    done.push(performance.now() - begun);
    vi.advanceTimersByTime(next);
  });
  /** Nothing is saved up any more. */
  const spend = (): void => {
    next = 10;
    pacer.due();
    vi.advanceTimersByTime(0);
    next = cost;
    done.length = 0;
  };
  return { pacer, done, spend };
}

describe('a pacer', () => {
  it('runs due work at once, and once however often it became due', () => {
    const { pacer, done } = paced(0);
    pacer.due();
    pacer.due();
    expect(done).toEqual([]);
    vi.advanceTimersByTime(0);
    expect(done).toEqual([0]);
  });

  it('never pauses while the work takes less than half a percent of the time', () => {
    const { pacer, done } = paced(0.4);
    for (let count = 1; count <= 200; count++) {
      pacer.due();
      vi.advanceTimersByTime(0);
      expect(done).toHaveLength(count);
      vi.advanceTimersByTime(100);
    }
  });

  it('does not pause between a few runs in quick succession after a calm period', () => {
    const { pacer, done, spend } = paced(0.5);
    spend();
    vi.advanceTimersByTime(3000);
    for (let count = 1; count <= 20; count++) {
      pacer.due();
      vi.advanceTimersByTime(1);
      expect(done).toHaveLength(count);
    }
    pacer.due();
    vi.advanceTimersByTime(1);
    pacer.due();
    vi.advanceTimersByTime(40);
    expect(done).toHaveLength(21);
  });

  it('pauses for two hundred times the cost of the work', () => {
    const { pacer, done, spend } = paced(0.1);
    spend();
    pacer.due();
    vi.advanceTimersByTime(1);
    pacer.due();
    vi.advanceTimersByTime(17);
    expect(done).toHaveLength(1);
    vi.advanceTimersByTime(5);
    expect(done).toHaveLength(2);
    vi.advanceTimersByTime(1000);
    pacer.due();
    vi.advanceTimersByTime(0);
    expect(done).toHaveLength(3);
  });

  it.each([
    [0.5, 50],
    [40, 50],
    [200, 200],
  ])('pauses after %d ms of work for %d', (cost, rest) => {
    const { pacer, done, spend } = paced(cost);
    spend();
    pacer.due();
    vi.advanceTimersByTime(0);
    pacer.due();
    vi.advanceTimersByTime(rest - 1);
    expect(done).toHaveLength(1);
    vi.advanceTimersByTime(2);
    expect(done).toHaveLength(2);
  });

  it('waits for continuing work, and then runs once for everything that became due in the meantime', async () => {
    const ends: (() => void)[] = [];
    const pacer = new Pacer(() => new Promise((resolve) => ends.push(() => resolve(20))));
    pacer.due();
    vi.advanceTimersByTime(0);
    pacer.due();
    vi.advanceTimersByTime(20);
    pacer.due();
    expect(ends).toHaveLength(1);
    ends[0]?.();
    await Promise.resolve();
    vi.advanceTimersByTime(49);
    expect(ends).toHaveLength(1);
    vi.advanceTimersByTime(2);
    expect(ends).toHaveLength(2);
    ends[1]?.();
    await Promise.resolve();
    vi.advanceTimersByTime(1000);
    expect(ends).toHaveLength(2);
  });

  it('does nothing more when it is stopped, whether it pauses or not', () => {
    const { pacer, done } = paced(200);
    pacer.due();
    pacer.stop();
    vi.advanceTimersByTime(100);
    expect(done).toEqual([]);
    pacer.due();
    vi.advanceTimersByTime(0);
    pacer.due();
    pacer.stop();
    vi.advanceTimersByTime(1000);
    expect(done).toHaveLength(1);
  });
});
