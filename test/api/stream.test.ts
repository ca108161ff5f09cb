import { request, type IncomingMessage, type RequestOptions } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { dialSocket } from '../../src/api/socket-dial.js';
import { StreamClient } from '../../src/api/stream-client.js';
import { STREAM_LIMITS } from '../../src/api/stream-limits.js';
import type { StreamMessage } from '../../src/api/types/stream.js';
import { ask, CONTAINER_ID, load, startApi, stopApi, task, VIPS, type Fixture } from './fixture.js';
import { TestTimers } from './held-outlet.js';
import { serverMessage } from './server-message.js';

let fixture: Fixture;
const open: WebSocket[] = [];
afterEach(async () => {
  for (const client of open.splice(0)) client.terminate();
  await stopApi(fixture);
});

interface Guest {
  readonly client: WebSocket;
  /** The next message, checked against the schemas. */
  next(): Promise<StreamMessage>;
  /** The next message of a type. */
  until(type: string): Promise<StreamMessage>;
  readonly closed: Promise<number>;
}

function visit(): Guest {
  const client = new WebSocket('ws://localhost/v1/stream', {
    createConnection: () => connect(fixture.socket),
  });
  open.push(client);
  const waiting: StreamMessage[] = [];
  let tell = (): void => undefined;
  client.on('message', (data) => {
    waiting.push(serverMessage.parse(JSON.parse((data as Buffer).toString())));
    tell();
  });
  const next = async (): Promise<StreamMessage> => {
    for (;;) {
      const message = waiting.shift();
      if (message) return message;
      await new Promise<void>((resolve) => (tell = resolve));
    }
  };
  return {
    client,
    next,
    until: async (type) => {
      for (;;) {
        const message = await next();
        if (message.type === type) return message;
      }
    },
    closed: new Promise((resolve) => client.once('close', resolve)),
  };
}

interface Handshake extends Omit<RequestOptions, 'headers'> {
  readonly headers?: Readonly<Record<string, string>>;
}

/** A handshake whose answer is read as plain HTTP. */
function shake(options: Handshake): Promise<{ status: number; body: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      socketPath: fixture.socket,
      path: '/v1/stream',
      agent: false,
      ...options,
      headers: {
        host: 'localhost',
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        ...options.headers,
      },
    });
    const take = (response: IncomingMessage): void => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
        }),
      );
    };
    outgoing.on('response', take);
    outgoing.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode ?? 0, body: {} });
    });
    outgoing.once('error', reject);
    outgoing.end();
  });
}

