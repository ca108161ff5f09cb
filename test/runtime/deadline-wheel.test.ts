import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { DeadlineWheel, type Expiring } from '../../src/runtime/deadline-wheel.js';

const wheels: DeadlineWheel[] = [];
afterEach(() => wheels.splice(0).forEach((wheel) => wheel.clear()));

function setUp() {
  const clock = { now: 0 };
  const wheel = new DeadlineWheel(() => clock.now);
  wheels.push(wheel);
  const woken: (readonly [string, number])[] = [];
  const item = (name: string, again: (now: number) => number = () => Infinity): Expiring => ({
    slot: undefined,
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

it('wakes once, not early, and late by a tick at most, whatever steps the clock makes', () => {
  const steps = fc.array(fc.nat(5000), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(fc.array(fc.nat(20_000), { maxLength: 50 }), steps, (times, durations) => {
      const { wheel, woken, item, advance } = setUp();
      for (const [index, at] of times.entries()) wheel.schedule(item(String(index)), at);
      let now = 0;
      for (const step of durations) {
        const before = now;
        advance((now += step));
        const all = new Set(woken.map(([name]) => name));
        expect(all.size).toBe(woken.length);
        for (const [index, at] of times.entries()) {
          if (all.has(String(index))) expect(at).toBeLessThanOrEqual(now);
          else expect(at).toBeGreaterThan(before === 0 && now === 0 ? -1 : now - 200);
        }
      }
    }),
  );
});

it('wakes again when it is told to, and never what was taken off, also by another', () => {
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
});
