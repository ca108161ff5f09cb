import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, CONTAINER_ID, load, NOW, startApi, stopApi, type Fixture } from './fixture.js';

let fixture: Fixture;
const get = (path: string) => ask(fixture.socket, path);
const send = (method: string, path: string, body?: unknown, where: string | number = fixture.socket) => {
  if (body === undefined) return ask(where, path, { method });
  const text = JSON.stringify(body);
  // Of a DELETE, Node does not say by itself how long the body is.
  const headers = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) };
  return ask(where, path, { method, headers, body: text });
};
const WEB = { environment: 'default', stack: 'shop', service: 'web' };

beforeEach(async () => {
  fixture = await startApi();
  load(fixture);
});
afterEach(() => stopApi(fixture));

describe('the list of checks', () => {
  it('contains every checked task of the catalog by service and name, those without a service last', async () => {
    const { status, body } = await get('/v1/health');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      revision: fixture.catalog.snapshot.revision,
      now: '2026-11-21T00:00:00.000Z',
    });
    expect(body.checks).toEqual([
      {
        id: CONTAINER_ID,
        name: 'shop_web_1',
        environment: 'default',
        stack: 'shop',
        service: WEB,
        health: 'healthy',
        since: '2026-11-20T23:00:00.000Z',
        kind: 'tcp',
        check: 'tcp 10.42.0.11:80',
        intervalMs: 2000,
        from: 'label fairlead.health.port',
        passes: 0,
        failures: 2,
        rise: 2,
        fall: 3,
        last: { ok: false, detail: 'ECONNREFUSED', ms: 0.4, at: '2026-11-20T23:59:58.800Z' },
        next: '2026-11-21T00:00:00.800Z',
      },
      expect.objectContaining({
        name: 'shop_web_2',
        reason: 'port 80 refused',
        heldUntil: '2026-11-21T00:00:20.000Z',
      }),
      expect.objectContaining({ name: 'Batch_1', kind: 'ttl' }),
    ]);
  });

  it.each([
    ['health=unhealthy', ['shop_web_2']],
    ['stack=shop&service=web', ['shop_web_1', 'shop_web_2']],
    ['stack=default', ['Batch_1']],
    ['task=4f1c2', ['shop_web_1']],
    ['task=shop_web_old', []],
  ])('is filtered by %s', async (query, names) => {
    const { checks } = (await get(`/v1/health?${query}`)).body as { checks: { name: string }[] };
    expect(checks.map(({ name }) => name)).toEqual(names);
  });
});

describe('a beat', () => {
  it.each([
    [undefined, true, ''],
    [{}, true, ''],
    [{ ok: true, note: 'queue 3' }, true, 'queue 3'],
    [{ ok: false, note: ' disk\n full ' }, false, 'disk  full'],
  ])('with %j is passed on', async (body, ok, note) => {
    const answer = await send('PUT', '/v1/tasks/batch_1/beat', body);
    expect(answer).toMatchObject({ status: 200, body: { name: 'Batch_1' } });
    expect(fixture.health.asked).toEqual([['beat', '77aa00000000'.padEnd(64, '0'), ok, note]]);
  });

  it.each([
    ['shop_web_1', 409, 'check-not-ttl'],
    ['shop_web_old', 409, 'task-without-check'],
    ['nobody', 404, 'task-not-found'],
    ['4f1c', 409, 'task-ambiguous'],
  ])('of %s answers %i %s', async (task, status, code) => {
    expect(await send('PUT', `/v1/tasks/${task}/beat`)).toMatchObject({ status, body: { code } });
    expect(fixture.health.asked).toEqual([]);
  });
});

it('a task is checked at once if it has a check', async () => {
  const good = await send('POST', '/v1/tasks/shop_web_1/check');
  expect(good).toMatchObject({ status: 202, body: { id: CONTAINER_ID, name: 'shop_web_1' } });
  const none = await send('POST', '/v1/tasks/shop_web_old/check');
  expect(none).toMatchObject({ status: 409, body: { code: 'task-without-check' } });
  expect(fixture.health.asked).toEqual([
    ['check', CONTAINER_ID],
    ['check', 'file:shop/web/old'],
  ]);
});

