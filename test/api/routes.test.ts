import fastify from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../src/net/log.js';
import { Access } from '../../src/api/access/api-access.js';
import { ownRoutes } from '../../src/api/own-face.js';
import { QuestionError } from '../../src/api/ports.js';
import { ROUTES } from '../../src/api/schemas/route-table.js';
import { systemTimers } from '../../src/runtime/timers.js';
import {
  ask,
  CONTAINER_ID,
  fakeProcess,
  load,
  startApi,
  STATUS,
  stopApi,
  task,
  type Fixture,
} from './fixture.js';

let fixture: Fixture;
const get = (path: string) => ask(fixture.socket, path);

beforeEach(async () => {
  fixture = await startApi();
  load(fixture);
});
afterEach(() => stopApi(fixture));

it.each(['/v1/tasks', '/v1/tasks/aa', '/v1/services', '/v1/services/shop/web'])(
  'shows no secret of a label at %s',
  async (path) => {
    const labels = {
      'fairlead.health.http.headers': 'Authorization: Basic czNjcmV0',
      SERVICE_CHECK_HTTP: '/health?token=czNjcmV0',
      SERVICE_DB_PASSWORD: 'czNjcmV0',
    };
    const service = { environment: 'default', stack: 'shop', service: 'web' };
    fixture.sink.update({
      tasks: [task('aa', 'web_9', '10.42.0.40', { service, labels })],
      services: [{ ...service, kind: 'tasks', labels }],
    });
    const body = JSON.stringify((await get(path)).body);
    expect(body).toContain('"fairlead.health.http.headers":"Authorization: ***"');
    expect(body).not.toContain('czNjcmV0');
  },
);

describe('services', () => {
  it('lists services by key with their names and the health of their tasks', async () => {
    const { status, body } = await get('/v1/services');
    expect(status).toBe(200);
    expect(body.revision).toBe(fixture.catalog.snapshot.revision);
    expect(body.services).toMatchObject([
      { name: 'crm.shop', kind: 'external', hostname: 'crm.example.org', taskCount: 0 },
      { name: 'front.shop', kind: 'alias', aliasOf: ['web.shop'] },
      {
        key: 'default/shop/web',
        fqdn: 'web.shop.rancher.internal',
        health: { healthy: 1, unhealthy: 1, stopped: 1 },
        taskCount: 3,
        ports: [{ port: 80, protocol: 'tcp' }],
      },
    ]);
  });

  it('filters by stack and service', async () => {
    expect((await get('/v1/services?stack=shop&service=web')).body.services).toHaveLength(1);
    expect((await get('/v1/services?stack=other')).body.services).toEqual([]);
  });

  it('shows one service with its tasks, ignoring case', async () => {
    const { body } = await get('/v1/services/Shop/WEB');
    expect(body).toMatchObject({
      name: 'web.shop',
      tasks: [{ name: 'shop_web_1' }, { name: 'shop_web_2' }, {}],
    });
  });

  it('distinguishes a sidekick from its service', async () => {
    const service = { environment: 'default', stack: 'shop', service: 'web', sidekick: 'logger' };
    fixture.sink.update({ tasks: [task('aa', 'logger_1', '10.42.0.40', { service })] });
    expect((await get('/v1/services/shop/web?sidekick=logger')).body).toMatchObject({
      name: 'logger.web.shop',
      taskCount: 1,
    });
  });

  it('marks a service with mostly unhealthy tasks', async () => {
    expect((await get('/v1/services/shop/web')).body).toMatchObject({ panic: false });
    fixture.sink.update({ removedTasks: [CONTAINER_ID] });
    expect((await get('/v1/services/shop/web')).body).toMatchObject({ panic: true });
  });

  it('says which versions run, and since when it is being upgraded', async () => {
    const at = Date.UTC(2026, 10, 20);
    const old = { image: 'shop/web:1.8-alpine', imageId: 'sha256:aa', createdAt: at };
    const next = { image: 'shop/web:1.9-alpine', imageId: 'sha256:bb', createdAt: at + 1000 };
    const service = { environment: 'default', stack: 'shop', service: 'api' };
    fixture.sink.update({
      tasks: [
        task('v1', 'api_1', '10.42.0.41', { ...old, service }),
        task('v2', 'api_2', '10.42.0.42', { ...old, service }),
      ],
    });
    const { body: before } = await get('/v1/services/shop/api');
    expect(before).not.toHaveProperty('upgradingSince');
    expect(before).toMatchObject({ versions: [{ image: old.image, tag: '1.8-alpine', tasks: 2 }] });
    fixture.sink.update({ tasks: [task('v3', 'api_3', '10.42.0.43', { ...next, service })] });
    expect((await get('/v1/services?service=api')).body.services).toMatchObject([
      {
        versions: [
          { tag: '1.8-alpine', imageId: 'sha256:aa', tasks: 2, since: '2026-11-20T00:00:00.000Z' },
          { tag: '1.9-alpine', imageId: 'sha256:bb', tasks: 1, since: '2026-11-20T00:00:01.000Z' },
        ],
        upgradingSince: '2026-11-20T00:00:01.000Z',
      },
    ]);
  });

  it('returns a long list completely and in order', async () => {
    fixture.sink.update({
      tasks: Array.from({ length: 1234 }, (_, n) =>
        task(`t${n}`, `w${String(n).padStart(4, '0')}`, `10.42.${n >> 8}.${n & 255}`, {
          service: { environment: 'default', stack: 'big', service: 'w' },
        }),
      ),
    });
    const { body } = await get('/v1/tasks?stack=big');
    const names = (body.tasks as { name: string }[]).map(({ name }) => name);
    expect(names).toHaveLength(1234);
    expect(names).toEqual([...names].sort());
  });
});

