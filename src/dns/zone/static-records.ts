import { ipBytes } from '../../net/ip.js';
import type { StaticData, StaticRecord } from '../../net/record-text.js';
import { TYPE } from '../../wire/constants.js';
import { nameFromLabels } from '../../wire/name.js';
import type { Datum } from './data.js';
import { LabelTree } from './label-tree.js';

/** The records of one type at one owner: they have one TTL, the smallest of theirs (RFC 2181 section 5.2). */
export interface StaticSet {
  readonly ttl: number;
  readonly data: readonly Datum[];
}

/** The records of one owner. */
export interface StaticName {
  /** `*.dev.example` */
  readonly owner: string;
  /** By type. */
  readonly sets: ReadonlyMap<number, StaticSet>;
}

/**
 * Records from configuration, by name.
 * @param ttl seconds, of records without one of their own
 */
export function indexRecords(records: readonly StaticRecord[], ttl: number): LabelTree<StaticName> {
  const tree = new LabelTree<StaticName>();
  for (const [owner, own] of grouped(records, (record) => record.owner)) {
    const sets = new Map<number, StaticSet>();
    for (const [type, ofType] of grouped(own, (record) => record.type)) {
      const number = TYPE[type];
      const data = ofType.map((record) => datum(number, record)).filter((each) => each !== undefined);
      if (data.length === 0) continue;
      const least = Math.min(...ofType.map((record) => record.ttl ?? ttl));
      // One owner has one CNAME (RFC 2181 section 10.1).
      sets.set(number, { ttl: least, data: type === 'CNAME' ? data.slice(0, 1) : data });
    }
    if (sets.size > 0) tree.set(owner.split('.'), { owner, sets });
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

/** @returns undefined when a target is longer than a name can be */
function datum(type: number, data: StaticData): Datum | undefined {
  switch (data.type) {
    case 'A':
      return { type, rdata: { kind: 'a', address: ipBytes(data.address) } };
    case 'AAAA':
      return { type, rdata: { kind: 'aaaa', address: ipBytes(data.address) } };
    case 'CNAME':
    case 'PTR': {
      const target = nameOf(data.target);
      return target && { type, rdata: { kind: data.type === 'PTR' ? 'ptr' : 'cname', target } };
    }
    case 'SRV': {
      const { priority, weight, port } = data;
      const target = nameOf(data.target);
      return target && { type, rdata: { kind: 'srv', priority, weight, port, target } };
    }
    case 'TXT': {
      const strings = data.strings.map((text) => Buffer.from(text, 'latin1'));
      return { type, rdata: { kind: 'txt', strings } };
    }
  }
}

function nameOf(text: string) {
  return nameFromLabels(text === '' ? [] : text.split('.'));
}
