import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runs } from '../support/depth.js';
import { naturalOrder } from '../../src/catalog/order.js';

/** The rule as it reads: split into texts and numbers, and compare part by part. */
function splitOrder(a: string, b: string): number {
  const [left, right] = [a.split(/(\d+)/), b.split(/(\d+)/)];
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const [l = '', r = ''] = [left[at], right[at]];
    if (l === r) continue;
    const difference = at % 2 === 1 ? Number(l) - Number(r) : 0;
    return difference || (l < r ? -1 : 1);
  }
  return left.length - right.length;
}

describe('the order of names', () => {
  it.each([
    ['web_2', 'web_10'],
    ['web', 'web1'],
    ['web1', 'web1a'],
    ['web1a', 'web2'],
    ['web01', 'web1'],
    ['2', '10'],
    ['1', 'a'],
    ['web-1-2', 'web-1-10'],
    ['web9', 'web9-1'],
    ['web1', 'web-1'],
  ])('has %s before %s', (first, second) => {
    expect(naturalOrder(first, second)).toBeLessThan(0);
    expect(naturalOrder(second, first)).toBeGreaterThan(0);
    expect(naturalOrder(first, first)).toBe(0);
  });

  it('is that of texts and numbers compared one after the other', () => {
    const piece = fc.constantFrom('a', 'b', '-', '_', 'é', '\u{1f600}', '0', '1', '2', '9', '10', '01');
    const text = fc
      .array(
        fc.oneof({ weight: 9, arbitrary: piece }, { weight: 1, arbitrary: fc.constant('9'.repeat(400)) }),
        {
          maxLength: 8,
        },
      )
      .map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(naturalOrder(a, b))).toBe(Math.sign(splitOrder(a, b)));
      }),
      { numRuns: runs(10_000) },
    );
  });
});
