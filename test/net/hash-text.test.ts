import { expect, it } from 'vitest';
import { fnv1a, hashText } from '../../src/net/hash-text.js';

// Of the FNV reference (Noll), 32-bit FNV-1a.
it.each([
  ['', 0x811c9dc5],
  ['a', 0xe40c292c],
  ['foobar', 0xbf9cf968],
])('FNV-1a of %j is that of the reference', (text, hash) => {
  expect(fnv1a(text)).toBe(hash);
});

it('spreads texts that differ in one digit over all slots', () => {
  const slots = new Set(Array.from({ length: 64 }, (_, digit) => hashText(`10.42.0.${digit}`) % 64));
  expect(slots.size).toBeGreaterThan(32);
});

it('gives different hashes for another seed', () => {
  expect(hashText('web', 1)).not.toBe(hashText('web', 2));
  expect(hashText('web', 1)).toBe(hashText('web', 1));
});
