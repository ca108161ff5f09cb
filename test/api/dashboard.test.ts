import { mkdtempSync, rmSync } from 'node:fs';
import { request, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fastify, { type FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dashboardRoutes } from '../../src/api/routes/dashboard-routes.js';
import { StateReplica } from '../../src/api/stream/state-replica.js';
import { acceptsGzip } from '../../src/api/static-file.js';
import type { WatchMessage } from '../../src/api/types/watch.js';
import { dashboard } from '../../tools/dashboard.js';
import { CONTAINER_ID, load, startApi, stopApi, type Fixture } from './fixture.js';

const root = join(import.meta.dirname, '../..');

interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

function get(where: { socketPath: string } | { port: number }, path: string, accepts = ''): Promise<Got> {
  return new Promise((resolve, reject) => {
    const headers = { host: 'localhost', 'accept-encoding': accepts };
    const asked = request({ ...where, path, agent: false, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    asked.on('error', reject);
    asked.end();
  });
}

async function listenAt(app: FastifyInstance): Promise<number> {
  await app.listen({ host: '127.0.0.1', port: 0 });
  return (app.server.address() as AddressInfo).port;
}

describe('the dashboard as it is served', () => {
  let folder: string;
  let app: FastifyInstance;
  let port: number;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'fairlead-dashboard-'));
    await dashboard(root, folder);
    app = fastify();
    dashboardRoutes(app, folder);
    port = await listenAt(app);
  });
  afterAll(async () => {
    await app.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('lets the browser load and run nothing but what this daemon sends', async () => {
    const { status, headers, body } = await get({ port }, '/');
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(headers['content-security-policy']).toMatch(/^default-src 'self'; /);
    expect(headers['content-security-policy']).not.toMatch(/unsafe|data:|\*/);
    expect(body.toString()).not.toMatch(/ style=| on[a-z]+=|https?:|<script>/);
  });

  it('consists of files that are never asked for twice, packed where the browser can read that', async () => {
    const page = (await get({ port }, '/')).body.toString();
    const paths = [...page.matchAll(/(?:src|href)="(\/ui\/dashboard-[^"]+)"/g)].map(([, path = '']) => path);
    expect(paths.map((path) => path.split('.').at(-1)).sort()).toEqual(['css', 'js']);
    for (const path of paths) {
      const plain = await get({ port }, path);
      const packed = await get({ port }, path, 'br, gzip');
      expect(plain.headers['cache-control']).toContain('immutable');
      expect(packed.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' });
      expect(gunzipSync(packed.body).equals(plain.body)).toBe(true);
    }
    const script = await get({ port }, paths.find((path) => path.endsWith('.js')) ?? '', 'gzip');
    expect(script.headers['content-type']).toBe('text/javascript; charset=utf-8');
    // The bar of the issue that asked for the dashboard.
    expect(script.body.length).toBeLessThan(120 * 1024);
  });

  it.each(['/ui/..%2f..%2fpackage.json', '/ui/dashboard.tsx', '/ui/index.html.gz'])(
    'has nothing else: %s',
    async (path) => {
      expect((await get({ port }, path)).status).not.toBe(200);
    },
  );

  it('says where to go when it is not built', async () => {
    const bare = fastify();
    dashboardRoutes(bare, join(folder, 'nothing'));
    const { status, body } = await get({ port: await listenAt(bare) }, '/');
    expect([status, body.toString()]).toEqual([200, expect.stringContaining('href="/ui/plain"')]);
    await bare.close();
  });
});

describe('the first state', () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await startApi();
    load(fixture);
  });
  afterEach(() => stopApi(fixture));

  const replicaOf = (text: string): StateReplica => {
    const replica = new StateReplica();
    for (const line of text.split('\n').filter(Boolean)) replica.apply(JSON.parse(line) as WatchMessage);
    return replica;
  };

  it('comes packed, as the stream begins, with the cursor from which it goes on', async () => {
    const socketPath = fixture.socket;
    const packed = await get({ socketPath }, '/v1/state', 'gzip');
    expect(packed.headers).toMatchObject({
      'content-encoding': 'gzip',
      'content-type': 'application/x-ndjson; charset=utf-8',
    });
    const plain = await get({ socketPath }, '/v1/state');
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(gunzipSync(packed.body).equals(plain.body)).toBe(true);
    const replica = replicaOf(plain.body.toString());
    expect(replica.revision).toBe(fixture.catalog.snapshot.revision);
    expect(replica.cursor).toMatch(/-\d+$/);
    expect(replica.tasks.get(CONTAINER_ID)?.name).toBe('shop_web_1');
    expect(replica.problems).toHaveLength(1);
  });
});

it.each([
  ['gzip', true],
  ['br, GZIP;q=0.5', true],
  ['*', true],
  ['br', false],
  ['gzip;q=0', false],
  ['gzip;q=0.0', false],
  ['xgzip', false],
  [undefined, false],
])('a client that accepts %j gets gzip: %s', (accepted, expected) => {
  const headers = accepted === undefined ? {} : { 'accept-encoding': accepted };
  expect(acceptsGzip({ headers })).toBe(expected);
});
