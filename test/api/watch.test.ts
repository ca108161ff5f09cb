import { request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { getLines } from '../../src/api/client.js';
import { STREAM_LIMITS } from '../../src/api/stream-limits.js';
import { StateReplica } from '../../src/api/stream/state-replica.js';
import type { WatchMessage } from '../../src/api/types/watch.js';
import { ask, load, startApi, stopApi, task, type Fixture } from './fixture.js';

let fixture: Fixture;
afterEach(() => stopApi(fixture));

async function* watching(since?: string): AsyncGenerator<WatchMessage> {
  for await (const line of getLines({ path: fixture.socket }, '/v1/watch', { since }))
    yield JSON.parse(line) as WatchMessage;
}
const next = async (stream: AsyncGenerator<WatchMessage>) => (await stream.next()).value as WatchMessage;

describe('GET /v1/watch', () => {
  it('sends a snapshot and every change, until the daemon stops; a cursor resumes it', async () => {
    fixture = await startApi();
    load(fixture);
    const replica = new StateReplica();
    const stream = watching();
    replica.apply(await next(stream));
    expect([...replica.services.keys()].sort()).toEqual([
      'default/shop/crm',
      'default/shop/front',
      'default/shop/web',
    ]);
    expect(replica.task('file:shop/web/old')).toMatchObject({ health: 'stopped' });
    expect(replica.sources).toMatchObject([{ name: 'docker', state: 'live' }]);
    expect(replica.problems).toMatchObject([{ code: 'label-invalid' }]);
    fixture.sink.update({ tasks: [task('new', 'new_1', '10.42.0.80')] });
    replica.apply(await next(stream));
    expect(replica.task('new')?.endpoints).toEqual([
      { network: 'net1', networkName: 'shop_default', ip: '10.42.0.80' },
    ]);
    await stream.return(undefined);

    fixture.sink.update({ removedTasks: ['new'] });
    const resumed = watching(replica.cursor);
    expect(await next(resumed)).toMatchObject({ type: 'change', tasks: { removed: ['new'] } });
    await fixture.server.stop();
    expect(await next(resumed)).toMatchObject({ type: 'error', code: 'stopping' });
    expect((await resumed.next()).done).toBe(true);
  });

  it.each(['57', 'x', '-1', 'k3f9x2-', 'k3f9x2-57-1'])(
    'refuses %j as a cursor, and describes a valid one',
    async (since) => {
      fixture = await startApi();
      expect(await ask(fixture.socket, `/v1/watch?since=${since}`)).toMatchObject({
        status: 400,
        body: {
          code: 'parameter-invalid',
          detail: expect.stringContaining('give the "cursor" of the last') as string,
        },
      });
    },
  );

  it('ends the stream of a client that does not read with a line that says how to resume', async () => {
    fixture = await startApi({ limits: { ...STREAM_LIMITS, backlogBytes: 20_000, stallMs: 60_000 } });
    const text = await new Promise<string>((resolve, reject) => {
      const outgoing = request(
        { socketPath: fixture.socket, path: '/v1/watch', agent: false },
        (response) => {
          let read = '';
          response.setEncoding('utf8').pause();
          const flood = (n: number): void => {
            if (fixture.logged.length > 0) {
              response.on('data', (chunk: string) => (read += chunk));
              response.on('end', () => resolve(read));
              response.resume();
              return;
            }
            fixture.sink.update({ tasks: [task('big', `${'x'.repeat(4000)}${n}`, '10.42.0.80')] });
            setImmediate(flood, n + 1);
          };
          flood(0);
        },
      );
      outgoing.once('error', reject);
      outgoing.end();
    });
    const messages = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as WatchMessage);
    expect(messages.at(-1)).toMatchObject({ type: 'error', code: 'slow-reader' });
    expect(fixture.logged.join()).toContain('reads too slowly');
  });

  it('shares the limit of streams with the events, and accepts others again', async () => {
    fixture = await startApi({ limits: { ...STREAM_LIMITS, maxStreams: 1 } });
    load(fixture);
    const stream = watching();
    await next(stream);
    expect(await ask(fixture.socket, '/v1/events?follow')).toMatchObject({ status: 503 });
    expect(await ask(fixture.socket, '/v1/watch')).toMatchObject({ body: { code: 'too-many-streams' } });
    await stream.return(undefined);
    await expect
      .poll(
        async () =>
          (
            await watching()
              .next()
              .catch(() => undefined)
          )?.done,
      )
      .toBe(false);
  });
});

it('HEAD /metrics has the header and no text', async () => {
  fixture = await startApi();
  expect(await ask(fixture.socket, '/metrics', { method: 'HEAD' })).toMatchObject({
    status: 200,
    type: expect.stringContaining('text/plain') as string,
    text: '',
  });
});
