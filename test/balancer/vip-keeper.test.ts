import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type {
  ClientNetworks,
  DataPlane,
  PlaneProblem,
  PlaneSpec,
  VirtualService,
  VirtualServiceCounters,
} from '../../src/balancer/plane.js';
import { Catalog } from '../../src/catalog/catalog.js';
import type { FactSink } from '../../src/catalog/facts.js';
import { parseConfigText } from '../../src/config/load.js';
import { Pace } from '../../src/runtime/pace.js';
import { thisHost } from '../../src/balancer/plane-host.js';
import { Keeper, type KeeperOptions } from '../../src/balancer/vip-keeper.js';
import { ref, taskFact } from '../support/facts.js';
import type { PlaneFigures } from '../../src/net/vip-figures.js';
import { recordedLog } from '../support/recorded-log.js';

const CARRIER: PlaneFigures = {
  threads: 2,
  restarts: 1,
  lastError: 'out of luck',
  flows: 0,
  descriptors: 0,
  maxDescriptors: 9,
};
const POOL = '127.43.0.0/16';

/** Takes everything down, and carries it when it is told to. */
class FakePlane implements DataPlane {
  readonly applied: (readonly VirtualService[])[] = [];
  problems: readonly PlaneProblem[] = [];
  short: readonly PlaneProblem[] = [];
  hold: Promise<void> | undefined;
  ended: string[] = [];
  readonly used: (string | undefined)[] = [];
  readonly inherited: boolean[] = [];
  repairs = 0;
  /** Another program takes something away. */
  tamper: () => void = () => undefined;
  doubt: string | undefined;
  useFault: Error | undefined;
  repairFault: Error | undefined;
  readonly supports = { schedulers: new Set<never>(), features: new Set<never>() };

  use(pool: string | undefined, inherits = false): Promise<void> {
    this.used.push(pool);
    this.inherited.push(inherits);
    return this.useFault && pool !== undefined ? Promise.reject(this.useFault) : Promise.resolve();
  }

  readonly admitted: ClientNetworks[] = [];
  admit(clients: ClientNetworks): Promise<void> {
    this.admitted.push(clients);
    return Promise.resolve();
  }

  replaced(): Promise<void> {
    this.ended.push('replaced');
    return Promise.resolve();
  }

  repair(): Promise<void> {
    this.repairs++;
    return this.repairFault ? Promise.reject(this.repairFault) : Promise.resolve();
  }

  async apply(desired: readonly VirtualService[]): Promise<readonly PlaneProblem[]> {
    this.applied.push(desired);
    await this.hold;
    return this.problems;
  }

  counters(): Promise<readonly VirtualServiceCounters[]> {
    const counters = (this.applied.at(-1) ?? []).map((each) => ({
      ...{ service: each.service, vip: each.vip, port: each.port },
      ...{ protocol: each.protocol, scheduler: each.scheduler },
      ...{ active: 1, total: 2, bytesIn: 3, bytesOut: 4, refused: 5, failed: 6, retried: 7 },
      backends: each.backends.map(({ id, name, address, weight, state }, at) => ({
        ...{ id, name, address, weight, state },
        ...{ active: at, total: 2, bytesIn: 3, bytesOut: 4, errors: 0 },
      })),
    }));
    return Promise.resolve(counters);
  }

  figures(): PlaneFigures {
    return CARRIER;
  }

  shortages(): readonly PlaneProblem[] {
    return this.short;
  }

  drain(): Promise<void> {
    this.ended.push('drain');
    return this.hold ?? Promise.resolve();
  }

  close(): Promise<void> {
    this.ended.push('close');
    return Promise.resolve();
  }
}

let catalog: Catalog;
let sink: FactSink;
let plane: FakePlane;
let keepers: Keeper[];
let now: number;
let warned: string[];

beforeEach(() => {
  [plane, keepers, now, warned] = [new FakePlane(), [], 1_000_000, []];
  catalog = new Catalog({ clock: () => now });
});
afterEach(async () => {
  plane.hold = undefined;
  await Promise.all(keepers.map((keeper) => keeper.stop()));
});

const specOf = (name: PlaneSpec['name'], fake: FakePlane): PlaneSpec => ({
  name,
  preflight: () => Promise.resolve(fake.doubt === undefined ? 'ok' : { why: fake.doubt }),
  open({ onTampered }) {
    fake.tamper = onTampered ?? fake.tamper;
    return fake;
  },
});

const web = (number: number, more: object = {}) =>
  taskFact(`w${number}`, {
    service: ref('web.shop'),
    ip: `10.42.0.${number}`,
    ports: [{ port: 80, protocol: 'tcp', target: 80 }],
    ...more,
  });

