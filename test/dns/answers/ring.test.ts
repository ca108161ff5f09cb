import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ring } from '../../../src/dns/answers/ring.js';

describe('the ring', () => {
  it('returns records in order and complete, and accepts none for which there is no space', () => {
    const action = fc.oneof(
      fc.record({ put: fc.integer({ min: 1, max: 20 }), value: fc.integer() }),
      fc.constant('take' as const),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 300 }), (actions) => {
        const writer = new Ring(64);
        const reader = new Ring(writer.memory);
        const model: { size: number; value: number }[] = [];
        for (const each of actions) {
          if (each === 'take') {
            const at = reader.peek();
            const expected = model.shift();
            expect(at >= 0).toBe(expected !== undefined);
            if (at < 0 || !expected) continue;
            expect(reader.size(at)).toBe(expected.size);
            expect([...reader.words.subarray(at, at + expected.size)]).toEqual(
              Array.from({ length: expected.size }, (_, i) => (expected.value + i) | 0),
            );
            reader.release(at);
          } else {
            const at = writer.reserve(each.put);
            if (at < 0) {
              // With nothing in it there is room for every record of this size.
              expect(model.length).toBeGreaterThan(0);
              continue;
            }
            for (let i = 0; i < each.put; i++) writer.words[at + i] = each.value + i;
            writer.commit();
            model.push({ size: each.put, value: each.value });
          }
        }
      }),
    );
  });
});
