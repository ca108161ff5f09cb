import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { StateReplica } from '../../../src/api/stream/state-replica.js';
import { ROUTES } from '../../../src/api/schemas/route-table.js';
import type { StreamMessage } from '../../../src/api/types/stream.js';
import { CHECKS, CONTAINER_ID, NOW, QUERY, stopApi, task, UNHEALTHY_ID, VIPS } from '../fixture.js';
import { serverMessage } from '../server-message.js';
import {
  bearer,
  HIDDEN_ID,
  makeToken,
  send,
  startGuarded,
  type Got,
  type Guarded,
} from './access-fixture.js';

let guarded: Guarded;
let token: string;
const open: WebSocket[] = [];
const quarryService = { environment: 'default', stack: 'quarry', service: 'vault' };

beforeEach(async () => {
  guarded = await startGuarded();
  token = await makeToken(guarded.fixture.socket, 'shop', 'operator', { stacks: ['shop'] });
  const { health, vips, adoption, templates, status } = guarded.fixture;
  const [check] = CHECKS;
  if (!check) throw new Error('unreachable');
  health.checks = [...CHECKS, { ...check, task: HIDDEN_ID }];
  health.drain({ task: HIDDEN_ID }, { note: 'quarry note' });
  health.drain({ service: 'default/quarry/vault' }, {});
  vips.list = [
    ...VIPS,
    {
      ...VIPS[0],
      service: 'default/quarry/vault',
      vip: '10.43.9.9',
      tasks: [{ ...VIPS[0]?.tasks[0], task: HIDDEN_ID, name: 'quarry_db_1', address: '10.42.9.77:80' }],
    } as (typeof VIPS)[number],
  ];
  adoption.list = [
    ...adoption.list.map((each) => ({ ...each, id: CONTAINER_ID })),
    {
      ...adoption.list[0],
      id: HIDDEN_ID,
      name: 'quarry_db_1',
      stack: 'quarry',
    } as (typeof adoption.list)[number],
  ];
  templates.current = [
    {
      source: '/etc/quarry.ctmpl',
      destination: '/x',
      state: 'rendered',
      queries: [],
      missing: [],
      failures: 0,
    },
  ];
  status.problems = [{ code: 'x', subject: 'quarry', message: 'quarry' }];
  guarded.fixture.sink.update({
    problems: [
      {
        code: 'label-invalid',
        subject: 'container quarry_db_1',
        message: 'quarry_db_1: bad',
        task: HIDDEN_ID,
      },
      {
        code: 'label-invalid',
        subject: 'container shop_web_1',
        message: 'shop_web_1: bad',
        task: CONTAINER_ID,
      },
      { code: 'vip-taken', subject: 'service default/quarry/vault', message: 'quarry' },
    ],
  });
});
afterEach(async () => {
  for (const client of open.splice(0)) client.terminate();
  await stopApi(guarded.fixture);
});

const get = (path: string, headers = bearer(token)): Promise<Got> => send(guarded.way, { path, headers });

/** What gives the quarry stack away. */
const LEAK = /quarry|vault|10\.42\.9\.|10\.43\.9\.|bbbbbbbb/;

const READS = ROUTES.filter(
  ({ route, answer, needs }) => /^GET /.test(route) && needs !== 'socket' && !('upgrade' in answer),
)
  .map(({ route }) => route.slice('GET '.length))
  .filter((path) => path !== '/v1/watch');

