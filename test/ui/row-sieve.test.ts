import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RowSieve } from '../../src/ui/row-sieve.js';

interface Row {
  readonly size: number;
}

const never = (): boolean => false;
const always = (): boolean => true;

it('stops when its time is up, and goes on there', () => {
  const rows = Array.from({ length: 1000 }, (_, size) => ({ size }));
  let looked = 0;
  const sieve = new RowSieve<Row>(({ size }) => {
    looked += 1;
    return size % 10 === 0;
  });
  expect(sieve.sift(rows, always)).toBe(false);
  expect(looked).toBeLessThan(100);
  let slices = 1;
  while (!sieve.sift(rows, always)) slices += 1;
  expect(slices).toBeGreaterThan(10);
  expect(looked).toBe(1000);
  expect(sieve.chosen).toEqual(rows.filter(({ size }) => size % 10 === 0));
});

it('looks only at what is new when the rows have changed', () => {
  const rows = Array.from({ length: 1000 }, (_, size) => ({ size }));
  let looked = 0;
  const sieve = new RowSieve<Row>(({ size }) => {
    looked += 1;
    return size < 5;
  });
  sieve.sift(rows, never);
  const before = sieve.chosen;
  looked = 0;
  sieve.sift(rows.with(3, { size: 9 }).with(500, { size: 1 }), never);
  expect(looked).toBe(2);
  expect(sieve.chosen.map(({ size }) => size)).toEqual([0, 1, 2, 4, 1]);
  expect(before.map(({ size }) => size)).toEqual([0, 1, 2, 3, 4]);
});

it('chooses what a plain filter chooses, however its turns fall', () => {
  const pool = Array.from({ length: 200 }, (_, size) => ({ size }));
  const lists = fc.array(fc.subarray(pool), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(lists, fc.infiniteStream(fc.boolean()), (all, isOver) => {
      const fits = ({ size }: Row): boolean => size % 3 === 0;
      const sieve = new RowSieve<Row>(fits);
      const turn = (): boolean => isOver.next().value === true;
      for (const rows of all) {
        sieve.sift(rows, turn);
        if (turn()) continue;
        while (!sieve.sift(rows, turn));
        expect(sieve.chosen).toEqual(rows.filter(fits));
      }
    }),
  );
});
