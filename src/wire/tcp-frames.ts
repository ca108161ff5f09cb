import { readU16 } from './bytes.js';

/** Prefixes a message with its length, for TCP (RFC 1035 section 4.2.2). @param message 65535 octets at most */
export function frame(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(message.length + 2);
  framed.writeUInt16BE(message.length, 0);
  framed.set(message, 2);
  return framed;
}

const FIRST_SIZE = 512;
const KEPT_SIZE = 4096;

/**
 * Splits a TCP stream into messages. Memory use depends on the bytes received, not on the announced length. The work is
 * linear in the bytes, however small the pieces are.
 */
export class FrameBuffer {
  #buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;

  /** The number of received bytes that belong to no message taken yet. */
  get pending(): number {
    return this.#end - this.#start;
  }

  push(chunk: Uint8Array): void {
    if (this.#end + chunk.length > this.#buffer.length) this.#grow(this.pending + chunk.length);
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** Returns a copy of the next complete message, which may be empty. Undefined while it is incomplete. */
  next(): Buffer | undefined {
    if (this.pending < 2) return undefined;
    const length = readU16(this.#buffer, this.#start);
    if (this.pending < 2 + length) return undefined;
    const from = this.#start + 2;
    this.#start = from + length;
    const message = Buffer.from(this.#buffer.subarray(from, this.#start));
    if (this.pending === 0) this.#reset();
    return message;
  }

  /** An idle connection must not keep a large buffer. */
  #reset(): void {
    this.#start = this.#end = 0;
    if (this.#buffer.length > KEPT_SIZE) this.#buffer = Buffer.alloc(0);
  }

  #grow(needed: number): void {
    const buffer = Buffer.alloc(Math.max(FIRST_SIZE, needed * 2));
    this.#buffer.copy(buffer, 0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
    this.#buffer = buffer;
  }
}
