import { request, type IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { AttemptLimit } from '../../../src/api/access/attempt-limit.js';
import { SESSION_MS } from '../../../src/api/access/session-book.js';
import { dialSocket } from '../../../src/api/socket-dial.js';
import { StreamClient } from '../../../src/api/stream-client.js';
import { TokenBook } from '../../../src/api/access/token-book.js';
import { ask, CONTAINER_ID, NOW, startApi, stopApi, type Fixture } from '../fixture.js';
import { MemoryStore } from '../memory-store.js';
import { HeldTimers } from '../../support/held-timers.js';
import {
  bearer,
  CA,
  FakeTls,
  login,
  makeToken,
  portOf,
  send,
  startGuarded,
  type Guarded,
  type Session,
} from './access-fixture.js';

let guarded: Guarded;
let token: string;
const open: WebSocket[] = [];
beforeEach(async () => {
  guarded = await startGuarded();
  token = await makeToken(guarded.fixture.socket, 'alice', 'operator');
});
afterEach(async () => {
  for (const client of open.splice(0)) client.terminate();
  await stopApi(guarded.fixture);
});

/** The status of a handshake: 101, or that of the refusal. */
function handshake(port: number, headers: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host: '127.0.0.1',
      port,
      path: '/v1/stream',
      agent: false,
      headers: {
        connection: 'upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        ...headers,
      },
    });
    outgoing.on('upgrade', (response: IncomingMessage, socket) => {
      socket.destroy();
      resolve(response.statusCode ?? 0);
    });
    outgoing.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

describe('web pages of others', () => {
  it.each([
    ['localhost:PORT', undefined, 200],
    ['127.0.0.1:PORT', 'http://127.0.0.1:PORT', 200],
    ['localhost:PORT', 'https://localhost:PORT', 200],
    // Through a proxy that speaks TLS, or a tunnel with another port.
    ['fairlead.example', 'https://fairlead.example', 200],
    ['fairlead.example', 'https://fairlead.example:443', 200],
    ['localhost:9000', 'http://localhost:9000', 200],
    // DNS rebinding.
    ['rebound.example:PORT', undefined, 403],
    ['rebound.example', 'http://rebound.example', 403],
    ['10.0.0.1', undefined, 403],
    // Another page, also one of this host.
    ['localhost:PORT', 'http://localhost:1', 403],
    ['localhost:PORT', 'https://evil.example', 403],
    ['localhost:PORT', 'null', 403],
    ['fairlead.example', 'https://fairlead.example.evil.example', 403],
  ])('Host %j with Origin %j: %i', async (host, origin, status) => {
    await stopApi(guarded.fixture);
    guarded = await startGuarded({ access: { hosts: ['fairlead.example'] } });
    token = await makeToken(guarded.fixture.socket, 'alice', 'operator');
    const port = String(guarded.way.port);
    const own = (text: string): string => text.replace('PORT', port);
    const headers = {
      ...bearer(token),
      host: own(host),
      ...(origin !== undefined && { origin: own(origin) }),
    };
    expect((await send(guarded.way, { path: '/v1/status', headers })).status).toBe(status);
    expect(await handshake(guarded.way.port, headers)).toBe(status === 200 ? 101 : 403);
  });

  it('cannot open a WebSocket with the cookie of a session', async () => {
    const { cookie } = await login(guarded.way, token);
    const { port } = guarded.way;
    const host = `localhost:${port}`;
    const tries = [
      [{ host, origin: `http://${host}` }, 101],
      [{ host, origin: 'https://evil.example' }, 403],
      [{ host, origin: 'http://localhost:3000' }, 403],
      [{ host }, 403],
    ] as const;
    for (const [headers, status] of tries) expect(await handshake(port, { ...headers, cookie })).toBe(status);
    expect(await handshake(port, { host })).toBe(401);
    expect(await handshake(port, { host, ...bearer(token) })).toBe(101);
  });
});

