import { describe, expect, it } from 'vitest';
import { Supervisor } from '../../src/runtime/supervisor.js';
import { HeldTimers } from '../support/held-timers.js';

interface Thing {
  readonly number: number;
  readonly end: (reason: string) => void;
}

function setUp({ fails = (): boolean => false } = {}) {
  const timers = new HeldTimers();
  const seen: string[] = [];
  let starts = 0;
  const supervisor = new Supervisor<Thing>({
    start: (ended) => {
      starts++;
      if (fails()) throw new Error('no room');
      return { number: starts, end: ended };
    },
    started: ({ number }) => seen.push(`started ${number}`),
    ended: () => seen.push('ended'),
    crashed: (reason) => seen.push(`crashed: ${reason}`),
    timers,
  });
  return { timers, supervisor, seen, starts: () => starts };
}

describe('a supervisor', () => {
  it('restarts what ended, counts that, and keeps the last reason', () => {
    const { timers, supervisor, seen } = setUp();
    expect(supervisor.isStarted).toBe(false);
    supervisor.start();
    supervisor.start();
    expect(supervisor.restarts).toEqual({ count: 0 });
    supervisor.running?.end('bad luck');
    expect([supervisor.running, supervisor.isStarted]).toEqual([undefined, true]);
    timers.advance(50);
    supervisor.running?.end('worse luck');
    timers.advance(100);
    expect(seen).toEqual([
      'started 1',
      'ended',
      'crashed: bad luck',
      'started 2',
      'ended',
      'crashed: worse luck',
      'started 3',
    ]);
    expect(supervisor.restarts).toEqual({ count: 2, lastError: 'worse luck' });
  });

  it('waits twice as long each time in a row, up to 5 s, and starts over after a steady minute', () => {
    const { timers, supervisor, starts } = setUp();
    supervisor.start();
    for (const wait of [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000]) {
      const before = starts();
      supervisor.running?.end('again');
      timers.advance(wait - 1);
      expect(starts()).toBe(before);
      timers.advance(1);
      expect(starts()).toBe(before + 1);
    }
    timers.advance(60_001);
    supervisor.running?.end('after a long time');
    timers.advance(50);
    expect(supervisor.running).toBeDefined();
  });

  it('retries when a start throws', () => {
    let isFull = true;
    const { timers, supervisor, seen } = setUp({ fails: () => isFull });
    supervisor.start();
    expect(seen).toEqual(['ended', 'crashed: no room']);
    isFull = false;
    timers.advance(50);
    expect(seen.at(-1)).toBe('started 2');
  });

  it('stops when its thread has ended, does not restart it, and reports that once', async () => {
    const { timers, supervisor, seen } = setUp();
    supervisor.start();
    const told: number[] = [];
    const stops = [1, 2].map(() => supervisor.stop(({ number }) => told.push(number)));
    const thing = supervisor.running;
    thing?.end('it was told to');
    await Promise.all(stops);
    supervisor.start();
    timers.advance(10_000);
    expect([told, seen, supervisor.restarts]).toEqual([[1], ['started 1', 'ended'], { count: 0 }]);
  });

  it('stops at once while it waits for a restart, and when it was never started', async () => {
    const { timers, supervisor, starts } = setUp();
    supervisor.start();
    supervisor.running?.end('bad luck');
    await supervisor.stop(() => expect.unreachable());
    timers.advance(10_000);
    expect(starts()).toBe(1);
    await setUp().supervisor.stop(() => expect.unreachable());
  });
});
