import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import type { FactSink, TaskFact } from '../../src/catalog/facts.js';
import { networkJson } from '../../src/api/stream/state-json.js';
import { drainJson, serviceJson, sourceJson, taskJson } from '../../src/api/json.js';
import { ChangeLog } from '../../src/api/stream/change-log.js';
import { StateFeed } from '../../src/api/stream/state-feed.js';
import type { Outlet } from '../../src/api/stream/outlet.js';
import { StateReplica } from '../../src/api/stream/state-replica.js';
import type { WatchMessage } from '../../src/api/types/watch.js';
import { recordedLog } from '../support/recorded-log.js';
import { NOW, STATUS, task } from './fixture.js';
import { HeldOutlet, TestTimers } from './held-outlet.js';

class Hand extends HeldOutlet<WatchMessage> {}

interface Client {
  readonly replica: StateReplica;
  hand: Hand;
  leave: () => void;
  /** Why its last stream ended. */
  ended: string[];
}

/** A catalog with its stream, clients, and a clock that only the test turns. */
class World {
  domain = 'rancher.internal';
  startedAt = STATUS.startedAt;
  readonly catalog = new Catalog({ clock: () => NOW });
  readonly sinks: FactSink[] = [this.catalog.sink('docker'), this.catalog.sink('file')];
  readonly log = recordedLog();
  readonly timers = new TestTimers();
  readonly feed: StateFeed;
  readonly clients: Client[] = [];
  /** What the catalog held at each revision. */
  readonly history = new Map<number, unknown>();

  constructor({ backlogBytes = 1 << 20, kept = { changes: 8192, keys: 65_536 } } = {}) {
    this.feed = new StateFeed({
      catalog: this.catalog,
      daemon: {
        identity: () => ({ ...STATUS, domain: this.domain, startedAt: this.startedAt }),
      },
      drains: { drains: () => this.catalog.drains },
      log: this.log,
      clock: () => NOW,
      timers: this.timers,
      limits: { heartbeatMs: 15_000, backlogBytes, stallMs: 30_000 },
      changeLog: new ChangeLog(this.catalog.snapshot.revision, kept),
    });
    this.catalog.onChange(() => this.note());
    this.note();
  }

  note(): void {
    this.history.set(this.catalog.snapshot.revision, this.truth());
  }

  connect(cursor?: string, replica = new StateReplica()): Client {
    const hand = new Hand();
    const client: Client = { replica, hand, leave: () => undefined, ended: [] };
    client.leave = this.feed.subscribe(hand, cursor);
    this.clients.push(client);
    return client;
  }

  /** Connects again from where the client was. */
  resume(client: Client): void {
    client.leave();
    client.hand.cut();
    client.replica.cut();
    client.hand = new Hand();
    client.leave = this.feed.subscribe(client.hand, client.replica.cursor);
  }

  /** A client reads some messages; whenever its state is whole it must be what the catalog held at that revision. */
  read(client: Client, count = Infinity): number {
    const messages = client.hand.take(count);
    for (const message of messages) {
      if (message.type === 'error') client.ended.push(message.code);
      if (!client.replica.apply(message)) continue;
      const { revision } = client.replica;
      if (this.history.has(revision ?? -1))
        expect(stateOf(client.replica)).toEqual(this.history.get(revision ?? -1));
    }
    return messages.length;
  }

