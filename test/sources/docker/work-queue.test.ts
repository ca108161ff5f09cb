import { describe, expect, it } from 'vitest';
import { WorkQueue } from '../../../src/sources/docker/work-queue.js';
import { ManualTimers, settle } from './manual-timers.js';

function queueOf(places: number) {
  const timers = new ManualTimers();
  const begun: string[] = [];
  const slow: string[] = [];
  const current: string[] = [];
  const open = new Map<string, () => void>();
  const queue = new WorkQueue({
    work: async (id, cause, isCurrent) => {
      begun.push(`${id} ${cause}`);
      await new Promise<void>((resolve) => open.set(id, resolve));
      current.push(`${id} ${isCurrent()}`);
    },
    onSlow: (id) => slow.push(id),
    ...{ places, placeMs: 500, timers },
  });
  const finish = async (id: string) => {
    open.get(id)?.();
    await settle();
  };
  return { timers, begun, slow, current, queue, finish };
}

describe('the queue of dirty ids', () => {
  it('works on an id once at a time, and once more for all marks made in the meantime', async () => {
    const { queue, begun, current, finish } = queueOf(4);
    queue.mark('a', 'start');
    queue.mark('a', 'rename');
    queue.mark('a', 'update');
    expect(begun).toEqual(['a start']);
    await finish('a');
    expect(begun).toEqual(['a start', 'a update']);
    await finish('a');
    expect([begun.length, current]).toEqual([2, ['a true', 'a true']]);
  });

  it('tells the running work when its answer is out of date', async () => {
    const { queue, current, finish } = queueOf(4);
    queue.mark('a', 'start');
    queue.mark('a', 'die', true);
    await finish('a');
    await finish('a');
    expect(current).toEqual(['a false', 'a true']);
  });

  it('uses no more places than it has, first come first served', async () => {
    const { queue, begun, finish } = queueOf(2);
    for (const id of ['a', 'b', 'c', 'd']) queue.mark(id, 'x');
    expect(begun).toEqual(['a x', 'b x']);
    await finish('b');
    expect(begun).toEqual(['a x', 'b x', 'c x']);
  });

  it('lets others pass hanging work, and counts as settled without it', async () => {
    const { queue, begun, slow, timers, finish } = queueOf(1);
    queue.mark('a', 'x');
    queue.mark('b', 'x');
    let settled = false;
    void queue.settled().then(() => (settled = true));
    await timers.advance(499);
    expect([begun, settled]).toEqual([['a x'], false]);
    await timers.advance(1);
    expect([begun, slow, settled]).toEqual([['a x', 'b x'], ['a'], false]);
    await finish('b');
    expect(settled).toBe(true);
  });

  it('marks later, unless it was marked before', async () => {
    const { queue, begun, timers, finish } = queueOf(4);
    queue.markLater('a', 1000, 'create');
    queue.markLater('b', 1000, 'create');
    queue.mark('a', 'start');
    await finish('a');
    await timers.advance(1000);
    expect(begun).toEqual(['a start', 'b create']);
  });

  it('starts nothing after it was stopped, and leaves no timer', async () => {
    const { queue, begun, timers, finish } = queueOf(1);
    for (const id of ['a', 'b']) queue.mark(id, 'x');
    queue.markLater('c', 1, 'x');
    queue.stop();
    queue.mark('d', 'x');
    await finish('a');
    expect([begun, timers.pending]).toEqual([['a x'], 0]);
  });
});
