import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isSameData } from '../../src/net/same-data.js';

it('says of plain data what isDeepStrictEqual says', () => {
  const leaf = fc.constantFrom<unknown>(undefined, null, NaN, 0, 1, '', 'a', false);
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      leaf,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', '0'), tie('value'), { maxKeys: 2 }),
    ),
  }));
  fc.assert(
    fc.property(value, value, (one, other) => {
      // A dictionary has no prototype; what is read from JSON has one.
      const [a, b, again] = [one, other, one].map((each) => structuredClone(each));
      expect(isSameData(a, b)).toBe(isDeepStrictEqual(a, b));
      expect(isSameData(a, again)).toBe(true);
    }),
  );
});
