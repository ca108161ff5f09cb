import fc from 'fast-check';
import { expect, it } from 'vitest';
import { frame, FrameBuffer } from '../../src/wire/tcp-frames.js';

it('returns the messages, however the stream is split', () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 5000 }), { maxLength: 8 });
  fc.assert(
    fc.property(messages, fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1 }), (sent, sizes) => {
      const stream = Buffer.concat(sent.map(frame));
      const frames = new FrameBuffer();
      const received: Buffer[] = [];
      for (let at = 0, piece = 0; at < stream.length; piece++) {
        const next = at + (sizes[piece % sizes.length] ?? 1);
        frames.push(stream.subarray(at, next));
        at = next;
        for (let message = frames.next(); message; message = frames.next()) received.push(message);
      }
      expect(received.map((message) => message.toString('hex'))).toEqual(
        sent.map((message) => Buffer.from(message).toString('hex')),
      );
      expect(frames.pending).toBe(0);
    }),
  );
});

it('waits for the rest of a message without allocating what was announced', () => {
  const frames = new FrameBuffer();
  for (const octet of [0xff, 0xff, 1, 2]) frames.push(Uint8Array.of(octet));
  expect(frames.next()).toBeUndefined();
  expect(frames.pending).toBe(4);
});