describe('tasks', () => {
  it('lists tasks with the names of their networks, those without a service last', async () => {
    const { body } = await get('/v1/tasks');
    expect(body.tasks).toMatchObject([
      { name: 'shop_web_1', endpoints: [{ network: 'net1', networkName: 'shop_default', ip: '10.42.0.11' }] },
      { name: 'shop_web_2', health: 'unhealthy', reason: 'port 80 refused' },
      { name: 'shop_web_old', endpoints: [] },
      { name: 'Batch_1', stack: 'default', startedAt: '2026-11-20T23:56:48.000Z' },
    ]);
  });

  it('says what a task runs, where, since when and how often it was started again', async () => {
    const version = {
      node: { id: 'host-1', name: 'alpha' },
      image: 'registry:5000/web',
      imageId: 'sha256:aa',
      createdAt: Date.UTC(2026, 10, 20),
      startedAt: Date.UTC(2026, 10, 20, 1),
      restarts: 2,
    };
    fixture.sink.update({ tasks: [task('v1', 'api_1', '10.42.0.41', version)] });
    const told = {
      ...version,
      tag: 'latest',
      createdAt: '2026-11-20T00:00:00.000Z',
      startedAt: '2026-11-20T01:00:00.000Z',
    };
    expect((await get('/v1/tasks/v1')).body).toMatchObject(told);
    const lines = (await get('/v1/events?last=1')).text.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { type: 'task.added', task: { id: 'v1', ...told } },
    ]);
  });

  it('filters by health', async () => {
    expect((await get('/v1/tasks?health=unhealthy')).body.tasks).toMatchObject([{ name: 'shop_web_2' }]);
  });

  it.each([
    ['a whole id', CONTAINER_ID, 'shop_web_1'],
    ['the beginning of an id', '4f1c2', 'shop_web_1'],
    ['a container name', 'shop_web_2', 'shop_web_2'],
    ["Docker's form of the name", '%2Fshop_web_2', 'shop_web_2'],
    ['a name in other case', 'BATCH_1', 'Batch_1'],
    ['an id of the file source', 'file:shop%2Fweb%2Fold', 'shop_web_old'],
  ])('finds a task by %s', async (_, id, name) => {
    expect((await get(`/v1/tasks/${id}`)).body).toMatchObject({ name });
  });

  it('finds a task with a long id', async () => {
    const id = `file:${'s'.repeat(63)}/${'w'.repeat(63)}/${'n'.repeat(63)}`;
    fixture.sink.update({ tasks: [task(id, 'long', '10.42.0.50')] });
    expect((await get(`/v1/tasks/${encodeURIComponent(id)}`)).body).toMatchObject({ id });
  });

  it('prefers the running one of two tasks with the same name', async () => {
    fixture.sink.update({ tasks: [task('new', 'shop_web_old', '10.42.0.60')] });
    expect((await get('/v1/tasks/shop_web_old')).body).toMatchObject({ id: 'new' });
  });
});

