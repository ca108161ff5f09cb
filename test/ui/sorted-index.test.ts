import { expect, it } from 'vitest';
import { SortedIndex } from '../../src/ui/sorted-index.js';

interface Item {
  readonly key: string;
  readonly rank: number;
}

it('compares a few items for one change among 10,000, and leaves lists that were read as they are', () => {
  let compared = 0;
  const index = new SortedIndex<Item>(
    ({ key }) => key,
    (a, b) => {
      compared += 1;
      return a.rank - b.rank;
    },
  );
  for (let rank = 0; rank < 10_000; rank++) index.set({ key: String(rank), rank });
  const before = index.items;
  expect(index.items).toBe(before);
  compared = 0;
  index.set({ key: '7', rank: 7 });
  index.set({ key: '8', rank: 20_000 });
  index.remove('9');
  const after = index.items;
  // Four searches of 14 steps, and whether an item stays where it is.
  expect(compared).toBeLessThanOrEqual(4 * 14 + 3);
  expect(before.slice(7, 10).map(({ key }) => key)).toEqual(['7', '8', '9']);
  expect(after.slice(7, 9).map(({ key }) => key)).toEqual(['7', '10']);
  expect(after.at(-1)).toEqual({ key: '8', rank: 20_000 });
  expect(after).toHaveLength(9999);
});
