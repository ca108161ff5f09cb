import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROUTES, type RouteSpec } from '../../../src/api/schemas/route-table.js';
import { CONTAINER_ID, stopApi } from '../fixture.js';
import {
  bearer,
  FakeTls,
  login,
  makeToken,
  portOf,
  send,
  startGuarded,
  type Got,
  type Guarded,
  type Way,
} from './access-fixture.js';

/** Who may do what; whoever adds a route must say it here, too. */
const NEEDS: Readonly<Record<RouteSpec['needs'], readonly string[]>> = {
  anyone: [
    'GET /healthz',
    'GET /login',
    'GET /readyz',
    'GET /ui/:file',
    'GET /ui/plain.css',
    'GET /v1/session',
    'POST /login',
    'POST /logout',
    'POST /v1/login',
  ],
  viewer: [
    'GET /',
    'GET /metrics',
    'GET /ui/plain',
    'GET /v1/adoption',
    'GET /v1/drains',
    'GET /v1/events',
    'GET /v1/explain',
    'GET /v1/health',
    'GET /v1/history',
    'GET /v1/hosts',
    'GET /v1/openapi.json',
    'GET /v1/problems',
    'GET /v1/query',
    'GET /v1/services',
    'GET /v1/services/:stack/:service',
    'GET /v1/state',
    'GET /v1/status',
    'GET /v1/stream',
    'GET /v1/tasks',
    'GET /v1/tasks/:id',
    'GET /v1/templates',
    'GET /v1/vips',
    'GET /v1/watch',
    'HEAD /metrics',
    'POST /v1/logout',
  ],
  operator: [
    'DELETE /v1/services/:stack/:service/drain',
    'DELETE /v1/tasks/:id/drain',
    'POST /v1/tasks/:id/check',
    'PUT /v1/adoption',
    'PUT /v1/services/:stack/:service/drain',
    'PUT /v1/tasks/:id/beat',
    'PUT /v1/tasks/:id/drain',
  ],
  daemon: ['POST /v1/reload', 'POST /v1/restart'],
  socket: ['DELETE /v1/tokens/:id', 'GET /v1/tokens', 'POST /v1/tokens'],
};

it('every route says who may use it, and the page for browsers may differ', () => {
  const found = Object.fromEntries(
    Object.keys(NEEDS).map((needs) => [
      needs,
      ROUTES.filter((spec) => spec.needs === needs)
        .map(({ route }) => route)
        .sort(),
    ]),
  );
  expect(found).toEqual(NEEDS);
});

const CLIENTS = [
  'nobody',
  'viewer',
  'operator',
  'limited viewer',
  'limited operator',
  'session of a viewer',
  'session of an operator',
  'session of an operator, without the header',
  'session of a limited operator',
] as const;
type Client = (typeof CLIENTS)[number];

/** What a client gets where tokens are needed: the code of the refusal, or undefined. */
function refusal(client: Client, { needs, route }: RouteSpec): string | undefined {
  // Its form has the text that changes need in a field.
  if (route === 'POST /logout') return client.startsWith('session') ? 'csrf-missing' : undefined;
  if (needs === 'anyone') return undefined;
  if (client === 'nobody') return 'login-needed';
  const isOperator = client.includes('operator');
  const isLimited = client.includes('limited');
  if (needs === 'socket') return 'socket-only';
  if ((needs === 'operator' || needs === 'daemon') && !isOperator) return 'role-too-low';
  if (needs === 'daemon' && isLimited) return 'scope-too-small';
  const isChange = !/^(GET|HEAD) /.test(route);
  return isChange && client.endsWith('without the header') ? 'csrf-missing' : undefined;
}

const REFUSALS = [
  'login-needed',
  'role-too-low',
  'scope-too-small',
  'socket-only',
  'csrf-missing',
  'token-wrong',
  'host-not-allowed',
  'origin-not-allowed',
  'too-many-attempts',
];

/** The code of a refusal; a page for people leads to where they log in. */
function refusedWith({ status, json, headers }: Got): string | undefined {
  if (status === 303 && headers.location?.startsWith('/login?to=')) return 'login-needed';
  const code = json['code'] as string | undefined;
  return REFUSALS.includes(code ?? '') ? code : undefined;
}

function askRoute(way: Way, { route }: RouteSpec, headers: Readonly<Record<string, string>>): Promise<Got> {
  const [method = '', template = ''] = route.split(' ');
  const path = template.replace(':id', CONTAINER_ID).replace(':stack', 'shop').replace(':service', 'web');
  return send(way, { method, path, headers });
}

