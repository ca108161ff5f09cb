import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TaskFact } from '../../../src/catalog/facts.js';
import { readInspection } from '../../../src/sources/docker/container.js';
import { DockerError, type ConnectDocker } from '../../../src/sources/docker/port.js';
import { ContainerLabels } from '../../../src/sources/docker/container-labels.js';
import { createDockerSource } from '../../../src/sources/docker/docker-source.js';
import { toFact } from '../../../src/sources/docker/to-fact.js';
import { EngineModel, eventLine, type ModelEvent } from './engine-model.js';
import { ManualTimers, settle } from './manual-timers.js';
import { MemorySink } from './memory-sink.js';
import { runs } from '../../support/depth.js';

/** What happens to the events of one step on their way. */
type Fate = 'arrives' | 'lost' | 'doubled' | 'late';

interface Step {
  readonly verb: (typeof verbs)[number];
  /** Which container, of those there are. */
  readonly pick: number;
  readonly fate: Fate;
  /** How many turns of the event loop answers take from now on. */
  readonly delay: number;
  /** Milliseconds that pass after it. */
  readonly pause: number;
}

const verbs = [
  ...([
    'run',
    'child',
    'create',
    'start',
    'kill',
    'hup',
    'die',
    'destroy',
    'pause',
    'unpause',
    'healthy',
  ] as const),
  ...(['unhealthy', 'rename', 'connect', 'disconnect', 'network', 'restart'] as const),
] as const;

const step: fc.Arbitrary<Step> = fc.record({
  verb: fc.constantFrom(...verbs),
  pick: fc.nat(5),
  fate: fc.constantFrom<Fate>('arrives', 'arrives', 'lost', 'lost', 'doubled', 'late'),
  delay: fc.nat(4),
  pause: fc.constantFrom(0, 0, 1, 20, 700),
});

/** An engine that answers truthfully but late, and whose events may be held, lost and doubled. */
class UnreliableEngine {
  readonly timers = new ManualTimers();
  readonly model = new EngineModel(() => this.timers.now());
  readonly sink = new MemorySink();
  fate: Fate = 'arrives';
  delay = 0;
  #streams: PassThrough[] = [];
  #late: ModelEvent[] = [];
  #isUp = true;

  constructor() {
    this.model.onEvent = (event) => {
      if (this.fate === 'late') this.#late.push(event);
      if (this.fate === 'late' || this.fate === 'lost') return;
      this.#send(event);
      if (this.fate === 'doubled')
        this.#send({ ...event, timeNano: `${String(event.timeNano).slice(0, -1)}0@` });
    };
  }

  readonly connect: ConnectDocker = async () => {
    await this.#answer(undefined);
    return {
      ...{ apiVersion: '1.41', engineVersion: '20.10.24', connectedAt: this.timers.now() },
      ping: () => this.#answer(undefined),
      info: () => this.#answer({ DockerRootDir: '/var/lib/docker' }),
      listContainers: () => this.#answer(this.model.listJson()),
      inspectContainer: (id) => {
        const json = this.model.inspectJson(id);
        return json === undefined ? this.#fail(404) : this.#answer(json);
      },
      listNetworks: () => this.#answer(this.model.networksJson()),
      inspectNetwork: (id) => this.#answer(this.model.networkJson(id)),
      events: async () => {
        const stream = new PassThrough();
        this.#streams.push(stream);
        return this.#answer(stream);
      },
      createExec: () => this.#fail(404),
      startExec: () => this.#fail(404),
      inspectExec: () => this.#fail(404),
      close: () => undefined,
    };
  };

  /** Away and back: streams end, nothing is answered in between, what was held never comes. */
  async restart(): Promise<void> {
    this.#isUp = false;
    this.#late = [];
    for (const stream of this.#streams.splice(0)) stream.destroy();
    await this.timers.advance(150);
    this.#isUp = true;
  }

  /** Held events arrive, last one first. */
  release(): void {
    for (const event of this.#late.splice(0).reverse()) this.#send(event);
  }

  #send(event: ModelEvent): void {
    for (const stream of this.#streams) stream.write(eventLine(event));
  }

  async #answer<T>(value: T): Promise<T> {
    for (let count = this.delay; count > 0; count--) await turn();
    return this.#isUp ? value : this.#fail();
  }

  #fail(status?: number): Promise<never> {
    return Promise.reject(
      new DockerError('no answer', status === undefined ? { code: 'ECONNREFUSED' } : { status }),
    );
  }
}

