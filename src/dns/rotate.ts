import { equalNames } from '../wire/name.js';
import { recordKinds } from '../wire/record-kinds.js';
import type { ResourceRecord } from '../wire/resource-record.js';

/** A random whole number from 0 to `bound` - 1. */
export type RandomBelow = (bound: number) => number;

const rotating: ReadonlySet<number> = new Set(
  [...recordKinds.values()].filter(({ rotates }) => rotates).map(({ type }) => type),
);

/**
 * The same records, but each rotating set (A, AAAA, SRV) starts at a random place, because clients take the first
 * record. Everything else keeps its place: stub resolvers want CNAME chains in order.
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