describe.each([
  ['HTTP', () => ({})],
  ['TLS', () => ({ tls: new FakeTls() })],
] as const)('over %s, where tokens are needed,', (_, options) => {
  let guarded: Guarded;
  const tokens = new Map<string, string>();
  beforeAll(async () => {
    guarded = await startGuarded(options());
    const { socket } = guarded.fixture;
    for (const role of ['viewer', 'operator'] as const) {
      tokens.set(role, await makeToken(socket, role, role));
      tokens.set(`limited ${role}`, await makeToken(socket, `limited-${role}`, role, { stacks: ['shop'] }));
    }
  });
  afterAll(() => stopApi(guarded.fixture));

  const headersOf = async (client: Client): Promise<Readonly<Record<string, string>>> => {
    if (client === 'nobody') return {};
    const token = tokens.get(client);
    if (token !== undefined) return bearer(token);
    const of = client.replace(/^session of an? /, '').replace(/,.*/, '');
    // A new one each time, because one of the routes ends it.
    const { cookie, csrf } = await login(guarded.way, tokens.get(of) ?? '');
    return { cookie, ...(!client.endsWith('without the header') && { 'x-fairlead-csrf': csrf }) };
  };

  it.each(CLIENTS)('%s gets what the table says, on every route', async (client) => {
    for (const spec of ROUTES) {
      const got = await askRoute(guarded.way, spec, await headersOf(client));
      expect([spec.route, refusedWith(got)]).toEqual([
        spec.route,
        spec.route === 'HEAD /metrics' && client === 'nobody' ? undefined : refusal(client, spec),
      ]);
      // An answer to HEAD has no body to say why.
      if (spec.route === 'HEAD /metrics') expect(got.status).toBe(client === 'nobody' ? 401 : 200);
    }
  });

  it('is nothing but a request for a login where a route does not exist', async () => {
    expect((await send(guarded.way, { path: '/v1/none' })).json['code']).toBe('login-needed');
    const known = bearer(tokens.get('viewer') ?? '');
    expect((await send(guarded.way, { path: '/v1/none', headers: known })).json['code']).toBe('not-found');
  });

  it('the unix socket stays open for everything', async () => {
    for (const spec of ROUTES) {
      const got = await askRoute({ socket: guarded.fixture.socket }, spec, {});
      expect([spec.route, refusedWith(got)]).toEqual([spec.route, undefined]);
    }
  });
});

describe('without tokens', () => {
  let guarded: Guarded;
  beforeAll(async () => {
    guarded = await startGuarded({ access: { needsTokens: false } });
  });
  afterAll(() => stopApi(guarded.fixture));

  it('loopback reads, and changes nothing; a token makes no difference', async () => {
    const token = await makeToken(guarded.fixture.socket, 'op', 'operator');
    for (const spec of ROUTES)
      for (const headers of [{}, bearer(token), bearer('fl_wrong')]) {
        const got = await askRoute({ port: portOf(guarded.fixture) }, spec, headers);
        const expected = ['operator', 'daemon', 'socket'].includes(spec.needs) ? 'socket-only' : undefined;
        expect([spec.route, refusedWith(got)]).toEqual([spec.route, expected]);
      }
  });

  it('the unix socket does everything, but not with a wrong token', async () => {
    const way = { socket: guarded.fixture.socket };
    for (const spec of ROUTES) {
      const got = await askRoute(way, spec, {});
      expect([spec.route, refusedWith(got)]).toEqual([spec.route, undefined]);
    }
    const wrong = await send(way, { path: '/v1/status', headers: bearer('fl_wrong') });
    expect(wrong).toMatchObject({ status: 401, json: { code: 'token-wrong' } });
  });

  it('a token over the unix socket gives no more than it is for', async () => {
    const { socket } = guarded.fixture;
    const token = await makeToken(socket, 'reader', 'viewer', { stacks: ['shop'] });
    const drain = { method: 'PUT', path: `/v1/tasks/${CONTAINER_ID}/drain`, headers: bearer(token) };
    expect((await send({ socket }, drain)).json['code']).toBe('role-too-low');
    const { json } = await send({ socket }, { path: '/v1/session', headers: bearer(token) });
    expect(json).toEqual({ role: 'viewer', by: 'token', name: 'reader', login: false, stacks: ['shop'] });
  });
});