describe('a token for one stack', () => {
  it.each(READS)('sees nothing of the others at %s', async (template) => {
    const path = template.replace(':id', CONTAINER_ID).replace(':stack', 'shop').replace(':service', 'web');
    const paths = [
      path,
      `${path}?name=web.shop.rancher.internal`,
      `${path}?of=vips`,
      `${path}?of=tasks`,
      `${path}?tasks`,
    ];
    const texts = await Promise.all(paths.map(async (each) => (await get(each)).text));
    expect(texts.join('\n')).not.toMatch(LEAK);
    // The test would see it: without limits it is there, wherever anything of a stack is.
    const all = await makeToken(guarded.fixture.socket, 'all', 'viewer');
    const whole = (await Promise.all(paths.map(async (each) => (await get(each, bearer(all))).text))).join(
      '\n',
    );
    if (LISTS.includes(template)) expect(whole).toMatch(LEAK);
  });

  it.each([
    ['GET', `/v1/tasks/${HIDDEN_ID}`, 404],
    ['GET', '/v1/tasks/quarry_db_1', 404],
    ['GET', '/v1/services/quarry/vault', 404],
    ['GET', '/v1/health?task=quarry_db_1', 404],
    ['GET', '/v1/explain?name=web.shop&as=quarry_db_1', 404],
    ['PUT', `/v1/tasks/${HIDDEN_ID}/drain`, 404],
    ['DELETE', `/v1/tasks/${HIDDEN_ID}/drain`, 404],
    ['POST', `/v1/tasks/${HIDDEN_ID}/check`, 404],
    ['PUT', '/v1/services/quarry/vault/drain', 404],
    ['DELETE', '/v1/services/quarry/vault/drain', 404],
    ['PUT', `/v1/tasks/${CONTAINER_ID}/drain`, 200],
    ['PUT', '/v1/services/shop/web/drain', 200],
    ['POST', `/v1/tasks/${CONTAINER_ID}/check`, 202],
  ])('%s %s: %i', async (method, path, status) => {
    const { health } = guarded.fixture;
    const before = health.drains().length;
    const got = await send(guarded.way, { method, path, headers: bearer(token) });
    expect(got.status).toBe(status);
    if (status === 404) expect(health.drains()).toHaveLength(before);
    // What it asked for itself may be in the answer, and no more.
    if (status === 404) expect(got.text).not.toMatch(/vault\.quarry: |bbbbbbbbbbbbb.*note|10\.42/);
  });

  it('chooses for its own stack only', async () => {
    const choose = async (body: object): Promise<number> => {
      const headers = { ...bearer(token), 'content-type': 'application/json' };
      return (
        await send(guarded.way, { method: 'PUT', path: '/v1/adoption', headers, body: JSON.stringify(body) })
      ).status;
    };
    expect(await choose({ choice: 'release' })).toBe(403);
    expect(await choose({ choice: 'release', stack: 'quarry' })).toBe(403);
    expect(await choose({ choice: 'adopt', stack: 'quarry' })).toBe(404);
    expect(guarded.fixture.adoption.choices).toEqual([]);
    expect(await choose({ choice: 'adopt', stack: 'shop' })).toBe(200);
    expect(guarded.fixture.adoption.choices).toEqual([['adopt', 'shop']]);
  });

  it('is told of a name of others what it is told of one that does not exist', async () => {
    const { names } = guarded.fixture;
    const explain = names.explain.bind(names);
    names.explain = async (name, type, as) => {
      const found = await explain(name, type, as);
      return {
        ...found,
        tasks: found.tasks.map((each) => ({ ...each, id: HIDDEN_ID, name: 'quarry_db_1' })),
      };
    };
    const of = async (name: string): Promise<unknown> => {
      const { json } = await get(`/v1/explain?name=${name}`);
      return { ...json, name: '' };
    };
    const other = await of('vault.quarry');
    expect(other).toMatchObject({ rcode: 'NXDOMAIN', steps: [], tasks: [], answers: [] });
    names.explain = async (name, type, as) => ({ ...(await explain(name, type, as)), tasks: [] });
    expect(await of('nothing.quarry')).toEqual(other);
    expect((await get('/v1/query?name=vault.quarry')).json).toMatchObject({
      rcode: 'NOREPLY',
      answers: [],
      source: 'none',
    });
    expect((await get('/v1/explain?name=web.shop&as=10.42.9.77')).text).not.toMatch(LEAK);
  });
});

/** The lists where the quarry stack is, so that the test of the others is worth something. */
const LISTS = [
  ...['/v1/services', '/v1/tasks', '/v1/vips', '/v1/health', '/v1/drains', '/v1/adoption', '/v1/templates'],
  ...['/v1/events', '/v1/problems', '/v1/state', '/ui/plain', '/metrics'],
];

/** Follows the stream with the token. */
async function follow(headers: Readonly<Record<string, string>>, subscribe: object) {
  const client = new WebSocket(`ws://127.0.0.1:${guarded.way.port}/v1/stream`, { headers });
  open.push(client);
  const messages: StreamMessage[] = [];
  const texts: string[] = [];
  client.on('message', (data) => {
    const text = (data as Buffer).toString();
    texts.push(text);
    messages.push(serverMessage.parse(JSON.parse(text)));
  });
  await new Promise((resolve, reject) => client.once('open', resolve).once('error', reject));
  client.send(JSON.stringify(subscribe));
  return { messages, texts };
}