describe('a drain', () => {
  it('of a task is set, listed and undone', async () => {
    const drain = {
      task: CONTAINER_ID,
      name: 'shop_web_1',
      at: '2026-11-21T00:00:00.000Z',
      until: '2026-11-21T00:01:30.000Z',
      note: 'new disk',
    };
    const set = await send('PUT', '/v1/tasks/shop_web_1/drain', { for: '1m30s', note: 'new disk' });
    expect(set).toMatchObject({ status: 200, body: drain });
    expect(fixture.health.asked).toEqual([
      ['drain', { task: CONTAINER_ID }, { until: NOW + 90_000, note: 'new disk' }],
      // It is on the disk before it is acknowledged.
      ['saved'],
    ]);
    expect((await get('/v1/drains')).body).toEqual({ now: '2026-11-21T00:00:00.000Z', drains: [drain] });
    expect((await get('/v1/status')).body).toMatchObject({ drains: 1 });
    expect((await send('DELETE', '/v1/tasks/4f1c2/drain')).body).toEqual(drain);
    expect((await get('/v1/drains')).body).toMatchObject({ drains: [] });
  });

  it.each(['PUT', 'DELETE'] as const)('is not acknowledged by %s when it cannot be saved', async (method) => {
    await send('PUT', '/v1/tasks/shop_web_1/drain');
    fixture.health.unsaved = '/var/lib/fairlead/drains.json: cannot be written (ENOSPC)';
    const { status, body } = await send(method, '/v1/tasks/shop_web_1/drain');
    expect([status, body.code]).toEqual([500, 'state-not-written']);
    expect(body.detail).toContain(
      'a restart would forget it: /var/lib/fairlead/drains.json: cannot be written',
    );
  });

  it('of a service is set, replaced and undone', async () => {
    await send('PUT', '/v1/services/Shop/WEB/drain', { for: '30s' });
    const { body } = await send('PUT', '/v1/services/shop/web/drain');
    expect(body).toEqual({ service: WEB, name: 'web.shop', at: '2026-11-21T00:00:00.000Z' });
    expect((await get('/v1/drains')).body.drains).toEqual([body]);
    expect((await send('DELETE', '/v1/services/shop/web/drain')).status).toBe(200);
  });

  it('distinguishes a sidekick from its service', async () => {
    const service = { ...WEB, sidekick: 'logger' };
    fixture.sink.update({ tasks: [{ ...taskOf(), service }] });
    const { body } = await send('PUT', '/v1/services/shop/web/drain?sidekick=logger');
    expect(body).toMatchObject({ service, name: 'logger.web.shop' });
    expect((await send('DELETE', '/v1/services/shop/web/drain')).status).toBe(404);
    expect((await send('DELETE', '/v1/services/shop/web/drain?sidekick=logger')).status).toBe(200);
  });

  it('can be undone for a removed task or service', async () => {
    await send('PUT', `/v1/tasks/${CONTAINER_ID}/drain`);
    await send('PUT', '/v1/services/shop/web/drain');
    fixture.sink.replace({ tasks: [] });
    expect((await get('/v1/drains')).body.drains).toMatchObject([
      { name: CONTAINER_ID },
      { name: 'web.shop' },
    ]);
    expect((await send('DELETE', `/v1/tasks/${CONTAINER_ID}/drain`)).status).toBe(200);
    expect((await send('DELETE', '/v1/services/shop/web/drain')).status).toBe(200);
  });

  it.each([
    ['PUT', '/v1/tasks/nobody/drain', 404, 'task-not-found'],
    ['PUT', '/v1/services/shop/nope/drain', 404, 'service-not-found'],
    ['PUT', '/v1/services/shop/crm/drain', 409, 'service-without-tasks'],
    ['DELETE', '/v1/tasks/shop_web_1/drain', 404, 'drain-not-found'],
    ['DELETE', '/v1/tasks/nobody/drain', 404, 'task-not-found'],
    ['DELETE', '/v1/services/shop/web/drain', 404, 'drain-not-found'],
    ['DELETE', '/v1/services/shop/nope/drain', 404, 'service-not-found'],
  ])('%s %s answers %i %s', async (method, path, status, code) => {
    expect(await send(method, path)).toMatchObject({ status, body: { code } });
  });

  it('of a service cannot be undone for one of its tasks, and the answer says where', async () => {
    await send('PUT', '/v1/services/shop/web/drain');
    const { body } = await send('DELETE', '/v1/tasks/shop_web_1/drain');
    expect(body).toMatchObject({
      code: 'drain-not-found',
      detail: expect.stringContaining('"fairlead undrain web.shop"') as string,
    });
  });

  it('begun by a stop signal cannot be undone', async () => {
    const stopping = { ...taskOf(), health: 'draining' as const, reason: 'stop signal 15 sent' };
    fixture.sink.update({ tasks: [stopping] });
    const { body } = await send('DELETE', '/v1/tasks/side_1/drain');
    expect(body.detail).toContain('draining by itself (stop signal 15 sent)');
  });
});