describe('query and explain', () => {
  it('asks as the given client, and shows the answer with what decided it', async () => {
    const { body } = await get('/v1/query?name=web.shop&as=shop_web_1');
    expect(fixture.names.asked).toEqual([['web.shop', 'A', '10.42.0.11']]);
    expect(body).toMatchObject({
      rcode: 'NOERROR',
      flags: ['qr', 'aa', 'rd', 'ra'],
      question: { name: 'web.shop.rancher.internal.', type: 'A' },
      answers: [{ name: 'web.shop.rancher.internal.', type: 'A', ttl: 1, data: '10.42.0.11' }],
      source: 'own',
      rule: 'service.stack',
      ms: 0.25,
      view: { address: '10.42.0.11' },
    });
  });

  it.each([
    ['name=web&type=srv', ['web', 'SRV', undefined]],
    ['name=web&type=type65280', ['web', 'TYPE65280', undefined]],
    ['name=10.42.0.11', ['11.0.42.10.in-addr.arpa', 'PTR', undefined]],
    ['name=10.42.0.11&type=A', ['10.42.0.11', 'A', undefined]],
    ['name=b%C3%BCcher.example', ['xn--bcher-kva.example', 'A', undefined]],
    ['name=web&as=::ffff:10.42.0.11', ['web', 'A', '10.42.0.11']],
  ])('%s asks %j', async (query, asked) => {
    expect((await get(`/v1/query?${query}`)).status).toBe(200);
    expect(fixture.names.asked).toEqual([asked]);
  });

  it('says so when the client would get no reply', async () => {
    fixture.names.message = undefined;
    expect((await get('/v1/query?name=web')).body).toMatchObject({
      rcode: 'NOREPLY',
      source: 'none',
      answers: [],
    });
  });

  it('explains why a question is invalid', async () => {
    fixture.names.failure = new QuestionError('"a..b" has an empty label; take out one dot');
    expect(await get('/v1/query?name=a..b')).toMatchObject({
      status: 400,
      body: { code: 'parameter-invalid', detail: '"a..b" has an empty label; take out one dot' },
    });
  });

  it('explains', async () => {
    const { body } = await get('/v1/explain?name=web.shop&as=10.42.0.30');
    expect(fixture.names.asked).toEqual([['web.shop', 'A', '10.42.0.30']]);
    expect(body).toMatchObject({ rule: 'service.stack', rcode: 'NOERROR', view: { address: '10.42.0.30' } });
  });
});

