import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TimerWheel, WheelTimer, type Expiring } from '../../src/runtime/timer-wheel.js';
import type { Timers } from '../../src/runtime/timers.js';

/** Time that is moved by hand; at most one timer of the wheel may be pending. */
class OneTimer implements Timers {
  time = 0;
  pending: { readonly at: number; readonly task: () => void } | undefined;

  now(): number {
    return this.time;
  }

  after(ms: number, task: () => void): () => void {
    expect(this.pending).toBeUndefined();
    const mine = { at: this.time + ms, task };
    this.pending = mine;
    return () => {
      if (this.pending === mine) this.pending = undefined;
    };
  }

  runUntil(end: number): void {
    while (this.pending && this.pending.at <= end) {
      const { at, task } = this.pending;
      this.pending = undefined;
      this.time = Math.max(this.time, at);
      task();
    }
    this.time = end;
  }
}

describe('the timer wheel', () => {
  it('runs each timer once, not early and at most one tick late, however far away', () => {
    const anyPlan = fc.array(fc.record({ at: fc.integer({ min: 0, max: 60_000 }), cancel: fc.boolean() }), {
      maxLength: 50,
    });
    fc.assert(
      fc.property(anyPlan, (plan) => {
        const timers = new OneTimer();
        const wheel = new TimerWheel({ timers });
        const ran = plan.map(() => [] as number[]);
        const made = plan.map((_, index) => new WheelTimer((now) => ran[index]?.push(now)));
        plan.forEach(({ at }, index) => made[index] && wheel.schedule(made[index], at));
        plan.forEach(({ cancel }, index) => cancel && made[index] && wheel.cancel(made[index]));
        timers.runUntil(61_000);
        plan.forEach(({ at, cancel }, index) => {
          expect(ran[index]).toHaveLength(cancel ? 0 : 1);
          for (const now of ran[index] ?? []) {
            expect(now).toBeGreaterThanOrEqual(at);
            expect(now).toBeLessThanOrEqual(at + 20);
          }
        });
        expect([wheel.size, timers.pending]).toEqual([0, undefined]);
      }),
    );
  });

  it('moves a timer that is scheduled again, even by itself', () => {
    const timers = new OneTimer();
    const wheel = new TimerWheel({ timers });
    const ran: number[] = [];
    const timer = new WheelTimer((now) => {
      ran.push(now);
      if (ran.length < 4) wheel.schedule(timer, now + 1000);
    });
    wheel.schedule(timer, 50_000);
    wheel.schedule(timer, 1000);
    timers.runUntil(100_000);
    expect(ran).toEqual([1000, 2000, 3000, 4000]);
  });

  it('runs everything that came due while the process was asleep', () => {
    const timers = new OneTimer();
    const wheel = new TimerWheel({ timers });
    const ran: number[] = [];
    for (const at of [10, 5000, 9000, 200_000, 900_000])
      wheel.schedule(new WheelTimer(() => ran.push(at)), at);
    timers.time = 500_000;
    timers.runUntil(500_000);
    expect(ran.toSorted((a, b) => a - b)).toEqual([10, 5000, 9000, 200_000]);
    expect(wheel.size).toBe(1);
  });

  it('has no system timer once it is cleared', () => {
    const timers = new OneTimer();
    const wheel = new TimerWheel({ timers });
    const timer = new WheelTimer(() => expect.unreachable());
    wheel.schedule(timer, 100);
    wheel.clear();
    timers.runUntil(1000);
    expect([wheel.size, timer.scheduled, timers.pending]).toEqual([0, false, undefined]);
  });

  it('does not run what another removed in the same turn', () => {
    const timers = new OneTimer();
    const wheel = new TimerWheel({ timers });
    const second = new WheelTimer(() => expect.unreachable());
    wheel.schedule(new WheelTimer(() => wheel.cancel(second)), 10);
    wheel.schedule(second, 10);
    timers.runUntil(100);
    expect([wheel.size, second.scheduled]).toEqual([0, false]);
  });

  it('has a timer for each tick while anything is on it, if its coarse time must be current', () => {
    const timers = new OneTimer();
    const wheel = new TimerWheel({ timers, tickMs: 100, turns: 'tick' });
    const late = new WheelTimer(() => undefined);
    timers.time = 5000;
    wheel.schedule(late, 65_000);
    expect(wheel.coarse).toBe(5000);
    wheel.schedule(new WheelTimer(() => undefined), 60_000);
    timers.runUntil(6050);
    expect(wheel.coarse).toBe(6000);
    timers.runUntil(70_000);
    expect([wheel.size, timers.pending, wheel.coarse]).toEqual([0, undefined, 65_000]);
  });
});

describe('a wheel that its owner turns', () => {
  function setUp() {
    const clock = { now: 0 };
    const after = () => expect.unreachable();
    const wheel = new TimerWheel({ timers: { now: () => clock.now, after }, tickMs: 100, turns: 'owner' });
    const woken: (readonly [string, number])[] = [];
    const item = (name: string, again: (now: number) => number = () => Infinity): Expiring => ({
      tick: undefined,
      expire(now) {
        woken.push([name, now]);
        return again(now);
      },
    });
    const advance = (to: number): void => {
      clock.now = to;
      wheel.advance();
    };
    return { wheel, woken, item, advance };
  }

  it('wakes once, not early, and late by a tick at most, however the clock moves', () => {
    const steps = fc.array(fc.nat(200_000), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(fc.array(fc.nat(400_000), { maxLength: 50 }), steps, (times, durations) => {
        const { wheel, woken, item, advance } = setUp();
        for (const [index, at] of times.entries()) wheel.schedule(item(String(index)), at);
        let now = 0;
        for (const step of durations) {
          advance((now += step));
          const all = new Set(woken.map(([name]) => name));
          expect(all.size).toBe(woken.length);
          for (const [index, at] of times.entries()) {
            if (all.has(String(index))) expect(at).toBeLessThanOrEqual(now);
            else expect(at).toBeGreaterThan(now === 0 ? -1 : now - 200);
          }
        }
      }),
    );
  });

  it('wakes again on request, and never wakes what was removed, even by another', () => {
    const { wheel, woken, item, advance } = setUp();
    const other = item('other');
    const twice = item('twice', (now) => {
      wheel.cancel(other);
      return now < 1000 ? 1000 : Infinity;
    });
    wheel.schedule(twice, 100);
    wheel.schedule(other, 100);
    const moved = item('moved');
    wheel.schedule(moved, 100);
    wheel.schedule(moved, 5000);
    advance(300);
    advance(2000);
    expect(woken).toEqual([
      ['twice', 300],
      ['twice', 2000],
    ]);
    advance(5000);
    expect(woken.at(-1)).toEqual(['moved', 5000]);
    wheel.schedule(moved, 6000);
    wheel.schedule(moved, Infinity);
    expect(wheel.size).toBe(0);
  });

  it('keeps what schedules itself again while it is woken', () => {
    const { wheel, woken, item, advance } = setUp();
    const self: Expiring = item('self', (now) => {
      if (now < 1000) wheel.schedule(self, 1000);
      return Infinity;
    });
    wheel.schedule(self, 100);
    advance(200);
    advance(1000);
    expect(woken).toEqual([
      ['self', 200],
      ['self', 1000],
    ]);
  });
});
