import { request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { getLines } from '../../src/api/client.js';
import type { EventJson } from '../../src/api/types/resources.js';
import { STREAM_LIMITS } from '../../src/api/stream-limits.js';
import { ask, CONTAINER_ID, load, startApi, stopApi, task, type Fixture } from './fixture.js';

let fixture: Fixture;
afterEach(() => stopApi(fixture));

const parse = (line: string) => JSON.parse(line) as EventJson;
const lines = (text: string) => text.split('\n').filter(Boolean).map(parse);

describe('the trail', () => {
  it('is NDJSON, can be resumed after a number and cut to the last few', async () => {
    fixture = await startApi();
    load(fixture);
    const all = lines((await ask(fixture.socket, '/v1/events')).text);
    expect(all.map(({ seq }) => seq)).toEqual(all.map((_, index) => index + 1));
    expect(all[0]).toMatchObject({ at: '2026-11-21T00:00:00.000Z', source: 'docker' });
    const after = lines((await ask(fixture.socket, '/v1/events?after=2')).text);
    expect(after).toEqual(all.slice(2));
    expect(lines((await ask(fixture.socket, '/v1/events?last=1')).text)).toEqual(all.slice(-1));
  });
});

describe('following', () => {
  it('sends past events and then new ones, until the daemon stops', async () => {
    fixture = await startApi();
    load(fixture);
    const before = fixture.catalog.events().length;
    const stream = getLines({ path: fixture.socket }, '/v1/events', { follow: true });
    for (let n = 0; n < before; n++) expect(parse((await stream.next()).value as string).seq).toBe(n + 1);
    fixture.sink.update({
      tasks: [task(CONTAINER_ID, 'shop_web_1', '10.42.0.11', { health: 'draining', reason: 'signal 15' })],
    });
    const next = await stream.next();
    expect(parse(next.value as string)).toMatchObject({ type: 'task.health', subject: 'shop_web_1' });
    await fixture.server.stop();
    await expect(stream.next()).resolves.toMatchObject({ done: true });
  });

  it('sends blank lines to show that a silent stream is alive', async () => {
    fixture = await startApi({
      limits: { ...STREAM_LIMITS, heartbeatMs: 5, backlogBytes: 1000, maxStreams: 1 },
    });
    const first = await new Promise<string>((resolve, reject) => {
      const outgoing = request(
        { socketPath: fixture.socket, path: '/v1/events?follow', agent: false },
        (response) => {
          response.setEncoding('utf8').once('data', (text: string) => {
            outgoing.destroy();
            resolve(text);
          });
        },
      );
      outgoing.once('error', reject);
      outgoing.end();
    });
    expect(first).toMatch(/^\n+$/);
  });

  it('drops a client that does not read, and accepts others again', async () => {
    fixture = await startApi({
      limits: { ...STREAM_LIMITS, heartbeatMs: 60_000, backlogBytes: 2000, maxStreams: 1 },
    });
    const dropped = new Promise<void>((resolve, reject) => {
      const outgoing = request(
        { socketPath: fixture.socket, path: '/v1/events?follow', agent: false },
        (response) => {
          response.pause();
          response.once('error', () => resolve());
          response.once('close', () => resolve());
          const flood = (n: number) => {
            if (fixture.logged.length > 0) {
              response.resume();
              return;
            }
            fixture.sink.update({ tasks: [task(CONTAINER_ID, 'x'.repeat(1000) + String(n), '10.42.0.11')] });
            setImmediate(flood, n + 1);
          };
          flood(0);
        },
      );
      outgoing.once('error', reject);
      outgoing.end();
    });
    await dropped;
    expect(fixture.logged.join()).toContain('too slowly');
    await expect.poll(() => ask(fixture.socket, '/v1/events').then(({ status }) => status)).toBe(200);
  });

  it('refuses more followers than it can serve', async () => {
    fixture = await startApi({
      limits: { ...STREAM_LIMITS, heartbeatMs: 5, backlogBytes: 2000, maxStreams: 1 },
    });
    load(fixture);
    const stream = getLines({ path: fixture.socket }, '/v1/events', { follow: true });
    await stream.next();
    expect(await ask(fixture.socket, '/v1/events?follow')).toMatchObject({
      status: 503,
      body: { code: 'too-many-streams' },
    });
    await stream.return(undefined);
    await expect
      .poll(async () => {
        const controller = new AbortController();
        const again = getLines({ path: fixture.socket }, '/v1/events', { follow: true }, controller.signal);
        const line = await again.next().catch(() => undefined);
        controller.abort();
        return line?.done;
      })
      .toBe(false);
  });
});
