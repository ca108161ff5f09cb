import { randomFillSync } from 'node:crypto';

const POOL_SIZE = 4096;

/** Unpredictable query IDs of 16 bits (RFC 5452 section 9.2), taken from the system's generator 4 KiB at a time. */
export function createRandomIds(fill: (buffer: Buffer) => void = randomFillSync): () => number {
  const pool = Buffer.alloc(POOL_SIZE);
  let at = POOL_SIZE;
  return () => {
    if (at >= POOL_SIZE) {
      fill(pool);
      at = 0;
    }
    at += 2;
    return pool.readUInt16BE(at - 2);
  };
}
