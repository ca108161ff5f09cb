import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FEW_ROWS, rowWindow, seenRows } from '../../src/ui/row-window.js';

it('has all rows of a short table', () => {
  expect(rowWindow(FEW_ROWS, 28, 900, 700)).toEqual({ from: 0, to: FEW_ROWS });
});

it('has every row that is seen, and few others', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: FEW_ROWS + 1, max: 100_000 }),
      fc.integer({ min: 10, max: 60 }),
      fc.integer({ min: -2000, max: 7_000_000 }),
      fc.integer({ min: 100, max: 3000 }),
      (count, rowHeight, above, height) => {
        const { from, to } = rowWindow(count, rowHeight, above, height);
        expect(from).toBeGreaterThanOrEqual(0);
        expect(to).toBeLessThanOrEqual(count);
        expect(to - from).toBeLessThanOrEqual(height / rowHeight + 61);
        const first = Math.max(0, Math.floor(above / rowHeight));
        const last = Math.min(count, Math.ceil((above + height) / rowHeight));
        if (first >= count || last <= 0) return;
        expect(from).toBeLessThanOrEqual(first);
        expect(to).toBeGreaterThanOrEqual(last);
        expect(seenRows(count, rowHeight, above, height)).toEqual({ from: first, to: last });
      },
    ),
  );
});