describe('a session', () => {
  const drain = (headers: Readonly<Record<string, string>>) =>
    send(guarded.way, { method: 'PUT', path: `/v1/tasks/${CONTAINER_ID}/drain`, headers });

  it('is a cookie that no script reads and no other page sends', async () => {
    const got = await send(guarded.way, {
      method: 'POST',
      path: '/v1/login',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    });
    expect(got.headers['set-cookie']).toEqual([
      expect.stringMatching(/^fairlead=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/),
    ]);
    expect(got.json).toMatchObject({ role: 'operator', by: 'session', name: 'alice', login: true });
    const proxied = await send(guarded.way, {
      method: 'POST',
      path: '/v1/login',
      headers: { 'content-type': 'application/json', host: 'localhost', origin: 'https://localhost' },
      body: JSON.stringify({ token }),
    });
    expect(proxied.headers['set-cookie']?.[0]).toMatch(/^__Host-fairlead=.*; SameSite=Strict; Secure$/);
  });

  it('changes something only with the header of its own page', async () => {
    const mine = await login(guarded.way, token);
    const other = await login(guarded.way, token);
    const tries: [Partial<Session>, number][] = [
      [{}, 403],
      [{ csrf: '' }, 403],
      [{ csrf: other.csrf }, 403],
      [{ csrf: mine.csrf }, 200],
    ];
    for (const [{ csrf }, status] of tries) {
      const got = await drain({
        cookie: mine.cookie,
        ...(csrf !== undefined && { 'x-fairlead-csrf': csrf }),
      });
      expect([csrf, got.status]).toEqual([csrf, status]);
    }
    // A form of another page needs no leave of the browser, but has neither header nor origin.
    const form = await send(guarded.way, {
      method: 'POST',
      path: '/v1/reload',
      headers: {
        cookie: mine.cookie,
        'content-type': 'application/x-www-form-urlencoded',
        'x-fairlead-csrf': mine.csrf,
      },
      body: 'a=b',
    });
    expect(form.status).toBe(415);
  });

  it('ends when the browser logs out, when its time is over, and with its token', async () => {
    const { fixture, way } = guarded;
    const role = async ({ cookie }: Session): Promise<unknown> =>
      (await send(way, { path: '/v1/session', headers: { cookie } })).json['role'];
    const [first, second] = [await login(way, token), await login(way, token)];
    const out = {
      method: 'POST',
      path: '/v1/logout',
      headers: { cookie: first.cookie, 'x-fairlead-csrf': first.csrf },
    };
    expect((await send(way, out)).headers['set-cookie']?.[0]).toMatch(/^fairlead=; Path=\/; Max-Age=0;/);
    expect([await role(first), await role(second)]).toEqual(['none', 'operator']);
    fixture.clock.now = NOW + SESSION_MS;
    expect(await role(second)).toBe('none');
    const third = await login(way, token);
    expect(await role(third)).toBe('operator');
    await ask(fixture.socket, '/v1/tokens/alice', { method: 'DELETE' });
    expect(await role(third)).toBe('none');
  });

  it('goes on after a restart of the daemon', async () => {
    const { cookie } = await login(guarded.way, token);
    const { store } = guarded.fixture;
    expect(JSON.stringify([store.sessions, store.tokens])).not.toContain(cookie.split('=')[1]);
    expect(JSON.stringify(store.tokens)).not.toContain(token.slice(12));
    await stopApi(guarded.fixture);
    guarded = await startGuarded({ access: { store } });
    const { json } = await send(guarded.way, { path: '/v1/session', headers: { cookie } });
    expect(json).toMatchObject({ role: 'operator', by: 'session', name: 'alice' });
    expect((await send(guarded.way, { path: '/v1/status', headers: bearer(token) })).status).toBe(200);
  });

  it('is not offered where nobody needs one', async () => {
    await stopApi(guarded.fixture);
    guarded = await startGuarded({ access: { needsTokens: false } });
    const got = await send(guarded.way, {
      method: 'POST',
      path: '/v1/login',
      headers: { 'content-type': 'application/json' },
      body: '{"token":"fl_x"}',
    });
    expect(got).toMatchObject({ status: 409, json: { code: 'login-not-used' } });
    expect((await send(guarded.way, { path: '/login' })).text).toContain('No login is needed here');
  });
});

