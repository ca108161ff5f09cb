import { request } from 'node:http';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createFaceServer, type FaceServer } from '../../src/api/face-server.js';
import type { HttpFace } from '../../src/api/http-face.js';
import { ApiProblem } from '../../src/api/problem.js';
import { viewOf } from '../../src/catalog/view.js';
import { recordedLog } from '../support/recorded-log.js';
import { load, startApi, stopApi, task, type Fixture } from './fixture.js';

let fixture: Fixture;
let server: FaceServer | undefined;
const log = recordedLog();

beforeEach(async () => {
  fixture = await startApi();
  load(fixture);
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  await stopApi(fixture);
});

/** A face as Rancher's metadata service is one: it lets clients in by their address, and answers each by its own view. */
function metadataFace(more: Partial<HttpFace['listen']> = {}): HttpFace {
  return {
    name: 'metadata',
    listen: { addresses: [{ ip: '127.0.0.2', port: 0 }], setting: 'metadata.listen', reach: 'any', ...more },
    guard: (_request, client) => {
      if (client.transport === 'tcp' && client.address === '127.0.0.9')
        throw new ApiProblem(403, 'host-not-allowed', 'this client may not ask');
    },
    routes: (app, { clientOf, listening }) => {
      app.get('/latest/self', (asked) => {
        const client = clientOf(asked);
        if (client.transport !== 'tcp') return { transport: client.transport };
        const view = viewOf(fixture.catalog.snapshot, client.address, 'default');
        return { address: client.address, task: view.task?.name, stack: view.stack, listening: listening() };
      });
      app.get('/fault', () => {
        throw new Error('secret');
      });
    },
  };
}

/** Asks from one of the addresses of loopback. */
function askFrom(
  localAddress: string,
  path: string,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const [host = '', port = ''] = server?.addresses()[0]?.split(':') ?? [];
  return new Promise((resolve, reject) => {
    const outgoing = request({ host, port, localAddress, path, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as Record<string, unknown> }),
      );
    });
    outgoing.once('error', reject);
    outgoing.end();
  });
}

it('sees its client’s address, and so the view of the task that asks', async () => {
  fixture.sink.update({ tasks: [task('self', 'shop_self_1', '127.0.0.3')] });
  server = createFaceServer(metadataFace(), log);
  await server.start();
  expect(await askFrom('127.0.0.3', '/latest/self')).toEqual({
    status: 200,
    body: { address: '127.0.0.3', task: 'shop_self_1', stack: 'shop', listening: server.addresses() },
  });
  const stranger = await askFrom('127.0.0.4', '/latest/self');
  expect(stranger.body).toEqual({ address: '127.0.0.4', listening: server.addresses() });
});

it('has its own guard and routes, not those of the API', async () => {
  server = createFaceServer(metadataFace(), log);
  await server.start();
  expect(await askFrom('127.0.0.9', '/latest/self')).toMatchObject({
    status: 403,
    body: { detail: 'this client may not ask' },
  });
  expect(await askFrom('127.0.0.3', '/v1/status')).toMatchObject({ status: 404 });
  expect(await askFrom('127.0.0.3', '/fault')).toMatchObject({ status: 500, body: { code: 'internal' } });
  expect(log.lines.at(-1)).toMatch(/GET \/fault failed.*secret/);
});

it('listens beyond loopback only where it is meant to', async () => {
  const beyond = { addresses: [{ ip: '0.0.0.0', port: 0 }] };
  await expect(createFaceServer(metadataFace({ ...beyond, reach: 'loopback' }), log).start()).rejects.toThrow(
    'metadata.listen: 0.0.0.0:0 is not a loopback address',
  );
  server = createFaceServer(metadataFace(beyond), log);
  await server.start();
  expect(server.addresses()[0]).toMatch(/^0\.0\.0\.0:\d+$/);
});
