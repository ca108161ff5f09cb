import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  EventParser,
  SeenEvents,
  watchStream,
  type DockerEvent,
} from '../../../src/sources/docker/event-stream.js';

const line = (nano: string, action: string, id: string, attributes: object = { name: 'wéb ☃' }) =>
  `{"Type":"container","Action":"${action}","Actor":{"ID":"${id}","Attributes":${JSON.stringify(attributes)}},"timeNano":${nano}}\n`;

function reader(limit?: number) {
  const events: DockerEvent[] = [];
  const gaps: string[] = [];
  const sink = {
    event: (event: DockerEvent) => void events.push(event),
    gap: (why: string) => void gaps.push(why),
  };
  return { events, gaps, parser: new EventParser(sink, new SeenEvents(), limit) };
}

describe('reading events', () => {
  it('reads the same events however the bytes are split', () => {
    const text = line('1700000000000000001', 'start', 'a') + line('1700000000000000002', 'die', 'b') + '\n';
    const bytes = Buffer.from(text);
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(bytes.length)), (cuts) => {
        const { events, gaps, parser } = reader();
        const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        edges.slice(1).forEach((end, index) => parser.write(bytes.subarray(edges[index], end)));
        expect(events.map(({ action, attributes }) => [action, attributes.name])).toEqual([
          ['start', 'wéb ☃'],
          ['die', 'wéb ☃'],
        ]);
        expect(gaps).toEqual([]);
      }),
    );
  });

  it('drops a duplicate event, and keeps those that only look alike', () => {
    const { events, parser } = reader();
    const one = line('1700000000000000001', 'kill', 'a');
    // 100 ns apart: one number as a double, two in the text.
    parser.write(one + one + line('1700000000000000101', 'kill', 'a') + one);
    expect(events).toHaveLength(2);
    parser.write('{"Type":"container","Action":"kill","Actor":{"ID":"a"}}\n'.repeat(2));
    expect(events).toHaveLength(4);
  });

  it('understands every shape: old fields, no old fields, a text sequence', () => {
    const { events, gaps, parser } = reader();
    parser.write('{"status":"die","id":"a","from":"x","time":1}\n');
    parser.write('\u001e' + line('1700000000000000001', 'start', 'b'));
    parser.write(
      '{"Type":"network","Action":"connect","Actor":{"ID":"n","Attributes":{"container":"c","x":7}}}\n',
    );
    parser.write('{"Type":"builder"}\n');
    expect(
      events.map(({ type, action, id, attributes }) => [type, action, id, attributes.container]),
    ).toEqual([
      ['container', 'die', 'a', undefined],
      ['container', 'start', 'b', undefined],
      ['network', 'connect', 'n', 'c'],
    ]);
    expect(gaps).toEqual([]);
  });

  it('reports what it cannot read, once, and continues with the next line', () => {
    const { events, gaps, parser } = reader(1000);
    parser.write('{"half": \n[]\n');
    for (let count = 0; count < 5; count++) parser.write('x'.repeat(900));
    parser.write('the end of it\n' + line('1700000000000000001', 'start', 'a'));
    expect(gaps).toEqual([
      'an event is not a JSON object',
      'an event is not a JSON object',
      'an event is longer than 1000 characters',
    ]);
    expect(events).toHaveLength(1);
  });
});

describe('watching a stream', () => {
  it.each<[string, (stream: PassThrough) => void]>([
    ['end', (stream) => stream.end()],
    ['close', (stream) => stream.destroy()],
    ['error', (stream) => stream.destroy(new Error('ECONNRESET'))],
    ['aborted', (stream) => stream.emit('aborted')],
  ])('ends on %s', async (_what, finish) => {
    const stream = new PassThrough();
    const { ended } = watchStream(stream, reader().parser);
    finish(stream);
    await expect(ended).resolves.toMatch(/^the event stream/);
  });

  it('ends on a stream that had already ended', async () => {
    const stream = new PassThrough();
    stream.destroy();
    await expect(watchStream(stream, reader().parser).ended).resolves.toBe('the event stream was closed');
  });
});