describe('the page to log in', () => {
  const form = (
    path: string,
    fields: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>> = {},
  ) =>
    send(guarded.way, {
      method: 'POST',
      path,
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: new URLSearchParams(fields).toString(),
    });

  it('leads a browser in and back to where it came from, and out again, without a script', async () => {
    const first = await send(guarded.way, { path: '/ui/plain?stack=shop' });
    expect(first).toMatchObject({
      status: 303,
      headers: { location: '/login?to=%2Fui%2Fplain%3Fstack%3Dshop' },
    });
    const page = await send(guarded.way, { path: first.headers.location ?? '' });
    expect(page.text).toContain('<input type="hidden" name="to" value="/ui/plain?stack=shop">');
    expect(page.headers['content-security-policy']).toBe(
      "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    );
    expect(page.text).not.toContain('<script');
    const into = await form('/login', { token: ` ${token}\n`, to: '/ui/plain?stack=shop' });
    expect(into).toMatchObject({ status: 303, headers: { location: '/ui/plain?stack=shop' } });
    const cookie = into.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
    expect((await send(guarded.way, { path: '/ui/plain', headers: { cookie } })).status).toBe(200);
    const { text } = await send(guarded.way, { path: '/login', headers: { cookie } });
    const csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? '';
    expect((await form('/logout', { csrf: 'x' }, { cookie })).json['code']).toBe('csrf-missing');
    const out = await form('/logout', { csrf }, { cookie });
    expect(out).toMatchObject({ status: 303, headers: { location: '/login' } });
    expect((await send(guarded.way, { path: '/ui/plain', headers: { cookie } })).status).toBe(303);
  });

  it('says what is wrong, and shows nothing of what was typed', async () => {
    const { status, text } = await form('/login', { token: '"><script>alert(1)</script>', to: '/' });
    expect(status).toBe(401);
    expect(text).toContain('the token is wrong');
    expect(text).not.toContain('alert(1)');
  });

  it.each(['//evil.example', '/\\evil.example', 'https://evil.example', 'javascript:alert(1)', '/a\nb', ''])(
    'never leads to %j',
    async (to) => {
      expect((await form('/login', { token, to })).headers.location).toBe('/');
    },
  );

  it('takes no form from another page', async () => {
    const got = await form('/login', { token, to: '/' }, { origin: 'https://evil.example' });
    expect(got).toMatchObject({ status: 403, json: { code: 'origin-not-allowed' } });
    expect(got.headers['set-cookie']).toBeUndefined();
  });
});

describe('guessing tokens', () => {
  const guess = (headers = bearer(`fl_aaaaaaaa_${'x'.repeat(43)}`)) =>
    send(guarded.way, { path: '/v1/status', headers });

  it('is limited for each address, by the daemon’s clock, and is written down', async () => {
    const { fixture } = guarded;
    for (let count = 0; count < 10; count++) expect((await guess()).status).toBe(401);
    const refused = await guess();
    expect(refused).toMatchObject({
      status: 429,
      headers: { 'retry-after': '300' },
      json: { code: 'too-many-attempts', detail: 'too many wrong tokens; try again in 300 s' },
    });
    expect(fixture.audited.filter(({ type }) => type === 'refused')).toHaveLength(10);
    // A right one waits, too: whether it is right must not be learned. What was verified before goes on.
    expect((await guess(bearer(token))).status).toBe(429);
    fixture.clock.now += 299_999;
    expect((await guess(bearer(token))).status).toBe(429);
    fixture.clock.now += 1;
    expect((await guess(bearer(token))).status).toBe(200);
    for (let count = 0; count < 10; count++) await guess();
    expect([(await guess()).status, (await guess(bearer(token))).status]).toEqual([429, 200]);
    // The unix socket counts by itself.
    expect((await ask(fixture.socket, '/v1/status')).status).toBe(200);
  });

  it('does not get past the limit with many attempts at once', async () => {
    const all = await Promise.all(Array.from({ length: 30 }, () => guess()));
    expect(all.filter(({ status }) => status === 401)).toHaveLength(10);
    expect(all.filter(({ status }) => status === 429)).toHaveLength(20);
  });

  it('is limited for all addresses together, and one network of IPv6 is one address', () => {
    let now = 0;
    const limit = new AttemptLimit(() => now, { perAddress: 2, overall: 5, windowMs: 1000 });
    const isLet = (address: string): boolean => 'succeeded' in limit.begin(address);
    expect([isLet('2001:db8::1'), isLet('2001:db8::2'), isLet('2001:db8::3')]).toEqual([true, true, false]);
    expect([isLet('10.0.0.1'), isLet('10.0.0.2'), isLet('10.0.0.3')]).toEqual([true, true, true]);
    now = 500;
    expect(limit.begin('10.0.0.4')).toEqual({ waitMs: 500 });
    now = 1000;
    const attempt = limit.begin('10.0.0.4');
    if (!('succeeded' in attempt)) throw new Error('it is refused');
    attempt.succeeded();
    for (let count = 0; count < 5; count++) expect(isLet(`10.0.1.${count}`)).toBe(true);
    expect(isLet('10.0.0.4')).toBe(false);
  });

  it('costs the same whether there is such a token or not', async () => {
    const book = new TokenBook(new MemoryStore(), () => NOW);
    const { token: right, id } = await book.create({ name: 'a', role: 'viewer' });
    const wrong = [`fl_${id}_${'x'.repeat(43)}`, `fl_zzzzzzzz_${'x'.repeat(43)}`, 'junk', ''];
    // Each attempt runs scrypt once, which is what takes its time: none answers in the turn in which it began.
    for (const text of wrong) {
      let isOver = false;
      const verified = book.verify(text).then((found) => {
        isOver = true;
        return found;
      });
      await Promise.resolve().then(() => Promise.resolve());
      expect(isOver).toBe(false);
      expect(await verified).toBeUndefined();
    }
    expect(book.known(right)).toBeUndefined();
    expect(await book.verify(right)).toMatchObject({ id, name: 'a' });
    expect(book.known(right)).toMatchObject({ id, name: 'a', usedAt: NOW });
    expect(book.known(`${right.slice(0, -1)}${right.endsWith('A') ? 'B' : 'A'}`)).toBeUndefined();
  });
});

describe('tokens', () => {
  it('are shown once, listed without their secrets, and end when they are revoked', async () => {
    const { fixture } = guarded;
    const { body } = await ask(fixture.socket, '/v1/tokens');
    expect(body).toMatchObject({ tokens: [{ name: 'alice', role: 'operator' }] });
    expect(JSON.stringify(body)).not.toContain(token.slice(12));
    const client = new WebSocket(`ws://127.0.0.1:${guarded.way.port}/v1/stream`, { headers: bearer(token) });
    open.push(client);
    await new Promise((resolve, reject) => client.once('message', resolve).once('error', reject));
    const closed = new Promise((resolve) => client.once('close', resolve));
    await ask(fixture.socket, '/v1/tokens/alice', { method: 'DELETE' });
    await closed;
    expect((await send(guarded.way, { path: '/v1/status', headers: bearer(token) })).status).toBe(401);
    expect((await ask(fixture.socket, '/v1/tokens/alice', { method: 'DELETE' })).body['code']).toBe(
      'token-not-found',
    );
  });

  it('end by themselves, and with them what they have begun', async () => {
    await stopApi(guarded.fixture);
    const timers = new HeldTimers();
    guarded = await startGuarded({ timers });
    const brief = await makeToken(guarded.fixture.socket, 'brief', 'viewer', { for: '1h' });
    const client = new WebSocket(`ws://127.0.0.1:${guarded.way.port}/v1/stream`, { headers: bearer(brief) });
    open.push(client);
    await new Promise((resolve, reject) => client.once('message', resolve).once('error', reject));
    const closed = new Promise((resolve) => client.once('close', resolve));
    timers.advance(3_600_000);
    await closed;
    guarded.fixture.clock.now += 3_600_000;
    expect((await send(guarded.way, { path: '/v1/status', headers: bearer(brief) })).status).toBe(401);
  });

  it.each([
    ['{}', '"name" is ""'],
    ['{"name":"a b","role":"viewer"}', '"name" is "a b"; it must be 1 to 63 letters'],
    ['{"name":"a"}', '"role" must be one of viewer, operator'],
    ['{"name":"a","role":"root"}', '"role" must be one of viewer, operator'],
    ['{"name":"a","role":"viewer","stacks":[]}', '"stacks" must be a list of one or more names'],
    ['{"name":"a","role":"viewer","stacks":"shop"}', '"stacks" must be a list of one or more names'],
    ['{"name":"a","role":"viewer","for":"soon"}', '"for" is "soon"; it must be a duration'],
    ['{"name":"alice","role":"viewer"}', 'there is a token alice already'],
  ])('%s is refused', async (body, why) => {
    const headers = { 'content-type': 'application/json' };
    const got = await ask(guarded.fixture.socket, '/v1/tokens', { method: 'POST', headers, body });
    expect(got.body['detail']).toContain(why);
  });

  it('let nobody in when they cannot be read, and the socket stays', async () => {
    await stopApi(guarded.fixture);
    const store = new MemoryStore();
    store.loadTokens = () => Promise.reject(new Error('tokens.json: cannot be used'));
    guarded = await startGuarded({ access: { store } });
    expect((await send(guarded.way, { path: '/v1/status', headers: bearer(token) })).status).toBe(401);
    expect((await ask(guarded.fixture.socket, '/v1/status')).status).toBe(200);
    expect(guarded.fixture.logged.join('\n')).toMatch(/tokens or sessions cannot be read.*tokens\.json/);
  });
});

describe('the audit trail', () => {
  it('has every change, with who made it and from where, and no beat', async () => {
    const { fixture, way } = guarded;
    const headers = bearer(token);
    await send(way, { method: 'PUT', path: `/v1/tasks/shop_web_1/drain`, headers });
    await send(way, { method: 'DELETE', path: `/v1/services/SHOP/web/drain`, headers });
    await send(way, { method: 'PUT', path: `/v1/services/SHOP/web/drain`, headers });
    await ask(fixture.socket, `/v1/tasks/Batch_1/beat`, { method: 'PUT' });
    await ask(fixture.socket, '/v1/reload', { method: 'POST' });
    await send(way, { path: '/v1/status', headers });
    const [, id] = token.split('_');
    const by = `by token alice (${id}) from 127.0.0.1`;
    const place = { environment: 'default', stack: 'shop' };
    await expect.poll(() => fixture.audited.length).toBe(4);
    // Each is written down when its answer has gone out.
    expect(fixture.audited.toSorted((a, b) => (a.message < b.message ? -1 : 1))).toEqual([
      { type: 'change', subject: 'fairlead', message: 'POST /v1/reload by the unix socket' },
      { type: 'change', subject: 'fairlead', message: 'POST /v1/tokens by the unix socket' },
      { type: 'change', subject: 'web.shop', place, message: `PUT /v1/services/SHOP/web/drain ${by}` },
      { type: 'change', subject: 'shop_web_1', place, message: `PUT /v1/tasks/shop_web_1/drain ${by}` },
    ]);
  });
});

describe('TLS', () => {
  const started = async (): Promise<{
    readonly tls: FakeTls;
    readonly fixture: Fixture;
    readonly port: number;
  }> => {
    await stopApi(guarded.fixture);
    const tls = new FakeTls();
    guarded = await startGuarded({ tls });
    return { tls, fixture: guarded.fixture, port: guarded.way.port };
  };

  it('has a new certificate for the next connection', async () => {
    const { tls, fixture, port } = await started();
    const reader = await makeToken(fixture.socket, 'reader', 'viewer');
    const get = (servername: string, host: string) =>
      send({ port, tls: true, servername }, { path: '/v1/session', headers: { ...bearer(reader), host } });
    expect((await get('', `127.0.0.1:${port}`)).status).toBe(200);
    tls.replace();
    expect((await get('dns.example', `dns.example:${port}`)).json['role']).toBe('viewer');
    await expect(get('other.example', `other.example:${port}`)).rejects.toThrow(/altnames/);
    // Only the names of the certificate are the daemon's.
    expect((await get('dns.example', `rebound.example:${port}`)).json['code']).toBe('host-not-allowed');
  });

  it('makes the cookie one for this host and for TLS alone', async () => {
    const { fixture, port } = await started();
    const reader = await makeToken(fixture.socket, 'reader', 'viewer');
    const way = { port, tls: true };
    const origin = `https://127.0.0.1:${port}`;
    const { cookie } = await login(way, reader, { origin });
    expect(cookie).toMatch(/^__Host-fairlead=/);
    const from = (own: string) => send(way, { path: '/v1/status', headers: { cookie, origin: own } });
    expect([(await from(origin)).status, (await from(origin.replace('https', 'http'))).status]).toEqual([
      200, 403,
    ]);
  });

  it('is for the program that follows, too', async () => {
    const { fixture, port } = await started();
    const reader = await makeToken(fixture.socket, 'reader', 'viewer');
    const client = new StreamClient({
      dial: dialSocket({ host: '127.0.0.1', port, tls: { ca: CA }, token: reader }),
      wanted: { type: 'subscribe', channels: ['state'] },
      onMessage: () => {
        if (client.position.replica.tasks.size > 0) client.close();
      },
      onFault: (fault) => {
        throw fault;
      },
    });
    await client.follow();
    expect([...client.position.replica.tasks.keys()]).toContain(CONTAINER_ID);
  });
});

it('listens beyond loopback only with TLS and tokens', async () => {
  const listen = [{ ip: '0.0.0.0', port: 0 }];
  for (const access of [{}, { needsTokens: true }, { tls: new FakeTls() }])
    await expect(startApi({ listen, access })).rejects.toThrow('0.0.0.0:0 is not a loopback address');
  const fixture = await startApi({ listen, access: { needsTokens: true, tls: new FakeTls() } });
  expect(fixture.server.addresses()[0]).toMatch(/^0\.0\.0\.0:\d+$/);
  expect((await send({ port: portOf(fixture), tls: true }, { path: '/healthz' })).text).toBe('ok\n');
  await stopApi(fixture);
});

it('tells a probe that is not known only whether the daemon is ready', async () => {
  const get = (path: string, headers = {}) => send(guarded.way, { path, headers });
  expect((await get('/readyz?verbose')).text).toBe('ready\n');
  guarded.fixture.status.unanswered = ['DNS at 10.0.0.1:53 does not answer'];
  expect(await get('/readyz')).toMatchObject({ status: 503, text: 'not ready\n' });
  expect((await get('/readyz', bearer(token))).text).toContain('10.0.0.1');
});
