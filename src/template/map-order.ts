import { compareStrings } from './byte-strings.js';
import type { GoMap, MapKey } from './value.js';

/** The keys of a map in the order in which Go prints them and ranges over them. */
export function sortedKeys(map: GoMap): readonly MapKey[] {
  return map.keys((keys) => keys.sort(compareKeys));
}

const RANK: Readonly<Record<string, number>> = { bigint: 0, number: 1, string: 2, boolean: 3 };

function compareKeys(a: MapKey, b: MapKey): number {
  if (typeof a === 'string' && typeof b === 'string') return compareStrings(a, b);
  if (typeof a !== typeof b) return (RANK[typeof a] ?? 0) - (RANK[typeof b] ?? 0);
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : -1;
  if (Number.isNaN(b)) return 1;
  return a < b ? -1 : a > b ? 1 : 0;
}