describe('status', () => {
  it('shows the daemon, its sources with the age of their facts, the counts and the problems', async () => {
    expect((await get('/v1/status')).body).toMatchObject({
      version: '0.1.0',
      startedAt: '2026-11-20T23:00:00.000Z',
      now: '2026-11-21T00:00:00.000Z',
      config: { path: '/etc/fairlead/fairlead.yaml', loadedAt: '2026-11-20T23:00:00.000Z' },
      dns: { listen: ['169.254.169.250:53'], upstreams: ['192.0.2.53:53'] },
      api: { listen: [`unix:${fixture.socket}`] },
      catalog: { services: 3, tasks: 4, loaded: true, health: { healthy: 2, unhealthy: 1, stopped: 1 } },
      checks: { tasks: 4, failing: 1 },
      drains: 0,
      sources: [{ name: 'docker', state: 'live', asOf: '2026-11-20T23:59:58.000Z' }],
      problems: [{ code: 'label-invalid', subject: 'container bad_1' }],
    });
    expect((await get('/v1/problems')).body).toMatchObject({ problems: [{ code: 'label-invalid' }] });
  });

  it('is ready only when every source has reported and every DNS address is bound', async () => {
    expect(await get('/readyz')).toMatchObject({ status: 200, text: 'ready\n' });
    fixture.status.current = { ...STATUS, dns: { ...STATUS.dns, ready: false } };
    expect((await get('/readyz')).status).toBe(503);
    fixture.status.current = STATUS;
    fixture.status.unanswered = ['DNS at 169.254.169.250:53 does not answer: no reply within 1000 ms'];
    expect(await get('/readyz')).toMatchObject({
      status: 503,
      text: 'DNS at 169.254.169.250:53 does not answer: no reply within 1000 ms\n',
    });
    fixture.status.unanswered = [];
    fixture.status.problems = [{ code: 'no-upstream', subject: '/etc/resolv.conf', message: 'no server' }];
    expect(await get('/readyz')).toMatchObject({ status: 503, text: 'no server\n' });
    fixture.status.problems = [];
    fixture.catalog.sink('consul');
    expect(await get('/readyz')).toMatchObject({ status: 503, text: 'no facts yet from consul\n' });
    const { body } = await get('/readyz?verbose');
    expect(body).toMatchObject({
      ready: false,
      checks: [
        { name: 'catalog', ok: false },
        { name: 'dns', ok: true },
        { name: 'upstreams', ok: true },
      ],
    });
    expect((await ask(fixture.socket, '/healthz', { method: 'HEAD' })).status).toBe(200);
  });
});

describe('errors', () => {
  it.each([
    ['/v1/services/shop/nope', 404, 'service-not-found'],
    ['/v1/tasks/nope', 404, 'task-not-found'],
    ['/v1/tasks/4f1c', 409, 'task-ambiguous'],
    ['/v1/query', 400, 'parameter-missing'],
    ['/v1/query?name=web&type=%00', 400, 'parameter-invalid'],
    ['/v1/query?name=web&type=A&type=A', 400, 'parameter-invalid'],
    [`/v1/query?name=${'a'.repeat(2000)}`, 400, 'parameter-invalid'],
    ['/v1/query?name=web&as=nobody', 404, 'task-not-found'],
    ['/v1/query?name=web&as=shop_web_old', 409, 'task-without-address'],
    ['/v1/services?stak=shop', 400, 'parameter-unknown'],
    ['/v1/tasks?health=well', 400, 'parameter-invalid'],
    ['/v1/events?after=-1', 400, 'parameter-invalid'],
    ['/v1/tasks/%E0%A4%A', 400, 'bad-request'],
    ['/v2', 404, 'not-found'],
  ])('%s answers %i %s', async (path, status, code) => {
    const answer = await get(path);
    expect(answer.type).toContain('application/problem+json');
    expect(answer).toMatchObject({ status, body: { type: 'about:blank', status, code } });
    expect(answer.body.detail).toMatch(/^[\x20-\x7e]+$/);
  });

  it('refuses to write read-only resources', async () => {
    expect((await ask(fixture.socket, '/v1/services', { method: 'DELETE' })).body).toMatchObject({
      code: 'not-found',
    });
  });

  it('writes an internal error only to the log', async () => {
    fixture.names.failure = new Error('secret path');
    const answer = await get('/v1/explain?name=web');
    expect(answer).toMatchObject({ status: 500, body: { code: 'internal' } });
    expect(answer.text).not.toContain('secret');
    expect(fixture.logged.join()).toContain('secret path');
  });
});

