import { readU16, readU32, readU8 } from './bytes.js';
import { readName, ROOT, type DnsName, type PointerBudget } from './name.js';

/** The destination for the fields of a record's data, such as `MessageWriter`. */
export interface RdataSink {
  u8(value: number): void;
  u16(value: number): void;
  u32(value: number): void;
  bytes(bytes: Uint8Array): void;
  /** @param compress only for the types of RFC 1035 (RFC 3597 section 4) */
  name(name: DnsName, compress: boolean): void;
}

/**
 * Reads the fields of a record's data one after the other. A field that runs past the end of the data sets {@link
 * RdataCursor.failed} and reads as zero or empty. Callers therefore check only once, after reading everything.
 */
export class RdataCursor {
  /** A field ran past the end, or contained an unreadable name. */
  failed = false;
  readonly #packet: Uint8Array;
  readonly #end: number;
  readonly #pointers: PointerBudget;
  #at: number;

  /**
   * @param at the start of the data; `end` is the offset after it, which the packet must contain
   * @param pointers how many compression pointers its names may follow
   */
  constructor(packet: Uint8Array, at: number, end: number, pointers: PointerBudget) {
    this.#packet = packet;
    this.#at = at;
    this.#end = end;
    this.#pointers = pointers;
  }

  /** The number of remaining bytes. */
  get left(): number {
    return this.#end - this.#at;
  }

  u8(): number {
    return readU8(this.#packet, this.#skip(1));
  }

  u16(): number {
    return readU16(this.#packet, this.#skip(2));
  }

  u32(): number {
    return readU32(this.#packet, this.#skip(4));
  }

  /** A view of the next `length` bytes. */
  bytes(length: number): Uint8Array {
    const from = this.#skip(length);
    return this.#packet.subarray(from, this.#at);
  }

  name(): DnsName {
    const result = readName(this.#packet, this.#at, { pointers: this.#pointers });
    if (!result.ok || result.end > this.#end) {
      this.failed = true;
      return ROOT;
    }
    this.#at = result.end;
    return result.name;
  }

  #skip(length: number): number {
    const from = this.#at;
    if (length > this.left) {
      this.failed = true;
      this.#at = this.#end;
    } else {
      this.#at += length;
    }
    return from;
  }
}
