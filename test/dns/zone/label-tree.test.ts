import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LabelTree } from '../../../src/dns/zone/label-tree.js';

const label = fc.constantFrom('a', 'b', '*', 'a.b', '\0');
const name = fc.array(label, { maxLength: 5 });

const key = (labels: readonly string[]) => JSON.stringify(labels);

it('finds what a plain list of names finds', () => {
  fc.assert(
    fc.property(fc.array(name, { maxLength: 12 }), name, (names, asked) => {
      const tree = new LabelTree<string>();
      for (const each of names) tree.set(each, key(each));
      const known = new Set(names.map(key));
      const above = Array.from({ length: asked.length + 1 }, (_, at) => asked.slice(at));

      expect(tree.get(asked)).toBe(known.has(key(asked)) ? key(asked) : undefined);
      const isAtOrBelow = (each: readonly string[]) =>
        each.length >= asked.length && key(each.slice(each.length - asked.length)) === key(asked);
      expect(tree.has(asked)).toBe(asked.length === 0 || names.some(isAtOrBelow));
      expect(tree.nearest(asked)?.labels).toEqual(above.find((each) => known.has(key(each))));
      const encloser = above.slice(1).find((each) => known.has(key(['*', ...each])));
      expect(tree.deepestChild(asked, '*')).toEqual(
        encloser && { value: key(['*', ...encloser]), above: encloser.length },
      );
    }),
  );
});