describe('GET /v1/stream', () => {
  it('sends every channel that is asked for, in messages that the schemas describe', async () => {
    fixture = await startApi();
    load(fixture);
    fixture.vips.list = VIPS;
    const guest = visit();
    expect(await guest.next()).toMatchObject({ type: 'hello' });
    const channels = ['state', 'events', 'figures', 'templates'];
    guest.client.send(JSON.stringify({ type: 'subscribe', channels }));
    expect(await guest.next()).toEqual({ type: 'subscribed', channels });
    expect(await guest.until('snapshot')).toMatchObject({ channel: 'state', part: 1 });
    expect(await guest.until('figures')).toMatchObject({
      status: { pid: 4242 },
      vips: [{ port: 53 }, { port: 80, tasks: [{ id: CONTAINER_ID }, {}] }],
      checks: [{ name: 'shop_web_1' }, { name: 'shop_web_2' }, { name: 'Batch_1' }],
    });
    fixture.sink.update({ tasks: [task('new', 'new_1', '10.42.0.80')] });
    expect(await guest.until('change')).toMatchObject({ tasks: { set: [{ id: 'new' }] } });
    expect(await guest.until('event')).toMatchObject({ event: { type: 'task.added', subject: 'new_1' } });
  });

  it('chooses figures as the lists do', async () => {
    fixture = await startApi();
    load(fixture);
    fixture.vips.list = VIPS;
    const guest = visit();
    const send = (figures: object) =>
      guest.client.send(JSON.stringify({ type: 'subscribe', channels: ['figures'], figures }));
    await guest.next();
    send({ kinds: ['vips'], stack: 'other' });
    const none = await guest.until('figures');
    expect(none).toMatchObject({ vips: [] });
    expect(none).not.toHaveProperty('status');
    send({ kinds: ['checks'], health: 'unhealthy' });
    expect(await guest.until('figures')).toMatchObject({ checks: [{ name: 'shop_web_2' }] });
    send({ kinds: ['checks'], task: CONTAINER_ID });
    await guest.until('subscribed');
    expect(await guest.until('figures')).toMatchObject({ checks: [{ name: 'shop_web_1' }] });
  });

  it('goes on after a message that it cannot use', async () => {
    fixture = await startApi();
    const guest = visit();
    await guest.next();
    guest.client.send('{"type":"subscribe","channels":["states"]}');
    expect(await guest.next()).toMatchObject({ type: 'error', code: 'bad-message', field: 'channels.0' });
    guest.client.send(Buffer.from([1, 2, 3]));
    expect(await guest.next()).toMatchObject({ type: 'error', code: 'bad-message' });
    guest.client.send('{"type":"subscribe","channels":["templates"]}');
    expect(await guest.next()).toMatchObject({ type: 'subscribed' });
  });

  it('refuses a message of more than 64 KiB', async () => {
    fixture = await startApi();
    const guest = visit();
    await guest.next();
    guest.client.send('x'.repeat(65_537));
    expect(await guest.closed).toBe(1009);
  });

  it('tells its clients that the daemon stops, and stops', async () => {
    fixture = await startApi();
    const guest = visit();
    await guest.next();
    await fixture.server.stop();
    expect(await guest.next()).toMatchObject({ type: 'error', code: 'stopping' });
    expect(await guest.closed).toBe(1001);
  });

  it('stops although a client does not say goodbye', async () => {
    fixture = await startApi({ limits: { ...STREAM_LIMITS, farewellMs: 10 } });
    const guest = visit();
    await guest.next();
    guest.client.pause();
    await fixture.server.stop();
    guest.client.resume();
    await guest.closed;
  });

  it('ends a connection whose client does not answer a ping, and keeps the others', async () => {
    const timers = new TestTimers();
    fixture = await startApi({ timers });
    const guest = visit();
    await guest.next();
    const deaf = new WebSocket('ws://localhost/v1/stream', {
      createConnection: () => connect(fixture.socket),
      autoPong: false,
    });
    open.push(deaf);
    await new Promise((resolve) => deaf.once('message', resolve));
    const ended = new Promise((resolve) => deaf.once('close', resolve));
    const pinged = new Promise((resolve) => guest.client.once('ping', resolve));
    timers.elapse(STREAM_LIMITS.heartbeatMs);
    await pinged;
    // What is sent after the answer to the ping arrives after it.
    guest.client.send('{"type":"subscribe","channels":["templates"]}');
    await guest.until('templates');
    timers.elapse(STREAM_LIMITS.heartbeatMs);
    await ended;
    expect(guest.client.readyState).toBe(guest.client.OPEN);
  });

  it('drops a client that does not read with a code that says so', async () => {
    fixture = await startApi({ limits: { ...STREAM_LIMITS, backlogBytes: 20_000, farewellMs: 60_000 } });
    const guest = visit();
    await guest.next();
    guest.client.send('{"type":"subscribe","channels":["state"]}');
    await guest.until('snapshot');
    guest.client.pause();
    for (let n = 0; fixture.logged.length === 0; n++) {
      fixture.sink.update({ tasks: [task('big', `${'x'.repeat(4000)}${n}`, '10.42.0.80')] });
      await new Promise((resolve) => setImmediate(resolve));
    }
    guest.client.resume();
    expect(await guest.until('error')).toMatchObject({ code: 'slow-reader' });
    expect(await guest.closed).toBe(4001);
  });
});

