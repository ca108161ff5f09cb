import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import type { FactSink, TaskFact } from '../../src/catalog/facts.js';
import { serviceJson, taskJson } from '../../src/api/json.js';
import { ChangeLog } from '../../src/api/stream/change-log.js';
import { FigureFeed, type FigureParts } from '../../src/api/stream/figure-feed.js';
import { QueryFeed } from '../../src/api/stream/query-feed.js';
import { StateFeed } from '../../src/api/stream/state-feed.js';
import { StreamPosition } from '../../src/api/stream/stream-position.js';
import { StreamSession } from '../../src/api/stream/stream-session.js';
import { TemplateFeed } from '../../src/api/stream/template-feed.js';
import type { ClientMessage, StreamMessage, SubscribeJson } from '../../src/api/types/stream.js';
import type { TemplateJson } from '../../src/api/types/templates-json.js';
import { recordedLog } from '../support/recorded-log.js';
import { FakeQueries, NOW, QUERY, STATUS, task } from './fixture.js';
import { HeldOutlet, TestTimers } from './held-outlet.js';
import { serverMessage } from './server-message.js';

/** A client of the stream, whose connection the test holds. */
interface Client {
  readonly position: StreamPosition;
  outlet: HeldOutlet<StreamMessage>;
  session: StreamSession;
  /** The events that it has, by number; a reset between them is a gap that the daemon owns up to. */
  readonly events: (number | 'reset')[];
}

/** A catalog with its stream, clients, and a clock that only the test turns. */
class World {
  startedAt = STATUS.startedAt;
  readonly catalog = new Catalog({ clock: () => NOW });
  readonly sinks: FactSink[] = [this.catalog.sink('docker'), this.catalog.sink('file')];
  readonly log = recordedLog();
  readonly timers = new TestTimers();
  readonly clients: Client[] = [];
  readonly feed: StateFeed;
  templates: TemplateJson[] = [];
  readonly queries = new FakeQueries();
  figures: FigureParts = async function* parts() {
    yield await Promise.resolve('{"channel":"figures","type":"figures"}');
  };
  readonly #feeds;

