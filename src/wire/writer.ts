import { FLAG, HEADER_SIZE, MAX_MESSAGE_SIZE } from './constants.js';
import { latin1, readU8 } from './bytes.js';
import { writeOpt, type Edns } from './edns.js';
import { equalNames, lowerCaseName, type DnsName } from './name.js';
import type { WireQuestion } from './query-message.js';
import type { RdataSink } from './rdata-cursor.js';
import { writeRdata } from './rdata.js';
import type { ResourceRecord } from './resource-record.js';

export type Section = 'answer' | 'authority' | 'additional';

/** Offsets of the section counts in the header. */
const countOffset: Record<Section, number> = { answer: 6, authority: 8, additional: 10 };

/**
 * The most names remembered for compression. It is limited because searching them is the expensive part (unbound
 * CVE-2024-8508).
 */
const MAX_SUFFIXES = 128;

/** A compression pointer has 14 bits. */
const MAX_POINTER = 0x3fff;

const QNAME_POINTER = 0xc000 | HEADER_SIZE;

/**
 * Writes messages one after another into the same buffer. A record that does not fit leaves no trace. Names are
 * compressed regardless of case, so the owners get the case of the question.
 */
export class MessageWriter implements RdataSink {
  readonly #buffer = Buffer.alloc(MAX_MESSAGE_SIZE);
  /** Maps lower-case suffixes to their offsets, in the order of the offsets. */
  readonly #suffixes = new Map<string, number>();
  #length = 0;
  #limit = 0;
  #overflow = false;
  #qname: DnsName | undefined;

  /**
   * Begins a message.
   * @param limit bytes for records; {@link opt} may exceed it, so reserve space by choosing a lower limit
   */
  start(id: number, flags: number, limit: number): void {
    this.#suffixes.clear();
    this.#qname = undefined;
    this.#overflow = false;
    this.#limit = Math.min(limit, MAX_MESSAGE_SIZE);
    this.#buffer.fill(0, 0, HEADER_SIZE);
    this.#buffer.writeUInt16BE(id, 0);
    this.#buffer.writeUInt16BE(flags, 2);
    this.#length = HEADER_SIZE;
  }

  /** Writes the question byte for byte. Call it once, before any record. */
  question({ name, type, class: klass }: WireQuestion): void {
    this.name(name, true);
    this.u16(type);
    this.u16(klass);
    this.#buffer.writeUInt16BE(1, 4);
    this.#qname = name;
  }

  /** @returns false when the record does not fit; the message then contains nothing of it */
  record(section: Section, { owner, type, class: klass, ttl, rdata }: ResourceRecord): boolean {
    const start = this.#length;
    if (this.#qname !== undefined && equalNames(owner, this.#qname)) this.u16(QNAME_POINTER);
    else this.name(owner, true);
    this.u16(type);
    this.u16(klass);
    this.u32(ttl);
    const lengthAt = this.#length;
    this.u16(0);
    writeRdata(rdata, this);
    if (this.#overflow) {
      this.#rollback(start);
      return false;
    }
    this.#buffer.writeUInt16BE(this.#length - lengthAt - 2, lengthAt);
    this.#count(section, 1);
    return true;
  }

  /** Writes all of the records or none. @returns whether the message contains them */
  group(section: Section, records: readonly ResourceRecord[]): boolean {
    const start = this.#length;
    for (const [written, record] of records.entries()) {
      if (this.record(section, record)) continue;
      this.#rollback(start);
      this.#count(section, -written);
      return false;
    }
    return true;
  }

  /** Writes an OPT record after the other records, regardless of the limit. */
  opt(edns: Edns): void {
    this.#length = writeOpt(this.#buffer, this.#length, edns);
    this.#count('additional', 1);
  }

  /** Ends the message. @returns a copy of it */
  finish({ truncated }: { readonly truncated: boolean }): Buffer {
    if (truncated) this.#buffer.writeUInt16BE(this.#buffer.readUInt16BE(2) | FLAG.TC, 2);
    return Buffer.from(this.#buffer.subarray(0, this.#length));
  }

  u8(value: number): void {
    if (this.#fits(1)) this.#length = this.#buffer.writeUInt8(value & 0xff, this.#length);
  }

  u16(value: number): void {
    if (this.#fits(2)) this.#length = this.#buffer.writeUInt16BE(value & 0xffff, this.#length);
  }

  u32(value: number): void {
    if (this.#fits(4)) this.#length = this.#buffer.writeUInt32BE(value >>> 0, this.#length);
  }

  bytes(bytes: Uint8Array): void {
    if (!this.#fits(bytes.length)) return;
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  name(name: DnsName, compress: boolean): void {
    if (!compress) {
      this.bytes(name);
      return;
    }
    const key = latin1(lowerCaseName(name));
    const start = this.#length;
    for (let at = 0; readU8(name, at) !== 0; at += readU8(name, at) + 1) {
      const suffix = key.slice(at);
      const target = this.#suffixes.get(suffix);
      if (target !== undefined) {
        this.bytes(name.subarray(0, at));
        this.u16(0xc000 | target);
        return;
      }
      if (start + at <= MAX_POINTER && this.#suffixes.size < MAX_SUFFIXES)
        this.#suffixes.set(suffix, start + at);
    }
    this.bytes(name);
  }

  #rollback(length: number): void {
    this.#length = length;
    this.#overflow = false;
    for (const [suffix, offset] of this.#suffixes) if (offset >= length) this.#suffixes.delete(suffix);
  }

  #count(section: Section, by: number): void {
    const at = countOffset[section];
    this.#buffer.writeUInt16BE(this.#buffer.readUInt16BE(at) + by, at);
  }

  #fits(size: number): boolean {
    if (this.#length + size > this.#limit) this.#overflow = true;
    return !this.#overflow;
  }
}