const taskOf = () => ({ ...firstTask(), id: 'side', name: 'side_1', names: ['side_1'] });
function firstTask() {
  const task = fixture.catalog.snapshot.task(CONTAINER_ID);
  if (!task) throw new Error('unreachable');
  return task;
}

describe('a request body', () => {
  const PATH = '/v1/tasks/shop_web_1/drain';

  it.each([
    [
      { for: '30' },
      '"for" is "30"; it must be a duration from 1s to 365d, written with its unit: 500ms, 10s, 1m30s',
    ],
    [{ for: '500ms' }, 'it must be a duration from 1s'],
    [{ for: '366d' }, 'it must be a duration from 1s'],
    [{ for: '-5s' }, 'it must be a duration'],
    [{ for: 30 }, '"for" is not a text'],
    [{ note: 'x'.repeat(201) }, '201 characters; it may have at most 200'],
    [{ fro: '30s' }, 'unknown key "fro"; known: for, note'],
    [[], 'not a JSON object'],
    ['30s', 'not a JSON object'],
    [null, 'not a JSON object'],
  ])('%j is refused', async (body, detail) => {
    const answer = await send('PUT', PATH, body);
    expect(answer).toMatchObject({ status: 400, body: { code: 'body-invalid' } });
    expect(answer.body.detail).toContain(detail);
    expect(fixture.health.marks.size).toBe(0);
  });

  it.each([
    ['application/json', '{"note":', 400, 'body-invalid'],
    ['application/json', '', 400, 'body-invalid'],
    ['application/json', '{"__proto__":{"for":"1s"}}', 400, 'body-invalid'],
    ['text/plain', '{}', 415, 'body-not-json'],
    ['application/x-www-form-urlencoded', 'for=30s', 415, 'body-not-json'],
    ['application/json', JSON.stringify({ note: 'x'.repeat(5000) }), 413, 'body-too-large'],
  ])('%s %s answers %i %s', async (type, body, status, code) => {
    const headers = { 'content-type': type };
    const answer = await ask(fixture.socket, PATH, { method: 'PUT', headers, body });
    expect(answer).toMatchObject({ status, body: { code } });
    expect(answer.body.detail).toMatch(/^[\x20-\x7e]+$/);
  });

  it('from a web page is refused even over the socket', async () => {
    const headers = { origin: 'https://evil.example' };
    expect(await ask(fixture.socket, PATH, { method: 'PUT', headers })).toMatchObject({
      status: 403,
      body: { code: 'origin-not-allowed' },
    });
  });
});

describe('over TCP', () => {
  let tcp: Fixture;
  afterEach(() => stopApi(tcp));

  it.each([
    ['PUT', '/v1/tasks/batch_1/beat'],
    ['POST', '/v1/tasks/shop_web_1/check'],
    ['PUT', '/v1/tasks/shop_web_1/drain'],
    ['DELETE', '/v1/tasks/shop_web_1/drain'],
    ['PUT', '/v1/services/shop/web/drain'],
    ['DELETE', '/v1/services/shop/web/drain'],
  ])('%s %s is refused, and the answer names the socket', async (method, path) => {
    const socket = `${fixture.socket}.too`;
    tcp = await startApi({ listen: [{ path: socket }, { ip: '127.0.0.1', port: 0 }] });
    load(tcp);
    const port = Number(tcp.server.addresses()[1]?.split(':')[1]);
    const answer = await send(method, path, {}, port);
    expect(answer).toMatchObject({ status: 403, body: { code: 'socket-only' } });
    expect(answer.body.detail).toContain(`send it to unix:${socket}`);
    expect(tcp.health.asked).toEqual([]);
    expect((await ask(port, '/v1/health')).status).toBe(200);
    expect((await send(method, path, {}, socket)).body.code).not.toBe('socket-only');
  });

  it('without a socket, the answer says how to get one', async () => {
    tcp = await startApi({ listen: [{ ip: '127.0.0.1', port: 0 }] });
    const port = Number(tcp.server.addresses()[0]?.split(':')[1]);
    const { body } = await send('PUT', '/v1/tasks/shop_web_1/drain', {}, port);
    expect(body.detail).toContain('list a unix:/path under api.listen');
  });
});
