import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Pace } from '../../src/runtime/pace.js';

let pace: Pace;
let done: string[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'performance'] });
  [pace, done] = [new Pace(), []];
});
afterEach(() => {
  pace.stop();
  vi.useRealTimers();
});

/** Something that takes changes, one a call. @param waiting how many there are */
function intake(name: string, waiting: number, cost = 0) {
  return pace.intake(() => {
    done.push(`${name} takes`);
    vi.advanceTimersByTime(cost);
    return --waiting > 0;
  });
}

describe('the pace', () => {
  it('runs followers in the same round in which changes were taken', () => {
    const follower = pace.follow(() => void done.push('follows'));
    const taking = pace.intake(() => {
      done.push('takes');
      follower.due();
      return false;
    });
    taking.due();
    expect(done).toEqual([]);
    vi.advanceTimersByTime(0);
    expect(done).toEqual(['takes', 'follows']);
  });

  it('follows once, however often that became due', () => {
    const follower = pace.follow(() => void done.push('follows'));
    follower.due();
    follower.due();
    vi.advanceTimersByTime(0);
    expect(done).toEqual(['follows']);
  });

  it('takes what is due from every intake, and gives the event loop a turn between two slices', async () => {
    intake('idle', 1);
    const [a, b] = [intake('a', 2), intake('b', 1)];
    a.due();
    b.due();
    let turns = 0;
    setImmediate(() => setImmediate(() => turns++));
    await vi.advanceTimersByTimeAsync(0);
    await vi.waitFor(() => expect(done).toEqual(['a takes', 'b takes', 'a takes']));
    expect(turns).toBe(1);
  });

  it('does not wait for continuing work, and gives it half of the time', async () => {
    let finish: () => void = () => undefined;
    let runs = 0;
    const slow = pace.follow(() => {
      runs++;
      return new Promise<void>((resolve) => (finish = resolve));
    });
    const quick = pace.follow(() => void done.push('quick'));
    slow.due();
    vi.advanceTimersByTime(0);
    slow.due();
    quick.due();
    vi.advanceTimersByTime(40);
    expect([runs, done]).toEqual([1, ['quick']]);
    finish();
    await vi.advanceTimersByTimeAsync(39);
    expect(runs).toBe(1);
    await vi.advanceTimersByTimeAsync(2);
    expect(runs).toBe(2);
  });

  it('rests for what its changes cost, and not for what others did between two slices', async () => {
    const taking = intake('a', 2, 20);
    const others = pace.follow(() => queueMicrotask(() => done.length === 1 && vi.advanceTimersByTime(5000)));
    others.due();
    taking.due();
    await vi.advanceTimersByTimeAsync(0);
    await vi.waitFor(() => expect(done).toHaveLength(2));
    expect(performance.now()).toBeGreaterThanOrEqual(5000);
    taking.due();
    await vi.advanceTimersByTimeAsync(51);
    expect(done).toHaveLength(3);
  });

  it('does nothing that was stopped', () => {
    const follower = pace.follow(() => void done.push('follows'));
    const taking = intake('a', 1);
    follower.due();
    taking.due();
    follower.stop();
    taking.stop();
    vi.advanceTimersByTime(100);
    expect(done).toEqual([]);
  });

  it('counts the time from the oldest change to the end of the round that takes the last one', async () => {
    const taking = intake('a', 3, 20);
    expect(pace.times().sum).toBe(0);
    taking.due();
    await vi.advanceTimersByTimeAsync(0);
    const told = () => pace.times().counts.reduce((all, count) => all + count, 0);
    await vi.waitFor(() => expect(told()).toBe(1));
    // Three changes of 20 ms, one a slice.
    expect(done).toHaveLength(3);
    expect(pace.times().sum).toBeGreaterThanOrEqual(60);
  });
});
