import type { Readable } from 'node:stream';

/** One byte for the stream (1 output, 2 error), three of zero, four for the length, big endian. */
const headerSize = 8;

/**
 * Reads the output of a program without a terminal: standard output and error in the order of arrival (Engine API,
 * "Attach to a container", stream format). Reads to the end, but discards everything after `max` bytes.
 * @throws the error that breaks the stream
 */
export async function readFrames(stream: Readable, max: number): Promise<string> {
  const kept: Buffer[] = [];
  let room = max;
  let header: Buffer = Buffer.alloc(0);
  let left = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    let rest = chunk;
    while (rest.length > 0) {
      if (left === 0) {
        const missing = headerSize - header.length;
        header = Buffer.concat([header, rest.subarray(0, missing)]);
        rest = rest.subarray(missing);
        if (header.length < headerSize) break;
        left = header.readUInt32BE(4);
        header = Buffer.alloc(0);
        continue;
      }
      const part = rest.subarray(0, left);
      rest = rest.subarray(part.length);
      left -= part.length;
      if (room > 0) kept.push(part.subarray(0, room));
      room -= part.length;
    }
  }
  return Buffer.concat(kept).toString('utf8');
}