describe('the stream of a token for one stack', () => {
  it('has its own state alone: the snapshot, every change, and what comes into it or leaves it', async () => {
    const { fixture } = guarded;
    const { messages, texts } = await follow(bearer(token), { type: 'subscribe', channels: ['state'] });
    const replica = new StateReplica();
    let seen = 0;
    const settled = async (): Promise<void> => {
      await expect
        .poll(() => {
          for (; seen < messages.length; seen++) {
            const message = messages[seen];
            if (message && 'channel' in message && message.channel === 'state') replica.apply(message);
          }
          return replica.revision;
        })
        .toBe(fixture.catalog.snapshot.revision);
    };
    await settled();
    expect([...replica.tasks.keys()].sort()).toEqual(
      [CONTAINER_ID, UNHEALTHY_ID, 'file:shop/web/old'].sort(),
    );
    expect([...replica.networks.keys()]).toEqual(['net1']);
    expect(replica.drains).toEqual([]);
    expect(replica.problems.map(({ subject }) => subject)).toEqual(['container shop_web_1']);

    // Comes and goes elsewhere.
    fixture.sink.update({
      tasks: [task('cc', 'quarry_db_2', '10.42.9.78', { stack: 'quarry', service: quarryService })],
    });
    fixture.sink.update({ removedTasks: ['cc'], cause: 'quarry_db_2 died' });
    await settled();
    expect(texts.join('\n')).not.toMatch(LEAK);

    // A task joins a network that was there before, and brings it along.
    const service = { environment: 'default', stack: 'shop', service: 'web' };
    const both = [
      { network: 'net1', ip: '10.42.0.11' },
      { network: 'net-quarry', ip: '10.42.9.11' },
    ];
    fixture.sink.update({
      tasks: [task(CONTAINER_ID, 'shop_web_1', undefined, { service, endpoints: both })],
    });
    await settled();
    expect([...replica.networks.keys()].sort()).toEqual(['net-quarry', 'net1']);
    fixture.sink.update({ tasks: [task(CONTAINER_ID, 'shop_web_1', '10.42.0.11', { service })] });
    await settled();
    expect([...replica.networks.keys()]).toEqual(['net1']);

    // A task moves to another stack, and back.
    fixture.sink.update({
      tasks: [task(UNHEALTHY_ID, 'x_1', '10.42.0.12', { stack: 'quarry', service: quarryService })],
    });
    await settled();
    expect([...replica.tasks.keys()]).not.toContain(UNHEALTHY_ID);
    fixture.sink.update({ tasks: [task(UNHEALTHY_ID, 'shop_web_2', '10.42.0.12', { service })] });
    await settled();
    expect([...replica.tasks.keys()]).toContain(UNHEALTHY_ID);
    const services = [...fixture.catalog.snapshot.services()].filter(({ stack }) => stack === 'shop');
    expect([...replica.services.keys()].sort()).toEqual(services.map(({ key }) => key).sort());
  });

  it('has its own events, queries, figures and templates', async () => {
    const { fixture } = guarded;
    const { messages, texts } = await follow(bearer(token), {
      type: 'subscribe',
      channels: ['events', 'queries', 'figures', 'templates'],
      events: { after: 0 },
    });
    await expect
      .poll(() => messages.some((each) => 'channel' in each && each.channel === 'figures'))
      .toBe(true);
    fixture.queries.see(
      QUERY,
      { ...QUERY, client: '10.42.9.77', name: 'asked-by-quarry.' },
      { ...QUERY, name: 'last.' },
    );
    fixture.sink.update({ removedTasks: [HIDDEN_ID] });
    fixture.sink.update({ removedTasks: ['file:shop/web/old'] });
    await expect.poll(() => texts.join('\n')).toContain('shop_web_old');
    await expect.poll(() => texts.join('\n')).toContain('"name":"last."');
    expect(texts.join('\n')).toContain(QUERY.name);
    expect(texts.join('\n')).not.toMatch(LEAK);
    expect(texts.join('\n')).not.toContain('"type":"reset"');
  });

  it('of an environment it is not for is empty', async () => {
    const elsewhere = await makeToken(guarded.fixture.socket, 'elsewhere', 'viewer', {
      environments: ['staging'],
    });
    expect((await get('/v1/tasks', bearer(elsewhere))).json['tasks']).toEqual([]);
    expect((await get('/v1/services', bearer(elsewhere))).json['services']).toEqual([]);
    const here = await makeToken(guarded.fixture.socket, 'here', 'viewer', {
      environments: ['default'],
      stacks: ['quarry'],
    });
    expect((await get('/v1/tasks', bearer(here))).json['tasks']).toMatchObject([{ id: HIDDEN_ID }]);
    expect(NOW).toBe(guarded.fixture.clock.now);
  });
});
