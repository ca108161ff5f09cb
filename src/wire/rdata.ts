import { readU16, readU32, readU8 } from './bytes.js';
import { TYPE } from './constants.js';
import { readName, type DnsName, type PointerBudget } from './name.js';
import type { Rdata } from './records.js';

/** A field of rdata that has a name in it: the name, a number of octets, or a length-prefixed string. */
type Field = 'name' | 'string' | number;

/**
 * The types whose rdata may hold a compressed name: those of RFC 1035, and those that RFC 3597 section 4 asks a
 * receiver to expand. Every other type is opaque.
 */
const layouts = new Map<number, readonly Field[]>([
  [TYPE.NS, ['name']],
  [TYPE.MD, ['name']],
  [TYPE.MF, ['name']],
  [TYPE.CNAME, ['name']],
  [TYPE.SOA, ['name', 'name', 20]],
  [TYPE.MB, ['name']],
  [TYPE.MG, ['name']],
  [TYPE.MR, ['name']],
  [TYPE.PTR, ['name']],
  [TYPE.MINFO, ['name', 'name']],
  [TYPE.MX, [2, 'name']],
  [TYPE.RP, ['name', 'name']],
  [TYPE.AFSDB, [2, 'name']],
  [TYPE.RT, [2, 'name']],
  [TYPE.PX, [2, 'name', 'name']],
  [TYPE.SRV, [6, 'name']],
  [TYPE.NAPTR, [4, 'string', 'string', 'string', 'name']],
  [TYPE.KX, [2, 'name']],
  [TYPE.DNAME, ['name']],
]);

/**
 * Reads rdata of `length` octets at `offset`, which the packet must hold.
 * @param pointers how many its names may follow
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
  switch (type) {
    case TYPE.A:
      return length === 4 ? { kind: 'a', address: packet.subarray(offset, end) } : undefined;
    case TYPE.AAAA:
      return length === 16 ? { kind: 'aaaa', address: packet.subarray(offset, end) } : undefined;
    case TYPE.TXT:
      return readStrings(packet, offset, end);
  }
  const layout = layouts.get(type);
  if (layout === undefined) return { kind: 'raw', bytes: packet.subarray(offset, end) };
  const parts = readFields(packet, offset, end, layout, pointers);
  return parts && fromParts(type, parts);
}

function readStrings(packet: Uint8Array, offset: number, end: number): Rdata | undefined {
  const strings: Uint8Array[] = [];
  for (let at = offset; at < end;) {
    const next = at + 1 + readU8(packet, at);
    if (next > end) return undefined;
    strings.push(packet.subarray(at + 1, next));
    at = next;
  }
  return { kind: 'txt', strings };
}

function readFields(
  packet: Uint8Array,
  offset: number,
  end: number,
  layout: readonly Field[],
  pointers: PointerBudget,
): readonly Uint8Array[] | undefined {
  const parts: Uint8Array[] = [];
  let at = offset;
  for (const field of layout) {
    if (field === 'name') {
      const result = readName(packet, at, { pointers });
      if (!result.ok) return undefined;
      parts.push(result.name);
      at = result.end;
    } else {
      const next = at + (field === 'string' ? 1 + readU8(packet, at) : field);
      parts.push(packet.subarray(at, next));
      at = next;
    }
    if (at > end) return undefined;
  }
  return at === end ? parts : undefined;
}

const NOTHING = new Uint8Array(0);

function fromParts(type: number, parts: readonly Uint8Array[]): Rdata {
  const [first = NOTHING, second = NOTHING, third = NOTHING] = parts;
  switch (type) {
    case TYPE.CNAME:
      return { kind: 'cname', target: first };
    case TYPE.PTR:
      return { kind: 'ptr', target: first };
    case TYPE.NS:
      return { kind: 'ns', target: first };
    case TYPE.MX:
      return { kind: 'mx', preference: readU16(first, 0), exchange: second };
    case TYPE.SRV:
      return {
        kind: 'srv',
        priority: readU16(first, 0),
        weight: readU16(first, 2),
        port: readU16(first, 4),
        target: second,
      };
    case TYPE.SOA:
      return {
        kind: 'soa',
        mname: first,
        rname: second,
        serial: readU32(third, 0),
        refresh: readU32(third, 4),
        retry: readU32(third, 8),
        expire: readU32(third, 12),
        minimum: readU32(third, 16),
      };
    default:
      return { kind: 'raw', bytes: Uint8Array.from(parts.flatMap((part) => [...part])) };
  }
}

/** Where rdata is written to; see `MessageWriter`. */
export interface RdataSink {
  u16(value: number): void;
  u32(value: number): void;
  bytes(bytes: Uint8Array): void;
  /** @param compress only for the types of RFC 1035 (RFC 3597 section 4); SRV forbids it (RFC 2782) */
  name(name: DnsName, compress: boolean): void;
}

/** Writes rdata without its length. */
export function writeRdata(rdata: Rdata, sink: RdataSink): void {
  switch (rdata.kind) {
    case 'a':
    case 'aaaa':
      sink.bytes(rdata.address);
      break;
    case 'cname':
    case 'ptr':
    case 'ns':
      sink.name(rdata.target, true);
      break;
    case 'soa':
      sink.name(rdata.mname, true);
      sink.name(rdata.rname, true);
      for (const field of ['serial', 'refresh', 'retry', 'expire', 'minimum'] as const)
        sink.u32(rdata[field]);
      break;
    case 'srv':
      sink.u16(rdata.priority);
      sink.u16(rdata.weight);
      sink.u16(rdata.port);
      sink.name(rdata.target, false);
      break;
    case 'mx':
      sink.u16(rdata.preference);
      sink.name(rdata.exchange, true);
      break;
    case 'txt':
      for (const text of rdata.strings) {
        const string = text.subarray(0, 255);
        sink.bytes(Uint8Array.of(string.length));
        sink.bytes(string);
      }
      break;
    case 'raw':
      sink.bytes(rdata.bytes);
      break;
  }
}
