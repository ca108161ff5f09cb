import type { StaticRecord } from '../../wire/static-record.js';
import { TYPE } from '../../wire/constants.js';
import type { Datum } from './datum.js';
import { LabelTree } from './label-tree.js';

/** The records of one type at one owner. They share one TTL, the smallest among them (RFC 2181 section 5.2). */
export interface StaticSet {
  readonly ttl: number;
  readonly data: readonly Datum[];
}

/** The records of one owner. */
export interface StaticName {
  /** For example `*.dev.example`. */
  readonly owner: string;
  /** By type. */
  readonly sets: ReadonlyMap<number, StaticSet>;
}

/**
 * Configured records, by name.
 * @param ttl seconds, for records without a TTL of their own
 */
export function indexRecords(records: readonly StaticRecord[], ttl: number): LabelTree<StaticName> {
  const tree = new LabelTree<StaticName>();
  for (const [owner, own] of grouped(records, (record) => record.owner)) {
    const sets = new Map<number, StaticSet>();
    for (const [type, ofType] of grouped(own, (record) => record.type)) {
      const data = ofType.map(({ rdata }): Datum => ({ type, rdata }));
      const least = Math.min(...ofType.map((record) => record.ttl ?? ttl));
      // An owner has only one CNAME (RFC 2181 section 10.1).
      sets.set(type, { ttl: least, data: type === TYPE.CNAME ? data.slice(0, 1) : data });
    }
    tree.set(owner.split('.'), { owner, sets });
  }
  return tree;
}

function grouped<T, K>(values: readonly T[], keyOf: (value: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  return groups;
}