  /** Reads until nothing more comes, although all others had their turns; resumes where the stream ended. */
  async settle(client: Client): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS;) {
      quiet = this.read(client) > 0 ? 0 : quiet + 1;
      if (!client.hand.isOpen) this.resume(client);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** What a client that has everything must hold. */
  truth(): unknown {
    const { snapshot } = this.catalog;
    return {
      services: sorted(snapshot.services(), (each) => serviceJson(each, this.domain)),
      tasks: sorted(snapshot.tasks(), (each) => taskJson(each)),
      networks: sorted(snapshot.networks(), networkJson),
      sources: plain(snapshot.sources.map(sourceJson)),
      problems: plain(snapshot.problems),
      drains: plain(this.catalog.drains.map((mark) => drainJson(mark, snapshot))),
    };
  }

  elapse(ms: number): void {
    this.timers.elapse(ms);
  }
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

function sorted<Item>(items: Iterable<Item>, json: (item: Item) => unknown): string[] {
  return [...items].map((item) => JSON.stringify(json(item))).sort();
}

function stateOf({ services, tasks, networks, sources, problems, drains }: StateReplica): unknown {
  const texts = (items: ReadonlyMap<string, unknown>) => sorted(items.values(), (item) => item);
  return {
    services: texts(services),
    tasks: texts(tasks),
    networks: texts(networks),
    sources,
    problems,
    drains,
  };
}

/** Readers that catch up get one turn after the other, and those that have just ended may have one, too. */
const QUIET_TURNS = 50;

const turn = () => new Promise((resolve) => setImmediate(resolve));
const fact = (number: number, more: Partial<TaskFact> = {}): TaskFact =>
  task(`id${number}`, `web_${number}`, `10.42.${number >> 8}.${number & 255}`, more);

let world: World;
afterEach(() => {
  for (const client of world.clients) client.leave();
  world.feed.close();
  // Every reader took its timers with it.
  expect(world.timers.waiting).toEqual([]);
});

describe('a stream of the state', () => {
  it('begins with a snapshot, and then has each change with its revision and cause', async () => {
    world = new World();
    world.sinks[0]?.update({ tasks: [fact(1)] });
    const client = world.connect();
    const [first] = client.hand.take();
    expect(first).toMatchObject({
      type: 'snapshot',
      part: 1,
      domain: 'rancher.internal',
      tasks: [{ id: 'id1' }],
    });
    expect(first && client.replica.apply(first)).toBe(true);
    await turn();
    world.sinks[0]?.update({
      tasks: [fact(1, { health: 'draining' })],
      removedTasks: [],
      cause: 'kill signal 15',
    });
    world.sinks[0]?.update({ removedTasks: ['id1'] });
    const { revision } = world.catalog.snapshot;
    expect(client.hand.take()).toMatchObject([
      {
        type: 'change',
        since: revision - 2,
        revision: revision - 1,
        source: 'docker',
        cause: 'kill signal 15',
      },
      { type: 'change', since: revision - 1, revision, tasks: { removed: ['id1'] }, services: {} },
    ]);
  });

  it('makes the text of a change once for all readers', async () => {
    world = new World();
    const [a, b] = [world.connect(), world.connect()];
    a.hand.take();
    b.hand.take();
    await turn();
    const stringify = JSON.stringify;
    let made = 0;
    JSON.stringify = ((value: unknown, ...rest: never[]) => {
      if ((value as { type?: string } | null)?.type === 'change') made += 1;
      return stringify(value, ...rest);
    }) as typeof JSON.stringify;
    try {
      world.sinks[0]?.update({ tasks: [fact(1)] });
    } finally {
      JSON.stringify = stringify;
    }
    expect(made).toBe(1);
    expect(a.hand.take()).toEqual(b.hand.take());
  });

  it('sends large states and large changes in parts, at the pace of the reader', async () => {
    world = new World();
    world.sinks[0]?.replace({ tasks: Array.from({ length: 450 }, (_, at) => fact(at)) });
    const client = world.connect();
    await turn();
    // More is not made before the reader has taken what waits.
    const waiting = client.hand.waiting;
    await turn();
    expect(client.hand.waiting).toBe(waiting);
    const first = client.hand.take();
    expect(first[0]).toMatchObject({ type: 'snapshot', part: 1, more: true });
    expect(client.replica.revision).toBeUndefined();
    for (const message of first) client.replica.apply(message);
    await world.settle(client);
    expect(stateOf(client.replica)).toEqual(world.truth());
    world.sinks[0]?.replace({ tasks: Array.from({ length: 460 }, (_, at) => fact(at, { weight: 2 })) });
    await world.settle(client);
    expect(stateOf(client.replica)).toEqual(world.truth());
  });

  it('resumes with the missed changes as one change, and says at once if there are none', () => {
    world = new World();
    const client = world.connect();
    world.read(client);
    client.leave();
    for (let at = 0; at < 5; at++) world.sinks[0]?.update({ tasks: [fact(at)] });
    world.sinks[0]?.update({ removedTasks: ['id0'] });
    const since = client.replica.revision;
    world.resume(client);
    const missed = client.hand.take();
    expect(missed).toHaveLength(1);
    expect(missed[0]).toMatchObject({ type: 'change', since, revision: world.catalog.snapshot.revision });
    expect(missed[0]).not.toHaveProperty('source');
    client.replica.apply(missed[0] as WatchMessage);
    expect(stateOf(client.replica)).toEqual(world.truth());
    world.resume(client);
    expect(client.hand.take()).toMatchObject([{ type: 'beat', cursor: client.replica.cursor }]);
  });

  it.each([
    ['the daemon was started again', (w: World) => (w.startedAt += 1), 'the daemon has been restarted since'],
    [
      'what was missed is forgotten',
      (w: World) => {
        for (let at = 0; at < 20; at++) w.sinks[0]?.update({ tasks: [fact(at)] });
      },
      'the changes since then are no longer stored',
    ],
  ])('resets with a snapshot when %s', (_, happen, why) => {
    world = new World({ kept: { changes: 8, keys: 1000 } });
    const client = world.connect();
    world.read(client);
    client.leave();
    happen(world);
    world.resume(client);
    const [reset, snapshot] = client.hand.take();
    expect(reset).toEqual({ type: 'reset', why });
    expect(snapshot).toMatchObject({ type: 'snapshot', part: 1 });
    client.replica.apply(snapshot as WatchMessage);
    expect(stateOf(client.replica)).toEqual(world.truth());
  });

  it('drops a reader that does not read, says how to resume, and resumes it', async () => {
    world = new World({ backlogBytes: 4000 });
    const client = world.connect();
    world.read(client);
    await turn();
    for (let at = 0; at < 20; at++) world.sinks[0]?.update({ tasks: [fact(at)] });
    expect(client.hand.isOpen).toBe(false);
    expect(client.hand.take().at(-1)).toMatchObject({
      type: 'error',
      code: 'slow-reader',
      detail: expect.stringMatching(/connect again with since= and the cursor of the last message/) as string,
    });
    expect(world.log.lines.join()).toContain('dropped a client of /v1/watch that reads too slowly');
    await world.settle(client);
    expect(stateOf(client.replica)).toEqual(world.truth());
  });

  it('drops a reader that stalls while it catches up', async () => {
    world = new World();
    world.sinks[0]?.replace({ tasks: Array.from({ length: 400 }, (_, at) => fact(at)) });
    const client = world.connect();
    await turn();
    expect(client.hand.isOpen).toBe(true);
    world.elapse(30_000);
    expect(client.hand.isOpen).toBe(false);
    expect(client.hand.take().at(-1)).toMatchObject({ type: 'error', code: 'slow-reader' });
  });

  it('gives one of many readers that begin a part in each turn, so that other work gets its turns', async () => {
    world = new World();
    world.sinks[0]?.replace({ tasks: Array.from({ length: 1000 }, (_, at) => fact(at)) });
    const parts = Array.from({ length: 4 }, () => 0);
    const leave = parts.map((_, at) => {
      const outlet: Outlet = {
        send: () => (parts[at] = (parts[at] ?? 0) + 1),
        waiting: 0,
        onDrained: (callback) => callback(),
        end: () => undefined,
        cut: () => undefined,
        isOpen: true,
      };
      return world.feed.subscribe(outlet);
    });
    const sent = () => parts.reduce((sum, each) => sum + each);
    expect(sent()).toBe(4);
    for (let turns = 0, last = sent(); turns < 40 && sent() < 24; last = sent(), turns++) {
      await turn();
      expect(sent() - last).toBeLessThanOrEqual(1);
    }
    expect(parts).toEqual([6, 6, 6, 6]);
    for (const each of leave) each();
  });

  it('has the drains again when a task that is drained goes or gets another name', async () => {
    world = new World();
    world.sinks[0]?.update({ tasks: [fact(1), fact(2)] });
    world.catalog.drain({ task: 'id1' });
    world.catalog.drain({ task: 'id2' });
    const client = world.connect();
    client.hand.take();
    await turn();
    world.sinks[0]?.update({ tasks: [fact(2, { name: 'renamed' })] });
    world.sinks[0]?.update({ removedTasks: ['id1'] });
    world.sinks[0]?.update({ tasks: [fact(3)] });
    const changes = client.hand.take();
    expect(changes).toMatchObject([
      { type: 'change', drains: [{ task: 'id1' }, { task: 'id2', name: 'renamed' }] },
      { type: 'change', drains: [{ task: 'id2', name: 'renamed' }] },
      { type: 'change' },
    ]);
    expect(changes[2]).not.toHaveProperty('drains');
  });

  it('shows that it is alive, and begins again when a reload changes the domain', async () => {
    world = new World();
    world.sinks[0]?.update({ tasks: [fact(1)] });
    const client = world.connect();
    world.read(client);
    await turn();
    world.elapse(15_000);
    expect(client.hand.take()).toMatchObject([{ type: 'beat', revision: world.catalog.snapshot.revision }]);
    world.domain = 'example.internal';
    world.note();
    world.elapse(15_000);
    world.read(client);
    expect([...client.replica.services.values()]).toMatchObject([{ fqdn: 'web.shop.example.internal' }]);
    await turn();
  });

  it('tells its readers that the daemon stops', () => {
    world = new World();
    const client = world.connect();
    client.hand.take();
    world.feed.close();
    expect(client.hand.take()).toMatchObject([{ type: 'error', code: 'stopping' }]);
    expect(client.hand.isOpen).toBe(false);
  });
});

type Step =
  | { readonly kind: 'change'; readonly act: (world: World) => void }
  | { readonly kind: 'client'; readonly act: (client: Client, world: World) => void | Promise<void> };

const health = fc.constantFrom('healthy', 'unhealthy', 'draining', 'stopped');
const id = fc.nat(11);
const source = fc.constantFrom(0, 1);
const change = (act: (world: World) => void): Step => ({ kind: 'change', act });

const steps: fc.Arbitrary<Step> = fc.oneof(
  fc
    .tuple(source, id, health)
    .map(([at, number, state]) =>
      change(({ sinks }) => sinks[at]?.update({ tasks: [fact(number, { health: state })] })),
    ),
  fc
    .tuple(source, id)
    .map(([at, number]) => change(({ sinks }) => sinks[at]?.update({ removedTasks: [`id${number}`] }))),
  fc.tuple(source, fc.array(id, { maxLength: 6 }), fc.nat(400)).map(([at, ids, crowd]) =>
    change(({ sinks }) =>
      sinks[at]?.replace({
        tasks: [
          ...new Set([...ids, ...(crowd > 380 ? Array.from({ length: crowd }, (_, n) => n + 100) : [])]),
        ].map((number) => fact(number)),
        networks: ids.map((number) => ({
          id: `net${number}`,
          name: `network ${crowd}`,
          driver: 'bridge',
          internal: false,
          subnets: [],
          gateways: [],
        })),
        problems: ids.map((number) => ({ code: 'test', subject: `s${number}`, message: `problem ${crowd}` })),
      }),
    ),
  ),
  fc
    .constantFrom('live', 'stale')
    .map((state) =>
      change(({ sinks }) =>
        sinks[0]?.status({ state, asOf: NOW, ...(state === 'stale' && { error: 'away' }) }),
      ),
    ),
  id.map((number) => change(({ catalog }) => void catalog.drain({ task: `id${number}` }))),
  id.map((number) => change(({ catalog }) => void catalog.undrain({ task: `id${number}` }))),
  fc.constant(
    change(({ catalog }) => void catalog.drain({ service: 'default/shop/web' }, { until: NOW + 1000 })),
  ),
  fc.constant(change(({ catalog }) => catalog.endDrains(catalog.drains))),
);

const readerSteps: fc.Arbitrary<Step> = fc.oneof(
  fc.nat(5).map((count): Step => ({ kind: 'client', act: (client, w) => void w.read(client, count) })),
  fc.constant<Step>({ kind: 'client', act: (client, w) => w.resume(client) }),
  fc.constant<Step>({ kind: 'client', act: () => turn().then(() => undefined) }),
  fc.constant<Step>({ kind: 'client', act: (_, w) => w.elapse(30_000) }),
  fc.constant<Step>({ kind: 'client', act: (_, w) => w.elapse(15_000) }),
);

describe('whatever happens', () => {
  it("a client's state equals the catalog's: changes, disconnections, resumes and slow spells in any order", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof({ weight: 3, arbitrary: steps }, { weight: 2, arbitrary: readerSteps }), {
          maxLength: 60,
        }),
        fc.array(fc.nat(2), { minLength: 1, maxLength: 60 }),
        async (all, whom) => {
          world = new World({ backlogBytes: 6000, kept: { changes: 12, keys: 600 } });
          for (let n = 0; n < 3; n++) world.connect();
          for (const [at, step] of all.entries()) {
            if (step.kind === 'change') step.act(world);
            const client = world.clients[whom[at % whom.length] ?? 0];
            if (step.kind === 'client' && client) await step.act(client, world);
            for (const each of world.clients)
              if (!each.hand.isOpen && each.hand.waiting === 0) world.resume(each);
          }
          for (const client of world.clients) {
            await world.settle(client);
            expect(stateOf(client.replica)).toEqual(world.truth());
            expect(client.replica.revision).toBe(world.catalog.snapshot.revision);
            client.leave();
          }
          world.feed.close();
          expect(world.timers.waiting).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });
});
