import { TYPE, typeName } from './constants.js';
import { nameToText } from './name-text.js';
import { rdataToText } from './record-text.js';
import type { StaticRecord } from './static-record.js';

/** What is wrong with one of several records. `fault` continues from "the record ...". */
export interface RecordFault {
  /** If two records conflict, the index of the later one. */
  readonly index: number;
  readonly fault: string;
}

/**
 * Checks records as a set. Finds duplicates, a CNAME beside other data of one owner (RFC 2181 section 10.1), and loops
 * of CNAMEs.
 * @returns faults in the order of the records, at most one per record
 */
export function checkRecords(records: readonly StaticRecord[]): readonly RecordFault[] {
  const faults: RecordFault[] = [];
  const seen = new Set<string>();
  const kept = new Map<string, StaticRecord[]>();
  for (const [index, record] of records.entries()) {
    const others = kept.get(record.owner) ?? [];
    const key = recordKey(record);
    const fault = seen.has(key) ? 'is there twice' : besideFault(record, others);
    seen.add(key);
    if (fault === undefined) kept.set(record.owner, [...others, record]);
    else faults.push({ index, fault });
  }
  const targets = new Map(
    records.flatMap(({ owner, rdata }) =>
      rdata.kind === 'cname' ? [[owner, nameToText(rdata.target)] as const] : [],
    ),
  );
  for (const [index, record] of records.entries()) {
    if (record.type !== TYPE.CNAME || faults.some((fault) => fault.index === index)) continue;
    const loop = loopOf(record.owner, targets);
    if (loop) faults.push({ index, fault: loopFault(loop) });
  }
  return faults.sort((a, b) => a.index - b.index);
}

function besideFault({ owner, type }: StaticRecord, others: readonly StaticRecord[]): string | undefined {
  const [other] = others;
  if (!other || (type !== TYPE.CNAME && other.type !== TYPE.CNAME)) return undefined;
  if (type === other.type) return `is a second CNAME of ${owner}; a name has one at most`;
  const [is, beside] =
    type === TYPE.CNAME ? ['a CNAME', typeName(other.type)] : [`of type ${typeName(type)}`, 'a CNAME'];
  return `is ${is} at ${owner}, which has ${beside} too; a name with a CNAME has nothing else`;
}

/** The names of a CNAME loop, in chain order. Undefined if the chain ends. */
function loopOf(owner: string, targets: ReadonlyMap<string, string>): readonly string[] | undefined {
  const passed = new Set<string>();
  for (let at = targets.get(owner); at !== undefined && !passed.has(at); at = targets.get(at)) {
    passed.add(at);
    if (at === owner) return [...passed];
  }
  return undefined;
}

function loopFault(loop: readonly string[]): string {
  return loop.length === 1
    ? 'is a CNAME that points at itself'
    : `is a CNAME that leads back to itself: ${[loop.at(-1), ...loop].join(' to ')}`;
}

/** The same text for equal records. The TTL is not part of the data (RFC 2181 section 5.2). */
function recordKey({ owner, type, rdata }: StaticRecord): string {
  return `${owner} ${type} ${rdataToText(rdata)}`;
}