describe('a handshake', () => {
  it('is needed', async () => {
    fixture = await startApi();
    expect(await ask(fixture.socket, '/v1/stream')).toMatchObject({
      status: 426,
      body: { code: 'upgrade-required', detail: expect.stringContaining('docs/stream.md') as string },
    });
  });

  it.each<[string, Handshake, number, string]>([
    [
      'a web page of another origin',
      { headers: { origin: 'https://evil.example' } },
      403,
      'origin-not-allowed',
    ],
    ['another method', { method: 'POST' }, 404, 'not-found'],
    ['another path', { path: '/v1/streams' }, 404, 'not-found'],
    ['a parameter', { path: '/v1/stream?since=x' }, 400, 'parameter-unknown'],
  ])('of %s is refused', async (_, options, status, code) => {
    fixture = await startApi();
    expect(await shake(options)).toMatchObject({ status, body: { code } });
  });

  it.each([
    ['localhost:1', undefined, 101],
    ['127.0.0.1', 'http://localhost:8080', 101],
    ['rebound.example', undefined, 403],
    ['localhost', 'http://rebound.example', 403],
    ['localhost', 'null', 403],
  ])('over TCP with the host %s and the origin %s gets %d', async (host, origin, status) => {
    fixture = await startApi({ listen: [{ ip: '127.0.0.1', port: 0 }] });
    const port = Number(fixture.server.addresses()[0]?.split(':').at(-1));
    const headers = { host, ...(origin !== undefined && { origin }) };
    const answer = await shake({ socketPath: undefined, host: '127.0.0.1', port, headers });
    expect(answer.status).toBe(status);
  });

  it('is refused when there are enough clients, and accepted again when one has gone', async () => {
    fixture = await startApi({ limits: { ...STREAM_LIMITS, maxClients: 1 } });
    const guest = visit();
    await guest.next();
    expect(await shake({})).toMatchObject({ status: 503, body: { code: 'too-many-streams' } });
    guest.client.close();
    await guest.closed;
    await expect.poll(async () => (await shake({})).status).toBe(101);
  });

  it('for a protocol that the daemon does not speak is answered as if it were none', async () => {
    fixture = await startApi();
    const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABk' };
    expect(await shake({ path: '/v1/status', headers })).toMatchObject({ status: 200, body: { pid: 4242 } });
  });
});

describe('the client', () => {
  it('goes on with what it missed after the daemon was away, and learns of each fault', async () => {
    fixture = await startApi();
    load(fixture);
    const faults: string[] = [];
    const seen: string[] = [];
    let tell = (): void => undefined;
    const client = new StreamClient({
      dial: dialSocket({ path: fixture.socket }),
      wanted: { type: 'subscribe', channels: ['state', 'events'] },
      retryMs: 5,
      onMessage: (message) => {
        seen.push('channel' in message ? `${message.channel} ${message.type}` : message.type);
      },
      onFault: (fault) => faults.push(fault.message),
      onNews: () => tell(),
    });
    const ended = client.follow();
    const when = async (isSo: () => boolean) => {
      while (!isSo()) await new Promise<void>((resolve) => (tell = resolve));
    };
    await when(() => client.position.replica.tasks.size > 0);
    await fixture.server.stop();
    fixture.sink.update({ tasks: [task('new', 'new_1', '10.42.0.80')] });
    await fixture.server.start();
    await when(() => client.position.replica.tasks.has('new'));
    expect(client.fault).toBeUndefined();
    expect(faults[0]).toContain('the daemon is stopping');
    await when(() => seen.includes('events event'));
    client.close();
    await ended;
  });

  it('says what the daemon refuses, and which server is not Fairlead', async () => {
    fixture = await startApi({ limits: { ...STREAM_LIMITS, maxClients: 0 } });
    const fault = (wanted: object) =>
      new Promise<Error>((resolve) => {
        const client = new StreamClient({
          dial: dialSocket({ path: fixture.socket }),
          wanted: { type: 'subscribe', channels: ['events'], ...wanted },
          onFault: (error) => {
            client.close();
            resolve(error);
          },
        });
        void client.follow();
      });
    expect(await fault({})).toMatchObject({ problem: { code: 'too-many-streams' } });
    await stopApi(fixture);
    fixture = await startApi();
    expect(await fault({ events: { types: [''] } })).toMatchObject({
      problem: { status: 400, detail: expect.stringContaining('"events.types.0"') as string },
    });
    await fixture.server.stop();
    expect(await fault({})).toMatchObject({ code: 'ENOENT' });
  });

  it('ends with what its callbacks throw', async () => {
    fixture = await startApi();
    const client = new StreamClient({
      dial: dialSocket({ path: fixture.socket }),
      wanted: { type: 'subscribe', channels: ['events'] },
      onMessage: () => {
        throw new Error('enough');
      },
    });
    await expect(client.follow()).rejects.toThrow('enough');
  });
});
