import { readU16, readU8 } from './bytes.js';
import { TYPE } from './constants.js';

export interface EdnsOption {
  readonly code: number;
  /** A view of the packet, if it was read from one. */
  readonly data: Uint8Array;
}

/** The OPT pseudo-record (RFC 6891 section 6.1). */
export interface Edns {
  /** As sent. Values below 512 mean 512 (section 6.2.3). */
  readonly udpSize: number;
  /** The upper eight bits of the response code. */
  readonly extendedRcode: number;
  readonly version: number;
  /** DNSSEC OK (RFC 3225). */
  readonly dnssecOk: boolean;
  readonly options: readonly EdnsOption[];
}

/** Size in bytes of an OPT record without options. */
export const OPT_SIZE = 11;

/** More options than this are an attack on servers that process each one (unbound CVE-2026-41292). */
const MAX_OPTIONS = 64;

export type OptResult =
  | { readonly ok: true; readonly edns: Edns; readonly end: number }
  /** `not-opt`: not a complete OPT record with the root as owner. `options`: an OPT record with malformed options. */
  | { readonly ok: false; readonly fault: 'not-opt' }
  | { readonly ok: false; readonly fault: 'options'; readonly edns: Edns };

/** Reads an OPT record at `offset`; `end` is the offset after it. */
export function readOpt(packet: Uint8Array, offset: number): OptResult {
  const end = offset + OPT_SIZE + readU16(packet, offset + 9);
  if (offset + OPT_SIZE > packet.length || end > packet.length) return { ok: false, fault: 'not-opt' };
  if (readU8(packet, offset) !== 0 || readU16(packet, offset + 1) !== TYPE.OPT)
    return { ok: false, fault: 'not-opt' };
  const options: EdnsOption[] = [];
  const edns: Edns = {
    udpSize: readU16(packet, offset + 3),
    extendedRcode: readU8(packet, offset + 5),
    version: readU8(packet, offset + 6),
    dnssecOk: (readU8(packet, offset + 7) & 0x80) !== 0,
    options,
  };
  let at = offset + OPT_SIZE;
  while (at < end) {
    const dataEnd = at + 4 + readU16(packet, at + 2);
    if (at + 4 > end || dataEnd > end || options.length === MAX_OPTIONS) {
      return { ok: false, fault: 'options', edns: { ...edns, options: [] } };
    }
    options.push({ code: readU16(packet, at), data: packet.subarray(at + 4, dataEnd) });
    at = dataEnd;
  }
  return { ok: true, edns, end };
}

/** The data of the first option with this code. */
export function findOption(edns: Edns | undefined, code: number): Uint8Array | undefined {
  return edns?.options.find((option) => option.code === code)?.data;
}

/** The size in bytes of what {@link writeOpt} writes. */
export function optSize(options: readonly EdnsOption[]): number {
  return options.reduce((size, option) => size + 4 + option.data.length, OPT_SIZE);
}

/** Writes an OPT record. The buffer must have space for {@link optSize} bytes. @returns the offset after it */
export function writeOpt(buffer: Buffer, offset: number, edns: Edns): number {
  const { options, udpSize, extendedRcode, version, dnssecOk } = edns;
  buffer[offset] = 0;
  buffer.writeUInt16BE(TYPE.OPT, offset + 1);
  buffer.writeUInt16BE(udpSize, offset + 3);
  buffer[offset + 5] = extendedRcode;
  buffer[offset + 6] = version;
  buffer.writeUInt16BE(dnssecOk ? 0x8000 : 0, offset + 7);
  buffer.writeUInt16BE(optSize(options) - OPT_SIZE, offset + 9);
  let at = offset + OPT_SIZE;
  for (const { code, data } of options) {
    buffer.writeUInt16BE(code, at);
    buffer.writeUInt16BE(data.length, at + 2);
    buffer.set(data, at + 4);
    at += 4 + data.length;
  }
  return at;
}
