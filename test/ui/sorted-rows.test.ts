import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SortedRows, type SortKey } from '../../src/ui/sorted-rows.js';

interface Row {
  readonly place: number;
  readonly key: SortKey;
}

const keys: fc.Arbitrary<SortKey> = fc.oneof(
  fc.constant(undefined),
  fc.integer({ min: 0, max: 3 }),
  fc.integer({ min: 0, max: 1000 }),
);

/** What each place of the list has after a step; undefined: nothing. */
const steps = fc.array(
  fc.uniqueArray(fc.tuple(fc.nat({ max: 30 }), fc.option(keys, { nil: null })), {
    selector: ([place]) => place,
    maxLength: 12,
  }),
  { maxLength: 12 },
);

it.each([
  ['up', false],
  ['down', true],
])('is what a stable sort of everything gives after any changes, %s', (_, isDown) => {
  fc.assert(
    fc.property(steps, (changes) => {
      const sorted = new SortedRows<Row>(({ key }) => key, isDown);
      const byPlace = new Map<number, Row>();
      for (const change of changes) {
        for (const [place, key] of change)
          if (key === null) byPlace.delete(place);
          else byPlace.set(place, { place, key });
        const rows = [...byPlace.values()].sort((a, b) => a.place - b.place);
        expect(sorted.sort(rows)).toEqual(stable(rows, isDown));
      }
    }),
  );
});

it('asks for the keys of new rows only, and gives the same list for the same rows', () => {
  let asked = 0;
  const sorted = new SortedRows<Row>(({ key }) => ((asked += 1), key), false);
  const rows = Array.from({ length: 10_000 }, (_, place): Row => ({ place, key: (place * 7) % 1000 }));
  const before = sorted.sort(rows);
  expect(sorted.sort(rows)).toBe(before);
  asked = 0;
  const changed = rows.with(5000, { place: 5000, key: -1 }).toSpliced(17, 1);
  const after = sorted.sort(changed);
  expect(asked).toBe(1);
  expect(after[0]?.place).toBe(5000);
  expect(after).toEqual(stable(changed, false));
  expect(before).toHaveLength(10_000);
});

function stable(rows: readonly Row[], isDown: boolean): Row[] {
  const order = (a: SortKey, b: SortKey): number => {
    if (a === b) return 0;
    if (a === undefined || b === undefined) return a === undefined ? 1 : -1;
    return a < b ? -1 : 1;
  };
  return [...rows].sort((a, b) => (isDown ? -1 : 1) * order(a.key, b.key));
}
