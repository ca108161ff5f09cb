import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { compareWithNamed } from './differential/compare.js';

it('answers every name and type of the golden zone like named, except for the intended differences', async ({
  skip,
}) => {
  skip(!existsSync('/usr/sbin/named'), 'named is not installed: apt-get install bind9');
  const { compared, differences } = await compareWithNamed();
  expect(compared).toBeGreaterThan(2000);
  expect(differences.filter(({ wanted }) => wanted === undefined)).toEqual([]);
  // The comparison sees a difference where there is one.
  expect(new Set(differences.map(({ wanted }) => wanted)).size).toBe(4);
});
