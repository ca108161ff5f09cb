import type { DnsName, PointerBudget } from './name.js';
import { RdataCursor, type RdataSink } from './rdata-cursor.js';
import type { RecordKind } from './record-kind.js';
import { recordKinds, type KindName } from './record-kinds.js';
import type { Rdata } from './resource-record.js';

interface Row {
  readonly kind: KindName;
  readonly fields: readonly (readonly [string, RecordKind['layout'][string]])[];
  readonly lenient: boolean;
}

const rows: readonly Row[] = [...recordKinds].map(([kind, { layout, lenient }]) => ({
  kind,
  fields: Object.entries(layout),
  lenient,
}));
const byKind: ReadonlyMap<string, Row> = new Map(rows.map((row) => [row.kind, row]));
const byType: ReadonlyMap<number, Row> = new Map(
  [...recordKinds.values()].map(({ type }, at) => [type, rows[at] as Row]),
);

/**
 * Reads rdata of `length` bytes at `offset`, which the packet must contain.
 * @param pointers how many pointers its names may follow
 * @returns undefined when it does not fit the type
 */
export function readRdata(
  packet: Uint8Array,
  offset: number,
  length: number,
  type: number,
  pointers: PointerBudget,
): Rdata | undefined {
  const end = offset + length;
  const row = byType.get(type);
  if (row === undefined) return { kind: 'raw', bytes: packet.subarray(offset, end) };
  const cursor = new RdataCursor(packet, offset, end, pointers);
  const data: Record<string, unknown> = { kind: row.kind };
  for (const [name, field] of row.fields) data[name] = field.read(cursor);
  if (!cursor.failed && cursor.left === 0) return data as unknown as Rdata;
  return row.lenient ? { kind: 'raw', bytes: packet.subarray(offset, end) } : undefined;
}

/** Writes rdata without its length. */
export function writeRdata(rdata: Rdata, sink: RdataSink): void {
  if (rdata.kind === 'raw') {
    sink.bytes(rdata.bytes);
    return;
  }
  const data = rdata as unknown as Readonly<Record<string, unknown>>;
  for (const [name, field] of byKind.get(rdata.kind)?.fields ?? []) field.write(data[name], sink);
}

/** The name whose addresses belong in the additional section. Undefined if the type has none, or for `.`. */
export function targetOf(rdata: Rdata): DnsName | undefined {
  const row = rdata.kind === 'raw' ? undefined : recordKinds.get(rdata.kind);
  const target = row?.leadsTo?.(rdata);
  return target && target.length > 1 ? target : undefined;
}
