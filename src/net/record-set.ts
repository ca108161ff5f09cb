import type { StaticData, StaticRecord } from './record-text.js';

/** What is wrong with one of several records; `fault` goes on the sentence "the record ...". */
export interface RecordFault {
  /** Of the later of two records that cannot stand side by side. */
  readonly index: number;
  readonly fault: string;
}

/**
 * What is wrong with records as a set: doubles, a CNAME beside other data at one owner (RFC 2181 section 10.1), CNAMEs
 * that lead back to where they began.
 * @returns faults in the order of the records; one a record
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
    records.flatMap((each) => (each.type === 'CNAME' ? [[each.owner, each.target] as const] : [])),
  );
  for (const [index, record] of records.entries()) {
    if (record.type !== 'CNAME' || faults.some((fault) => fault.index === index)) continue;
    const loop = loopOf(record.owner, targets);
    if (loop) faults.push({ index, fault: loopFault(loop) });
  }
  return faults.sort((a, b) => a.index - b.index);
}

function besideFault({ owner, type }: StaticRecord, others: readonly StaticRecord[]): string | undefined {
  const [other] = others;
  if (!other || (type !== 'CNAME' && other.type !== 'CNAME')) return undefined;
  const [is, beside] = type === 'CNAME' ? ['a CNAME', other.type] : [`of type ${type}`, 'a CNAME'];
  return type === other.type
    ? `is a second CNAME of ${owner}; a name has one at most`
    : `is ${is} at ${owner}, which has ${beside} too; a name with a CNAME has nothing else`;
}

/** The names from one that a chain of CNAMEs leads back to, in its order; undefined when it ends. */
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

/** The same text for records that are one record: the TTL is none of their data (RFC 2181 section 5.2). */
function recordKey({ owner, ...data }: StaticRecord): string {
  return JSON.stringify([owner, data.type, dataOf(data)]);
}

function dataOf(data: StaticData): readonly unknown[] {
  switch (data.type) {
    case 'A':
    case 'AAAA':
      return [data.address];
    case 'CNAME':
    case 'PTR':
      return [data.target];
    case 'SRV':
      return [data.priority, data.weight, data.port, data.target];
    case 'TXT':
      return data.strings;
  }
}
