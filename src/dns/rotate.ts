import { TYPE } from '../wire/constants.js';
import { equalNames } from '../wire/name.js';
import type { ResourceRecord } from '../wire/records.js';

/** A whole number from 0 up to, and without, `bound`. */
export type RandomBelow = (bound: number) => number;

const rotating: ReadonlySet<number> = new Set([TYPE.A, TYPE.AAAA, TYPE.SRV]);

/**
 * The same records with every run of A, AAAA or SRV of one owner begun at a random place, since clients take the first.
 * CNAMEs and all else keep their places: stubs want the chain in order.
 */
export function rotateSets(
  records: readonly ResourceRecord[],
  randomBelow: RandomBelow,
): readonly ResourceRecord[] {
  if (records.length < 2) return records;
  const rotated: ResourceRecord[] = [];
  let start = 0;
  for (const [index, record] of records.entries()) {
    const next = records[index + 1];
    if (next?.type === record.type && equalNames(next.owner, record.owner)) continue;
    const set = records.slice(start, index + 1);
    const from = rotating.has(record.type) && set.length > 1 ? randomBelow(set.length) : 0;
    rotated.push(...set.slice(from), ...set.slice(0, from));
    start = index + 1;
  }
  return rotated;
}