  constructor({ backlogBytes = 1 << 20, kept = { changes: 8192, keys: 65_536 } } = {}) {
    const { catalog, timers, log } = this;
    const daemon = { ...NO_DAEMON, identity: () => ({ ...STATUS, startedAt: this.startedAt }) };
    const clock = () => NOW;
    const limits = { heartbeatMs: 15_000, backlogBytes, stallMs: 30_000 };
    const changeLog = new ChangeLog(catalog.snapshot.revision, kept);
    const drains = { drains: () => catalog.drains };
    this.feed = new StateFeed({ catalog, daemon, drains, log, clock, timers, limits, changeLog });
    this.#feeds = {
      ports: { catalog, daemon, log, timers, clock },
      state: this.feed,
      queries: new QueryFeed({ catalog, queries: this.queries }),
      figures: new FigureFeed({ catalog, log, timers, parts: (wanted) => this.figures(wanted) }),
      templates: new TemplateFeed({ list: () => this.templates, program: () => undefined }, timers),
      limits,
    };
  }

  /** A connection without a subscription. */
  open(): { outlet: HeldOutlet<StreamMessage>; session: StreamSession } {
    const outlet = new HeldOutlet<StreamMessage>();
    return { outlet, session: new StreamSession(outlet, this.#feeds) };
  }

  connect(wanted: SubscribeJson): Client {
    const client = { position: new StreamPosition(wanted), ...this.open(), events: [] };
    this.clients.push(client);
    client.session.receive(JSON.stringify(client.position.subscribe()));
    return client;
  }

  /** Connects again from where the client was. */
  resume(client: Client): void {
    client.session.close();
    client.outlet.cut();
    client.position.cut();
    Object.assign(client, this.open());
    client.session.receive(JSON.stringify(client.position.subscribe()));
  }

  read(client: Client, count = Infinity): number {
    const messages = client.outlet.take(count);
    for (const message of messages) {
      client.position.take(message);
      if (!('channel' in message) || message.channel !== 'events') continue;
      if (message.type === 'event') client.events.push(message.event.seq);
      if (message.type === 'reset') client.events.push('reset');
    }
    return messages.length;
  }

  /** Reads until nothing more comes; goes on where the connection ended. */
  async settle(client: Client): Promise<void> {
    for (let quiet = 0; quiet < 3;) {
      quiet = this.read(client) > 0 ? 0 : quiet + 1;
      if (!client.outlet.isOpen) this.resume(client);
      await turn();
    }
  }

  /** What a client of a stack that has everything must hold; of all without one. */
  truth(stack?: string): unknown {
    const { snapshot } = this.catalog;
    const isIn = (own: string) => stack === undefined || own === stack;
    return {
      services: sorted(
        [...snapshot.services()].filter((each) => isIn(each.stack)),
        (each) => serviceJson(each, STATUS.domain),
      ),
      tasks: sorted(
        [...snapshot.tasks()].filter((each) => isIn(each.service?.stack ?? each.stack)),
        (each) => taskJson(each),
      ),
    };
  }
}

const NO_DAEMON = {
  status: () => STATUS,
  requestReload: () => undefined,
  requestRestart: () => undefined,
  problems: () => [],
  unanswered: () => Promise.resolve([]),
};

function sorted<Item>(items: readonly Item[], json: (item: Item) => unknown): string[] {
  return items.map((item) => JSON.stringify(json(item))).sort();
}

function stateOf({ position: { replica } }: Client): unknown {
  return {
    services: sorted([...replica.services.values()], (item) => item),
    tasks: sorted([...replica.tasks.values()], (item) => item),
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const fact = (number: number, stack = 'shop', more: Partial<TaskFact> = {}): TaskFact =>
  task(`id${number}`, `web_${number}`, `10.42.0.${number}`, {
    stack,
    service: { environment: 'default', stack, service: 'web' },
    ...more,
  });

const ALL: SubscribeJson = { type: 'subscribe', channels: ['state', 'events'] };

let world: World;
afterEach(() => {
  for (const { session } of world.clients) session.close();
  world.feed.close();
  // Every client took its timers with it.
  expect(world.timers.waiting).toEqual([]);
});

describe('a subscription', () => {
  it('has one snapshot with its revision, then every change and event', async () => {
    world = new World();
    world.sinks[0]?.update({ tasks: [fact(1)] });
    const { session, outlet } = world.open();
    session.receive('{"type":"subscribe","channels":["state","events"]}');
    await turn();
    const { revision } = world.catalog.snapshot;
    expect(outlet.take()).toMatchObject([
      {
        type: 'hello',
        version: STATUS.version,
        channels: ['state', 'events', 'figures', 'queries', 'templates'],
      },
      { type: 'subscribed', channels: ['state', 'events'] },
      { channel: 'state', type: 'snapshot', revision, part: 1, tasks: [{ id: 'id1' }] },
      { channel: 'events', type: 'beat' },
    ]);
    world.sinks[0]?.update({ removedTasks: ['id1'] });
    const messages = outlet.take();
    expect(messages).toMatchObject([
      {
        channel: 'state',
        type: 'change',
        since: revision,
        revision: revision + 1,
        tasks: { removed: ['id1'] },
      },
      { channel: 'events', type: 'event', event: { type: 'task.removed', subject: 'web_1' } },
      { channel: 'events', type: 'event', event: { type: 'service.removed', subject: 'web.shop' } },
    ]);
    for (const message of messages) serverMessage.parse(message);
    session.close();
  });

  it.each<[string, string | undefined, RegExp]>([
    ['{', undefined, /is not JSON; send an object such as/],
    ['7', undefined, /is not an object of this form; send an object such as/],
    ['{"type":"subscribe"}', 'channels', /"channels" is missing; it must be a list/],
    [
      '{"type":"follow","channels":["state"]}',
      'type',
      /"type" is "follow"; it must be one of subscribe, unsubscribe/,
    ],
    [
      '{"type":"subscribe","channels":["state","evnets"]}',
      'channels.1',
      /"channels\.1" is "evnets"; it must be one of state, events, figures, queries, templates/,
    ],
    [
      '{"type":"subscribe","channels":[]}',
      'channels',
      /"channels" is \[\]; it must be at least 1 items long/,
    ],
    [
      '{"type":"subscribe","channels":["state"],"state":{"since":"57"}}',
      'state.since',
      /"state\.since" is "57"; it is not a cursor; give the "cursor" of the last message/,
    ],
    [
      '{"type":"subscribe","channels":["state"],"state":{"stak":"shop"}}',
      'state.stak',
      /there is no field "state\.stak"; docs\/stream\.md has those there are/,
    ],
    [
      '{"type":"subscribe","channels":["state"],"events":{"last":5}}',
      'events',
      /"events" has options of a channel that is not subscribed to; add "events" to "channels"/,
    ],
    [
      '{"type":"subscribe","channels":["events"],"events":{"last":"5"}}',
      'events.last',
      /"events\.last" is "5"; it must be a whole number/,
    ],
    [
      '{"type":"subscribe","channels":["figures"],"figures":{"everyMs":10}}',
      'figures.everyMs',
      /"figures\.everyMs" is 10; it must be at least 1000/,
    ],
  ])(
    'that cannot be used, %s, gets an error with the field, and the connection goes on',
    (text, field, detail) => {
      world = new World();
      const { session, outlet } = world.open();
      outlet.take();
      session.receive(text);
      const [error] = outlet.take();
      expect(error).toMatchObject({ type: 'error', code: 'bad-message' });
      serverMessage.parse(error);
      expect(error).toEqual(expect.objectContaining(field === undefined ? {} : { field }));
      expect((error as { detail: string }).detail).toMatch(detail);
      session.receive('{"type":"subscribe","channels":["events"]}');
      expect(outlet.take()).toMatchObject([{ type: 'subscribed', channels: ['events'] }, { type: 'beat' }]);
      session.close();
    },
  );

  it('ends a channel, and begins one again with other options', () => {
    world = new World();
    const { session, outlet } = world.open();
    const send = (message: ClientMessage) => session.receive(JSON.stringify(message));
    send({ type: 'subscribe', channels: ['events', 'templates'] });
    outlet.take();
    send({ type: 'subscribe', channels: ['events'], events: { types: ['service'] } });
    world.sinks[0]?.update({ tasks: [fact(1)] });
    expect(outlet.take()).toMatchObject([
      { type: 'subscribed', channels: ['events', 'templates'] },
      { type: 'beat' },
      { event: { type: 'service.added' } },
    ]);
    send({ type: 'unsubscribe', channels: ['events', 'state'] });
    world.sinks[0]?.update({ removedTasks: ['id1'] });
    expect(outlet.take()).toEqual([{ type: 'subscribed', channels: ['templates'] }]);
    session.close();
  });
});

describe('the events', () => {
  const numbers = (messages: readonly StreamMessage[]) =>
    messages.flatMap((message) =>
      'channel' in message && message.type === 'event' ? [message.event.seq] : [],
    );

  it.each<[string, SubscribeJson['events'], (all: readonly number[]) => readonly number[]]>([
    ['none of the past by default', {}, () => []],
    ['the last ones', { last: 2 }, (all) => all.slice(-2)],
    ['none', { last: 0 }, () => []],
    ['those after a number', { after: 2 }, (all) => all.slice(2)],
    ['all', { after: 0 }, (all) => all],
    ['the last of those after a number', { after: 1, last: 1 }, (all) => all.slice(-1)],
    ['more than there are', { last: 100 }, (all) => all],
    ['the last of a kind', { last: 1, types: ['service.added'] }, (all) => all.slice(0, 1)],
    ['those of a subject', { after: 0, subject: 'web_2' }, (all) => all.slice(2, 3)],
  ])('begin with %s', (_, events = {}, chosen) => {
    world = new World();
    world.sinks[0]?.update({ tasks: [fact(1), fact(2)] });
    const all = world.catalog.events().map(({ seq }) => seq);
    expect(all).toHaveLength(3);
    const client = world.connect({ type: 'subscribe', channels: ['events'], events });
    expect(numbers(client.outlet.take())).toEqual(chosen(all));
  });

  it('go on after a cursor, and say when some are missing', () => {
    world = new World();
    world.sinks[0]?.update({ tasks: [fact(1), fact(2)] });
    const client = world.connect({
      type: 'subscribe',
      channels: ['events'],
      events: { last: 1, types: ['task'] },
    });
    world.read(client);
    client.session.close();
    world.sinks[0]?.update({ removedTasks: ['id1', 'id2'] });
    world.resume(client);
    world.read(client);
    // The removal of the service is not of the kind that was asked for.
    expect(client.events).toEqual([3, 4, 5]);
    world.startedAt += 1;
    world.resume(client);
    expect(client.outlet.take()).toMatchObject([
      { type: 'hello' },
      { type: 'subscribed' },
      { type: 'reset', why: 'the daemon has been restarted since; its events are numbered from 1 again' },
      ...[2, 3, 4, 5].map((seq) => ({ type: 'event', event: { seq } })),
      { type: 'beat' },
    ]);
  });

  it('that are no longer kept are missing, and the client learns which', () => {
    world = new World();
    world.sinks[0]?.update({ tasks: [fact(1)] });
    for (let weight = 0; weight < 4500; weight++)
      world.sinks[0]?.update({ tasks: [fact(1, 'shop', { weight })] });
    const first = world.catalog.events()[0]?.seq ?? 0;
    const client = world.connect({ type: 'subscribe', channels: ['events'], events: { after: 1 } });
    expect(client.outlet.take(3).at(-1)).toEqual({
      channel: 'events',
      type: 'reset',
      why: `events 2 to ${first - 1} are gone`,
    });
    // The rest comes at the pace of the client.
    expect(client.outlet.waiting).toBeLessThan(70_000);
  });

  it('drop a client that does not read, and it goes on where it was', async () => {
    world = new World({ backlogBytes: 4000 });
    const client = world.connect({ type: 'subscribe', channels: ['events'] });
    world.read(client);
    for (let at = 0; at < 40; at++) world.sinks[0]?.update({ tasks: [fact(at)] });
    expect(client.outlet.isOpen).toBe(false);
    expect(world.log.lines.join()).toContain('dropped a client of /v1/stream that reads too slowly');
    expect(client.outlet.take().at(-1)).toMatchObject({
      type: 'error',
      code: 'slow-reader',
      detail: expect.stringContaining('connect again with "since"') as string,
    });
    world.resume(client);
    await world.settle(client);
    // It had no event yet, but knew where it was.
    expect(client.events).toEqual(world.catalog.events().map(({ seq }) => seq));
  });
});

describe('figures', () => {
  const due = async (client: Client) => {
    await turn();
    return client.outlet.take().filter((message) => 'channel' in message && message.channel === 'figures')
      .length;
  };

  it('come at once, every second, and soon after a change; at their own pace where it is named', async () => {
    world = new World();
    const quick = world.connect({ type: 'subscribe', channels: ['figures'] });
    const slow = world.connect({ type: 'subscribe', channels: ['figures'], figures: { everyMs: 3000 } });
    expect([await due(quick), await due(slow)]).toEqual([1, 1]);
    world.timers.elapse(1000);
    expect([await due(quick), await due(slow)]).toEqual([1, 0]);
    world.sinks[0]?.update({ tasks: [fact(1)] });
    world.sinks[0]?.update({ tasks: [fact(2)] });
    world.timers.elapse(100);
    expect([await due(quick), await due(slow)]).toEqual([1, 0]);
    world.timers.elapse(1000);
    world.timers.elapse(1000);
    expect([await due(quick), await due(slow)]).toEqual([2, 1]);
  });

  it('are made once for all clients with one wish, and not for one that has not read the last ones', async () => {
    world = new World();
    const made: unknown[] = [];
    world.figures = async function* parts(wanted) {
      made.push(wanted);
      yield await Promise.resolve(`{"channel":"figures","type":"figures","x":"${'y'.repeat(70_000)}"}`);
    };
    const wish = { type: 'subscribe', channels: ['figures'], figures: { kinds: ['vips'] } } as const;
    const [a, b] = [world.connect(wish), world.connect(wish)];
    const other = world.connect({ ...wish, figures: { kinds: ['vips'], stack: 'shop' } });
    for (const client of [a, b, other]) expect(await due(client)).toBe(1);
    made.length = 0;
    world.timers.elapse(1000);
    await turn();
    expect(made).toEqual([{ kinds: ['vips'] }, { kinds: ['vips'], stack: 'shop' }]);
    expect([await due(b), await due(other)]).toEqual([1, 1]);
    world.timers.elapse(1000);
    // The first has not read yet.
    expect([await due(a), await due(b)]).toEqual([1, 1]);
  });
});

describe('queries', () => {
  const taken = (client: Client) => {
    const messages = client.outlet.take().filter((message) => 'channel' in message);
    for (const message of messages) serverMessage.parse(message);
    return messages;
  };

  it('come with the names of the tasks that asked, and only while somebody looks', () => {
    world = new World();
    world.sinks[0]?.update({ tasks: [fact(11)] });
    expect(world.queries.followers.size).toBe(0);
    const client = world.connect({ type: 'subscribe', channels: ['queries'] });
    expect(taken(client)).toEqual([
      { channel: 'queries', type: 'queries', oneOf: 1, missed: 0, queries: [] },
    ]);
    world.queries.see(QUERY, { ...QUERY, client: '192.0.2.9' });
    const [message] = taken(client);
    expect(message).toMatchObject({
      queries: [
        { at: '2026-11-21T00:00:00.000Z', client: '10.42.0.11', task: 'web_11', service: 'web.shop' },
        { client: '192.0.2.9' },
      ],
    });
    client.session.close();
    expect(world.queries.followers.size).toBe(0);
  });

  it('say how many each stands for when that changes, also to those who choose none of them', () => {
    world = new World();
    world.queries.oneOf = 4;
    const not = { name: ['*'] };
    const [a, b] = [1, 2].map(() =>
      world.connect({ type: 'subscribe', channels: ['queries'], queries: { not } }),
    );
    for (const client of world.clients) expect(taken(client)).toMatchObject([{ oneOf: 4, queries: [] }]);
    world.queries.see(QUERY);
    expect(a && taken(a)).toEqual([]);
    world.queries.oneOf = 16;
    world.queries.see(QUERY);
    expect(b && taken(b)).toMatchObject([{ oneOf: 16, missed: 0, queries: [] }]);
  });

  it('are missed by a client that does not read, which learns how many and keeps its connection', () => {
    world = new World();
    const client = world.connect({ type: 'subscribe', channels: ['queries'] });
    world.queries.see({ ...QUERY, name: 'x'.repeat(300_000) });
    world.queries.see(QUERY, QUERY);
    expect(taken(client)).toHaveLength(2);
    world.queries.see(QUERY);
    expect(taken(client)).toMatchObject([{ missed: 2, queries: [{}] }]);
    expect(client.outlet.isOpen).toBe(true);
  });
});

it('templates come at the beginning, and again when one has changed', () => {
  world = new World();
  const client = world.connect({ type: 'subscribe', channels: ['templates'] });
  expect(client.outlet.take().at(-1)).toEqual({ channel: 'templates', type: 'templates', templates: [] });
  world.timers.elapse(500);
  expect(client.outlet.take()).toEqual([]);
  const file = {
    source: 'a.tpl',
    destination: '/etc/a',
    state: 'waiting',
    queries: [],
    missing: [],
    failures: 0,
  } as const;
  world.templates = [file];
  world.timers.elapse(500);
  const messages = client.outlet.take();
  expect(messages).toEqual([{ channel: 'templates', type: 'templates', templates: [file] }]);
  for (const message of messages) serverMessage.parse(message);
});

type Step =
  | { readonly kind: 'change'; readonly act: (world: World) => void }
  | { readonly kind: 'client'; readonly act: (client: Client, world: World) => void | Promise<void> };

const change = (act: (world: World) => void): Step => ({ kind: 'change', act });
const id = fc.nat(11);
const source = fc.constantFrom(0, 1);
const stack = fc.constantFrom('shop', 'blog');
const health = fc.constantFrom('healthy', 'unhealthy', 'draining', 'stopped');

const steps: fc.Arbitrary<Step> = fc.oneof(
  fc
    .tuple(source, id, stack, health)
    .map(([at, number, where, state]) =>
      change(({ sinks }) => sinks[at]?.update({ tasks: [fact(number, where, { health: state })] })),
    ),
  fc
    .tuple(source, id)
    .map(([at, number]) => change(({ sinks }) => sinks[at]?.update({ removedTasks: [`id${number}`] }))),
  fc.tuple(source, stack, fc.array(id, { maxLength: 6 }), fc.nat(400)).map(([at, where, ids, crowd]) =>
    change(({ sinks }) =>
      sinks[at]?.replace({
        tasks: [
          ...new Set([...ids, ...(crowd > 380 ? Array.from({ length: crowd }, (_, n) => n + 100) : [])]),
        ].map((number) => fact(number, where)),
      }),
    ),
  ),
);

const clientSteps: fc.Arbitrary<Step> = fc.oneof(
  fc.nat(5).map((count): Step => ({ kind: 'client', act: (client, w) => void w.read(client, count) })),
  fc.constant<Step>({ kind: 'client', act: (client, w) => w.resume(client) }),
  fc.constant<Step>({ kind: 'client', act: () => turn().then(() => undefined) }),
  fc
    .constantFrom(30_000, 15_000, 1000, 100)
    .map((ms): Step => ({ kind: 'client', act: (_, w) => w.timers.elapse(ms) })),
);

describe('whatever happens', () => {
  it("a client's state equals the catalog, and no event is lost: changes, cuts, resumes, slow spells in any order", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof({ weight: 3, arbitrary: steps }, { weight: 2, arbitrary: clientSteps }), {
          maxLength: 60,
        }),
        fc.array(fc.nat(2), { minLength: 1, maxLength: 60 }),
        async (all, whom) => {
          world = new World({ backlogBytes: 6000, kept: { changes: 12, keys: 600 } });
          const stacks = [undefined, 'shop', 'blog'];
          for (const each of stacks)
            world.connect({
              type: 'subscribe',
              channels: ['state', 'events', 'figures'],
              ...(each !== undefined && { state: { stack: each } }),
              events: { after: 0 },
            });
          for (const [at, step] of all.entries()) {
            if (step.kind === 'change') step.act(world);
            const client = world.clients[whom[at % whom.length] ?? 0];
            if (step.kind === 'client' && client) await step.act(client, world);
            for (const each of world.clients)
              if (!each.outlet.isOpen && each.outlet.waiting === 0) world.resume(each);
          }
          const trail = world.catalog.events().map(({ seq }) => seq);
          for (const [at, client] of world.clients.entries()) {
            await world.settle(client);
            expect(stateOf(client)).toEqual(world.truth(stacks[at]));
            expect(client.position.replica.revision).toBe(world.catalog.snapshot.revision);
            expect(client.events).toEqual(trail);
            client.session.close();
          }
          world.feed.close();
          expect(world.timers.waiting).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('a client that resumes with less in view loses what is gone from it', async () => {
    world = new World();
    world.sinks[0]?.update({ tasks: [fact(1), fact(2)] });
    const client = world.connect({ ...ALL, state: { stack: 'shop' } });
    await world.settle(client);
    client.session.close();
    world.sinks[0]?.update({ tasks: [fact(1, 'blog')] });
    world.resume(client);
    await world.settle(client);
    expect(stateOf(client)).toEqual(world.truth('shop'));
    expect([...client.position.replica.tasks.keys()]).toEqual(['id2']);
  });
});