const labels = { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'web' };
const byVerb: Record<
  Exclude<Step['verb'], 'restart'>,
  (model: EngineModel, id: string, count: number) => void
> = {
  run: (model, _id, count) =>
    model.run(`web_${count}`, { labels, healthcheck: count % 2 === 0, stopTimeout: 1 }),
  child: (model, id, count) => model.run(`child_${count}`, { mode: `container:${id}` }),
  create: (model, _id, count) => model.create(`new_${count}`, { networks: ['bridge', 'shop_net'] }),
  start: (model, id) => model.start(id),
  kill: (model, id) => model.kill(id, 15),
  hup: (model, id) => model.kill(id, 1),
  die: (model, id) => model.die(id, 1),
  destroy: (model, id) => model.destroy(id),
  pause: (model, id) => model.pause(id),
  unpause: (model, id) => model.unpause(id),
  healthy: (model, id) => model.health(id, 'healthy'),
  unhealthy: (model, id) => model.health(id, 'unhealthy'),
  rename: (model, id, count) => model.rename(id, `renamed_${count}`),
  connect: (model, id) => model.connect(id, 'shop_net'),
  disconnect: (model, id) => model.disconnect(id, 'bridge'),
  network: (model, _id, count) => model.addNetwork(`net_${count}`, `10.${count % 200}.0`),
};

/** What the engine says now, read again; of a stopped container that which the list tells as well. */
function oracle(model: EngineModel): Map<string, Partial<TaskFact>> {
  const read = (id: string) => readInspection(model.inspectJson(id));
  const facts = new Map<string, Partial<TaskFact>>();
  for (const id of model.containers.keys()) {
    const container = read(id);
    if (container === undefined) continue;
    const { fact } = toFact(container, {
      ...{
        environment: 'default',
        hostAddress: '192.0.2.1',
        clientAddresses: [],
        unservedNetworks: new Set(),
      },
      ...{ root: '/var/lib/docker', sent: undefined, container: read },
      labels: new ContainerLabels(),
    });
    if (fact !== undefined) facts.set(id, fact);
  }
  return facts;
}

async function play(steps: readonly Step[]): Promise<void> {
  const engine = new UnreliableEngine();
  const { model, sink, timers } = engine;
  const source = createDockerSource({
    ...{ socket: '/nonexistent/docker.sock', environment: 'default', hostAddress: () => '192.0.2.1' },
    ...{ resyncMs: 60_000, timers, clock: () => timers.now(), connect: engine.connect },
  });
  model.run('first', { labels });
  const start = source.start(sink);
  let count = 0;
  for (const { verb, pick, fate, delay, pause } of steps) {
    count += 1;
    engine.delay = delay;
    engine.fate = fate;
    const ids = [...model.containers.keys()];
    const id = ids[pick % Math.max(1, ids.length)];
    if (verb === 'restart') await engine.restart();
    else if (id !== undefined || ['run', 'create', 'network'].includes(verb))
      byVerb[verb](model, id ?? '', count);
    if (pause > 0) await timers.advance(pause);
    if (fate !== 'late') engine.release();
  }
  engine.release();
  engine.delay = 0;
  await timers.advance(130_000);
  await start;
  expect(sink.state).toBe('live');
  expect(sink.tasks).toEqual(oracle(model));
  const networks = [...model.networks.values()].map(({ id }) => id);
  expect([...sink.networks.keys()].sort()).toEqual(networks.sort());
  await source.stop();
  const told = sink.updates.length;
  model.run('after');
  await settle();
  expect([sink.updates.length, timers.pending]).toEqual([told, 0]);
}

/** A container and the one whose network it shares begin new runs, and no event tells. */
const unseenRestarts: Step[] = (
  [
    ['child', 0],
    ['die', 1],
    ['die', 0],
    ['start', 0],
    ['start', 1],
  ] as const
).map(([verb, pick], index) => ({ verb, pick, fate: index === 0 ? 'arrives' : 'lost', delay: 0, pause: 20 }));

describe('whatever happens to the events', () => {
  it('the facts end in the engine’s state', async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 20 }), play), {
      numRuns: runs(400),
      examples: [[unseenRestarts]],
    });
  });
});
