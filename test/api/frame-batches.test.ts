import { Readable, type Writable } from 'node:stream';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import * as ws from 'ws';
import { FrameBatches, textFrame, type FrameLane } from '../../src/api/stream/frame-batches.js';
import { TestTimers } from './held-outlet.js';

/** The reading half of ws; its types leave it out. */
const { Receiver } = ws as unknown as {
  readonly Receiver: new (options: { readonly isServer: boolean }) => Writable;
};

describe('messages to many clients', () => {
  let timers: TestTimers;
  let clients: number;
  let batches: FrameBatches;
  beforeEach(() => {
    timers = new TestTimers();
    clients = 200;
    batches = new FrameBatches(timers, () => clients);
  });

  /** What each write to a client has. */
  function lane(): FrameLane & { readonly writes: Buffer[] } {
    const writes: Buffer[] = [];
    return Object.assign(
      batches.lane((frames) => writes.push(frames)),
      { writes },
    );
  }

  it('go at once after a calm, and together when there are many', () => {
    const [a, b] = [lane(), lane()];
    for (const text of ['one', 'two', 'three']) for (const each of [a, b]) each.send(text);
    expect(a.writes).toEqual([textFrame('one')]);
    timers.elapse(25);
    expect(a.writes.slice(1)).toEqual([Buffer.concat([textFrame('two'), textFrame('three')])]);
    // What is the same for all is made once.
    expect(b.writes).toHaveLength(2);
    for (const [at, bytes] of b.writes.entries()) expect(bytes).toBe(a.writes[at]);
    timers.elapse(25);
    a.send('four');
    expect(a.writes[2]).toEqual(textFrame('four'));
  });

  it('need no timer while there are none', () => {
    lane().send('one');
    timers.elapse(25);
    expect(timers.waiting).toEqual([]);
  });

  it('go at once when there are few clients', () => {
    const a = lane();
    a.send('one');
    a.send('two');
    clients = 7;
    a.send('three');
    expect(Buffer.concat(a.writes)).toEqual(Buffer.concat(['one', 'two', 'three'].map(textFrame)));
    expect(a.writes).toHaveLength(3);
  });

  it('keep their order when one is large, or the connection ends', () => {
    const a = lane();
    const texts = ['one', 'two', 'x'.repeat(100_000), 'three', 'four'];
    for (const text of texts) a.send(text);
    a.flush();
    expect(a.waiting).toBe(0);
    // A matcher takes seconds for so many bytes.
    expect(Buffer.concat(a.writes).equals(Buffer.concat(texts.map(textFrame)))).toBe(true);
  });
});

it('a frame is one that ws reads', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof(
          fc.string({ unit: 'grapheme' }),
          fc.nat({ max: 70_000 }).map((n) => 'é'.repeat(n)),
        ),
        {
          maxLength: 4,
        },
      ),
      async (texts) => {
        const read: string[] = [];
        const receiver = new Receiver({ isServer: false });
        receiver.on('message', (data: Buffer) => read.push(data.toString()));
        const done = new Promise<void>((resolve, reject) => {
          receiver.on('finish', resolve);
          receiver.on('error', reject);
        });
        Readable.from(texts.map(textFrame)).pipe(receiver);
        await done;
        expect(read).toEqual(texts);
      },
    ),
    { numRuns: 30 },
  );
});