async function keeper(
  config = `vip: { pool: ${POOL} }`,
  options: Partial<KeeperOptions> = {},
): Promise<Keeper> {
  const loaded = parseConfigText(config);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  const log = recordedLog(warned);
  const spec = specOf('proxy', plane);
  const hostRanges = () => [];
  const made = new Keeper({ catalog, pace: new Pace(), spec, log, clock: () => now, hostRanges, ...options });
  keepers.push(made);
  await made.use(loaded.config, await made.prepare(loaded.config));
  sink = catalog.sink('docker');
  sink.replace({ tasks: [web(1), web(2)] });
  sink.status({ state: 'live' });
  await made.start();
  return made;
}

const applies = (count: number) => vi.waitFor(() => expect(plane.applied).toHaveLength(count));
const backends = () => plane.applied.at(-1)?.map((each) => each.backends.map(({ id }) => id));

describe('what the data plane receives', () => {
  it('is the whole state when the keeper has started, and every change', async () => {
    await keeper();
    expect(plane.applied).toHaveLength(1);
    expect(backends()).toEqual([['w1', 'w2']]);
    sink.update({ tasks: [web(2, { health: 'unhealthy' })] });
    await applies(2);
    expect(backends()).toEqual([['w1']]);
  });

  it('is only the latest state, once, if it was still busy with an earlier one', async () => {
    await keeper();
    let go = () => {};
    plane.hold = new Promise((resolve) => (go = resolve));
    sink.update({ tasks: [web(3)] });
    await applies(2);
    for (const number of [4, 5, 6]) sink.update({ tasks: [web(number)] });
    go();
    await applies(3);
    expect(backends()).toEqual([['w1', 'w2', 'w3', 'w4', 'w5', 'w6']]);
  });

  it('is updated when weights change by themselves', async () => {
    await keeper(`vip: { pool: ${POOL} }\nbalancing: { slowStart: 1s }`);
    sink.update({ tasks: [web(3, { startedAt: now })] });
    await applies(2);
    const weightOf = () => plane.applied.at(-1)?.[0]?.backends.map(({ weight }) => weight);
    const early = weightOf();
    now += 700;
    await applies(3);
    const [old = 0, , fresh = 0] = weightOf() ?? [];
    expect(fresh).toBeLessThan(old);
    expect(fresh).toBeGreaterThan(early?.[2] ?? Infinity);
  });

  it('is empty when there are no virtual IPs', async () => {
    const off = await keeper('vip: false');
    expect(plane.applied).toEqual([[]]);
    expect(off.status()).toEqual({
      plane: 'off',
      why: 'vip is false',
      wanted: false,
      services: 0,
      carrier: CARRIER,
    });
  });
});

describe('what it reports', () => {
  it('is each port with its counters', async () => {
    const own = await keeper();
    expect(own.status()).toEqual({ plane: 'proxy', pool: POOL, services: 1, carrier: CARRIER });
    const [kept] = await own.services();
    expect(kept?.service).toMatchObject({ service: 'default/shop/web', port: 80 });
    expect(kept?.counters).toMatchObject({ total: 2, refused: 5 });
  });

  it('an address that cannot be served is down, reported once, and retried', async () => {
    const own = await keeper(undefined, { retryMs: 20 });
    const vip = plane.applied.at(-1)?.[0]?.vip ?? '';
    plane.problems = [{ at: { vip, port: 80, protocol: 'tcp' }, message: 'the port is in use' }];
    vi.spyOn(plane, 'counters').mockResolvedValue([]);
    sink.update({ tasks: [web(3)] });
    await vi.waitFor(() => expect(own.problems()).toHaveLength(1));
    const [problem] = own.problems();
    expect(problem).toMatchObject({ code: 'vip-not-served', subject: `virtual IP ${vip}:80/tcp` });
    const [kept] = await own.services();
    expect(kept?.problem).toBe('the port is in use');
    expect(kept).not.toHaveProperty('counters');
    await vi.waitFor(() => expect(plane.applied.length).toBeGreaterThan(3));
    expect(warned).toEqual(['the port is in use']);
    plane.problems = [];
    await vi.waitFor(() => expect(own.problems()).toEqual([]));
  });
});

describe('many addresses that cannot be served for one cause', () => {
  it('are one problem and one line of the log, and each is still down', async () => {
    const own = await keeper();
    const vip = plane.applied.at(-1)?.[0]?.vip ?? '';
    const problem = (port: number): PlaneProblem => ({
      ...{
        at: { vip, port, protocol: 'tcp' },
        message: `no room for ${port}`,
        summary: 'no room for 3 ports',
      },
    });
    plane.problems = [problem(80), problem(81), problem(82)];
    sink.update({ tasks: [web(3)] });
    await vi.waitFor(() => expect(own.problems()).toHaveLength(1));
    expect(own.problems()).toEqual([
      { code: 'vip-not-served', subject: 'virtual IPs', message: 'no room for 3 ports' },
    ]);
    expect(warned).toEqual(['no room for 3 ports']);
    expect([...(await own.services())][0]?.problem).toBe('no room for 80');
  });
});

