import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TimerWheel, WheelTimer, type Timers } from '../../src/runtime/timer-wheel.js';

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
  it('runs each timer once, not before its time and within a tick of it, however far away', () => {
    const anyPlan = fc.array(fc.record({ at: fc.integer({ min: 0, max: 60_000 }), cancel: fc.boolean() }), {
      maxLength: 50,
    });
    fc.assert(
      fc.property(anyPlan, (plan) => {
        const timers = new OneTimer();
        const wheel = new TimerWheel(timers);
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

  it('moves a timer that is scheduled again, also by itself', () => {
    const timers = new OneTimer();
    const wheel = new TimerWheel(timers);
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
    const wheel = new TimerWheel(timers);
    const ran: number[] = [];
    for (const at of [10, 5000, 9000, 200_000, 900_000])
      wheel.schedule(new WheelTimer(() => ran.push(at)), at);
    timers.time = 500_000;
    timers.runUntil(500_000);
    expect(ran.toSorted((a, b) => a - b)).toEqual([10, 5000, 9000, 200_000]);
    expect(wheel.size).toBe(1);
  });

  it('has no timer of the system once it is cleared', () => {
    const timers = new OneTimer();
    const wheel = new TimerWheel(timers);
    const timer = new WheelTimer(() => expect.unreachable());
    wheel.schedule(timer, 100);
    wheel.clear();
    timers.runUntil(1000);
    expect([wheel.size, timer.scheduled, timers.pending]).toEqual([0, false, undefined]);
  });
});
