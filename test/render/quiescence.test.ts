import { expect, test } from 'vitest';
import { Quiescence } from '../../src/render/quiescence.js';
import { HeldTimers } from '../support/held-timers.js';

function watched(min: number, max: number) {
  const timers = new HeldTimers();
  const acts: number[] = [];
  const quiescence = new Quiescence({ min, max }, timers, () => acts.push(timers.now()));
  return { timers, acts, quiescence };
}

test('acts when nothing has changed for min', () => {
  const { timers, acts, quiescence } = watched(100, 2000);
  quiescence.touch();
  timers.advance(60);
  quiescence.touch();
  timers.advance(99);
  expect(acts).toEqual([]);
  timers.advance(1);
  expect(acts).toEqual([160]);
});

test('acts after max however much changes', () => {
  const { timers, acts, quiescence } = watched(100, 250);
  for (let i = 0; i < 10; i += 1) {
    quiescence.touch();
    timers.advance(50);
  }
  expect(acts).toEqual([250, 500]);
});

test('nothing happens after stop', () => {
  const { timers, acts, quiescence } = watched(100, 2000);
  quiescence.touch();
  quiescence.stop();
  timers.advance(5000);
  expect(acts).toEqual([]);
  expect(timers.waiting).toBe(0);
});