describe('routes and rules', () => {
  it('that the plane cannot write are a problem', async () => {
    const own = await keeper();
    plane.problems = [{ message: 'no right to do that' }];
    sink.update({ tasks: [web(3)] });
    await vi.waitFor(() =>
      expect(own.problems()).toEqual([
        { code: 'vip-rules', subject: 'virtual IPs', message: 'no right to do that' },
      ]),
    );
  });

  it('are repaired every half minute, on a monotonic clock', async () => {
    let monotonic = 0;
    await keeper(undefined, { now: () => monotonic });
    now -= 3_600_000;
    sink.update({ tasks: [web(3)] });
    await applies(2);
    expect(plane.repairs).toBe(0);
    monotonic = 30_000;
    sink.update({ tasks: [web(4)] });
    await vi.waitFor(() => expect(plane.repairs).toBe(1));
  });

  it('that another program takes away are put back at once, which is counted', async () => {
    const own = await keeper();
    expect(own.status()).not.toHaveProperty('repairs');
    plane.tamper();
    await vi.waitFor(() => expect(own.status()).toMatchObject({ repairs: 1 }));
    expect(plane.repairs).toBe(1);
    expect(warned).toEqual([expect.stringMatching(/^another program took rules .* back after \d+ ms$/)]);
    // A successor writes them now.
    own.freeze();
    plane.tamper();
    await own.start();
    expect(plane.repairs).toBe(1);
  });

  it('that cannot be repaired are a problem until they can', async () => {
    let monotonic = 0;
    const own = await keeper(undefined, { now: () => monotonic, retryMs: 20 });
    plane.repairFault = new Error('no right to do that');
    monotonic = 30_000;
    sink.update({ tasks: [web(3)] });
    await vi.waitFor(() => expect(own.problems()).toMatchObject([{ code: 'vip-rules' }]));
    monotonic += 20;
    await vi.waitFor(() => expect(plane.repairs).toBe(2));
    expect(warned).toEqual(['no right to do that']);
    plane.repairFault = undefined;
    monotonic += 20;
    await vi.waitFor(() => expect(own.problems()).toEqual([]));
  });
});

describe('virtual IPs that lead back to themselves', () => {
  it('are a problem and a line of the log, and what is carried has no loop', async () => {
    const own = await keeper();
    const [vip = ''] = plane.applied.at(-1)?.map((each) => each.vip) ?? [];
    sink.replace({ tasks: [{ ...web(1), endpoints: [{ network: 'host', ip: vip }] }] });
    await vi.waitFor(() => expect(own.problems()).toMatchObject([{ code: 'vip-loop' }]));
    expect(plane.applied.at(-1)?.map((each) => each.backends)).toEqual([[]]);
    expect(warned).toEqual([expect.stringContaining('web.shop') as string]);
    sink.replace({ tasks: [web(1)] });
    await vi.waitFor(() => expect(own.problems()).toEqual([]));
    expect(backends()).toEqual([['w1']]);
  });
});

describe('a pool', () => {
  it('is used by the plane, and by the catalog', async () => {
    await keeper();
    expect(plane.used).toEqual([POOL]);
    expect(plane.applied[0]?.[0]?.vip).toMatch(/^127\.43\./);
  });

  it('that preflight doubts is not used, and is retried until it can be', async () => {
    plane.doubt = 'no nft';
    const own = await keeper(undefined, { retryMs: 20 });
    expect(own.status()).toMatchObject({ plane: 'off', why: 'no nft, or set vip to false', wanted: true });
    expect(warned).toEqual([
      'virtual IPs are off, so names are answered with tasks: no nft, or set vip to false',
    ]);
    expect(plane.used).toEqual([undefined]);
    plane.doubt = undefined;
    await vi.waitFor(() => expect(backends()).toEqual([['w1', 'w2']]));
    expect(own.status()).toMatchObject({ plane: 'proxy', pool: POOL });
  });

  it('that the plane cannot take is retried until it can', async () => {
    plane.useFault = new Error('no right');
    const own = await keeper(undefined, { retryMs: 20 });
    expect(own.status()).toMatchObject({ why: 'no right, or set vip to false', wanted: true });
    await vi.waitFor(() => expect(plane.used.length).toBeGreaterThan(3));
    expect(warned).toHaveLength(1);
    plane.useFault = undefined;
    await vi.waitFor(() => expect(backends()).toEqual([['w1', 'w2']]));
  });

  const taken = () => [{ range: '127.0.0.0/8', what: 'the route 127.0.0.0/8 (eth1)' }];

  it('that something else uses causes a warning if the operator did not choose it', async () => {
    const own = await keeper(undefined, { hostRanges: taken });
    expect(own.status()).toMatchObject({ plane: 'off', wanted: true });
    expect(warned).toHaveLength(1);
    expect(warned[0]).toContain('overlaps the route 127.0.0.0/8 (eth1)');
  });

  it('that something else uses is refused if the operator chose it, unless it is already active', async () => {
    const ranges: ReturnType<typeof taken> = [];
    const own = await keeper(undefined, { hostRanges: () => ranges });
    ranges.push(...taken());
    const terms = (pool: string) => ({
      vip: { pool, release: 0, endpointMode: 'vip' as const, external: [] },
      isolation: 'docker' as const,
      balancing: {},
    });
    const refuse = (conflict: string) => new RangeError(conflict);
    expect(await own.prepare(terms(POOL), refuse)).toEqual({ pool: POOL });
    await expect(own.prepare(terms('127.44.0.0/16'), refuse)).rejects.toThrow(RangeError);
  });
});