it('the table of routes has every route, and no other', () => {
  const routes: string[] = [];
  const { catalog, names, health, vips, adoption, queries, status } = fixture;
  const app = fastify({ exposeHeadRoutes: false });
  app.addHook('onRoute', ({ url, method }) => {
    routes.push(`${String(method)} ${url}`);
  });
  const daemon = {
    identity: () => status.current,
    status: () => status.current,
    problems: () => [],
    unanswered: () => Promise.resolve([]),
    requestReload: () => undefined,
    requestRestart: () => undefined,
  };
  const ports = {
    catalog,
    names,
    daemon,
    health,
    vips,
    adoption,
    templates: { list: () => [], program: () => undefined },
    queries,
    history: fixture.history,
    audit: () => undefined,
    process: fakeProcess,
    log: silentLog,
    timers: systemTimers,
    clock: Date.now,
  };
  const access = new Access(
    { store: fixture.store, needsTokens: false, hosts: [] },
    { ...ports, onRefused: () => undefined },
  );
  ownRoutes(app, ports, { listening: () => [], clientOf: () => ({ transport: 'unix' }) }, access);
  // fastify answers HEAD for these by itself.
  const own = routes.filter((route) => !['HEAD /healthz', 'HEAD /readyz'].includes(route));
  expect(own.sort()).toEqual(ROUTES.map(({ route }) => route).sort());
});

it.each(ROUTES.map((spec) => [spec.route, spec] as const))(
  '%s takes the parameters and the body that the table has, and no others',
  async (route, { query = {}, body, isLenient = false }) => {
    const [method = '', template = ''] = route.split(' ');
    if (method === 'HEAD' || isLenient) return;
    const path = template.replace(':id', CONTAINER_ID).replace(':stack', 'shop').replace(':service', 'web');
    const asked = await ask(fixture.socket, `${path}?zz=1`, { method });
    const names = Object.keys(query);
    const known = names.length === 0 ? 'this route has no parameters' : `known: ${names.join(', ')}`;
    expect(asked.body['detail']).toBe(`unknown parameter "zz"; ${known}`);
    if (body === undefined) return;
    const headers = { 'content-type': 'application/json' };
    const sent = await ask(fixture.socket, path, { method, headers, body: '{"zz":1}' });
    expect(sent.body['detail']).toBe(`unknown key "zz"; known: ${Object.keys(body).join(', ')}`);
  },
);

describe('/v1/openapi.json', () => {
  it('has every route with its parameters, and every reference leads to a shape', async () => {
    const { body } = await get('/v1/openapi.json');
    expect(body).toMatchObject({ openapi: '3.1.0', info: { title: 'Fairlead', version: '0.1.0' } });
    const paths = body['paths'] as Record<string, Record<string, { operationId: string }>>;
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
    );
    expect(operations.sort()).toEqual(ROUTES.map(({ route }) => route).sort());
    const ids = Object.values(paths).flatMap((methods) =>
      Object.values(methods).map((each) => each.operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
    expect(paths['/v1/tasks/{id}/drain']?.['put']).toMatchObject({
      parameters: [{ name: 'id', in: 'path', required: true }],
      requestBody: { content: { 'application/json': { schema: { properties: { for: {}, note: {} } } } } },
      responses: {
        200: { content: { 'application/json': { schema: { $ref: '#/components/schemas/DrainJson' } } } },
      },
    });
    const text = JSON.stringify(body);
    const { schemas } = body['components'] as { schemas: Record<string, unknown> };
    const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference = '']) => reference);
    expect(references.length).toBeGreaterThan(30);
    for (const reference of references) {
      const name = reference.replace('#/components/schemas/', '');
      expect(schemas).toHaveProperty([name]);
    }
    // Clients must not refuse keys that come later.
    expect(text).not.toContain('"additionalProperties":false,"description":"A service."');
    expect(schemas['ServiceJson']).not.toHaveProperty('additionalProperties');
  });
});
