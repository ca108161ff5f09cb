import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { STREAM_LIMITS } from '../../../src/api/stream-limits.js';
import { stopApi } from '../fixture.js';
import { bearer, makeToken, send, startGuarded, type Guarded } from './access-fixture.js';

let guarded: Guarded;
let token: string;

beforeEach(async () => {
  const limits = { ...STREAM_LIMITS, maxStreams: 1, maxClients: 1 };
  guarded = await startGuarded({ limits });
  token = await makeToken(guarded.fixture.socket, 'shop', 'viewer', { stacks: ['shop'] });
});

afterEach(() => stopApi(guarded.fixture));

const asLimited = (path: string) => send(guarded.way, { path, headers: bearer(token) });

it('clients with limits share the places of those that follow with those without', async () => {
  const follower: ClientRequest = request({ socketPath: guarded.fixture.socket, path: '/v1/watch' });
  follower.end();
  const [response] = (await once(follower, 'response')) as [IncomingMessage];
  expect(response.statusCode).toBe(200);
  expect(await asLimited('/v1/watch')).toMatchObject({ status: 503, json: { code: 'too-many-streams' } });
  response.destroy();
  await expect.poll(async () => (await asLimited('/v1/watch')).status).toBe(200);
});

it('clients with limits share the places of the stream, too', async () => {
  const guest = new WebSocket(`ws+unix:${guarded.fixture.socket}:/v1/stream`);
  await once(guest, 'open');
  const upgrade = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  };
  const refused = await send(guarded.way, { path: '/v1/stream', headers: { ...bearer(token), ...upgrade } });
  expect(refused).toMatchObject({ status: 503, json: { code: 'too-many-streams' } });
  guest.close();
  await once(guest, 'close');
});