describe('a data plane of another kind', () => {
  let other: FakePlane;
  beforeEach(() => {
    other = new FakePlane();
  });

  it('takes over the pool, the clients and the services, then the one before it ends', async () => {
    const own = await keeper();
    let end = () => {};
    plane.hold = new Promise((resolve) => (end = resolve));
    own.choose(specOf('nftables', other));
    await vi.waitFor(() => expect(plane.ended).toEqual(['replaced', 'drain']));
    expect([other.used, other.inherited]).toEqual([[POOL], [true]]);
    expect(other.admitted).toEqual(plane.admitted);
    expect(other.applied).toEqual(plane.applied);
    expect(own.status()).toMatchObject({ plane: 'nftables', pool: POOL });
    end();
    await vi.waitFor(() => expect(plane.ended).toEqual(['replaced', 'drain', 'close']));
    sink.update({ tasks: [web(3)] });
    await vi.waitFor(() => expect(other.applied).toHaveLength(2));
    expect(plane.applied).toHaveLength(1);
    // What watches the rules of the one before it sees the rules of this one.
    plane.tamper();
    other.tamper();
    await vi.waitFor(() => expect(other.repairs).toBe(1));
    expect(own.status()).toMatchObject({ repairs: 1 });
    expect(plane.repairs).toBe(0);
  });

  it.each([
    ['is not possible on this host', () => (other.doubt = 'no such thing'), []],
    ['cannot take the pool', () => (other.useFault = new Error('no such thing')), ['close']],
  ])('that %s leaves everything as it is, and the log says why', async (_, fail, ended) => {
    const own = await keeper();
    fail();
    own.choose(specOf('nftables', other));
    await vi.waitFor(() =>
      expect(warned).toEqual(['the data plane proxy stays, because nftables cannot be used: no such thing']),
    );
    sink.update({ tasks: [web(3)] });
    await applies(2);
    expect(own.status()).toMatchObject({ plane: 'proxy', pool: POOL });
    expect([other.ended, other.applied, plane.ended]).toEqual([ended, [], []]);
  });

  it('has the one before it end with the daemon at the latest', async () => {
    const own = await keeper(undefined, { stopMs: 20 });
    plane.hold = new Promise(() => undefined);
    own.choose(specOf('nftables', other));
    await vi.waitFor(() => expect(plane.ended).toEqual(['replaced', 'drain']));
    await own.stop();
    expect([plane.ended, other.ended]).toEqual([
      ['replaced', 'drain', 'close'],
      ['drain', 'close'],
    ]);
  });
});

it('stops after a while although connections are still open', async () => {
  const own = await keeper(undefined, { stopMs: 20 });
  plane.hold = new Promise(() => undefined);
  await own.stop();
  expect(plane.ended).toEqual(['drain', 'close']);
  sink.update({ tasks: [web(3)] });
  expect(plane.applied).toHaveLength(1);
});

it('restores what a daemon before it has left, once what is needed is in force, and reports what it cannot', async () => {
  const host = {
    ...thisHost,
    restoreLeft: () => {
      warned.push(`restores after ${plane.applied.length}`);
      return Promise.resolve(['/proc/sys/net/x (EROFS)', '/proc/sys/net/y (EROFS)']);
    },
  };
  await keeper(undefined, { host });
  expect(warned).toEqual([
    'restores after 1',
    'settings that a daemon before this one had changed could not be restored: ' +
      '/proc/sys/net/x (EROFS), /proc/sys/net/y (EROFS); set them yourself',
  ]);
});
