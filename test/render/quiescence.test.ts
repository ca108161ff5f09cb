import { expect, test } from 'vitest';
import { Quiescence } from '../../src/render/quiescence.js';
import { HeldClock } from './held-clock.js';

function watched(min: number, max: number) {
  const clock = new HeldClock();
  const acts: number[] = [];
  const quiescence = new Quiescence({ min, max }, clock, () => acts.push(clock.now()));
  return { clock, acts, quiescence };
}

test('acts when nothing has changed for min', () => {
  const { clock, acts, quiescence } = watched(100, 2000);
  quiescence.touch();
  clock.advance(60);
  quiescence.touch();
  clock.advance(99);
  expect(acts).toEqual([]);
  clock.advance(1);
  expect(acts).toEqual([160]);
});

test('acts after max however much changes', () => {
  const { clock, acts, quiescence } = watched(100, 250);
  for (let i = 0; i < 10; i += 1) {
    quiescence.touch();
    clock.advance(50);
  }
  expect(acts).toEqual([250, 500]);
});

test('nothing happens after stop', () => {
  const { clock, acts, quiescence } = watched(100, 2000);
  quiescence.touch();
  quiescence.stop();
  clock.advance(5000);
  expect(acts).toEqual([]);
  expect(clock.waiting).toBe(0);
});
