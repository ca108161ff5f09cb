import { isDeepStrictEqual } from 'node:util';
import type { Crossing, CrossingOutcome } from '../../linux/bridge-crossing.js';
import type { DockerForwarding } from '../../linux/docker-forwarding.js';
import { familyOf } from '../../linux/nft-table.js';
import { parseCidr } from '../../net/ip.js';
import type { Log } from '../../net/log.js';
import type { VantageFinder } from '../plane.js';
import type { KernelHost } from './kernel-host.js';
import type { Way, Ways, WayState } from './ways.js';

export interface WayFinderOptions {
  readonly kernel: Pick<
    KernelHost,
    'passDocker' | 'stopPassingDocker' | 'tryCrossings' | 'forgetFlows' | 'ledFlows'
  >;
  readonly vantages: VantageFinder;
  /** {@link WayFinder.ways} has another value. */
  readonly onChange: () => void;
  readonly log: Pick<Log, 'info'>;
}

interface Trial extends Crossing {
  readonly name: string;
}

/** How many ways are tried at a time, and again in one turn. */
const BATCH = 32;

/** Between two rechecks: Docker changes many rules in a row. */
const REST_MS = 300;
/** Nothing waits for this but a rule of the host. */
const LOOK_MS = 2000;

/** Those that have Docker's rules let connections pass. */
const active = new Set<WayFinder>();

const NONE: Ways = { states: new Map() };

/**
 * Finds out on which ways the kernel leads connections from one bridge to another: it has Docker's rules let them pass,
 * and tries a real connection on each. A way that cannot be tried is closed, so its connections are the proxy's.
 */
export class WayFinder {
  readonly #options: WayFinderOptions;
  #pool: string | undefined;
  #wanted: ReadonlyMap<string, Way> = new Map();
  #ways = NONE;
  /** By name: the turn in which it was tried last. */
  readonly #triedAt = new Map<string, number>();
  #turn = 0;
  #soon: NodeJS.Timeout | undefined;
  #isDue = false;
  #running: Promise<void> | undefined;

  constructor(options: WayFinderOptions) {
    this.#options = options;
  }

  get ways(): Ways {
    return this.#ways;
  }

  /** What is known of each way that is wanted. */
  *known(): Iterable<readonly [way: Way, state: WayState]> {
    for (const [name, way] of this.#wanted) {
      const state = this.#ways.states.get(name);
      if (state) yield [way, state];
    }
  }

  /** Tries the ways among these that were not tried yet; the others are forgotten. */
  want(pool: string, wanted: ReadonlyMap<string, Way>): void {
    const isOther = pool !== this.#pool;
    [this.#pool, this.#wanted] = [pool, wanted];
    if (isOther) this.#ways = NONE;
    if ([...wanted.keys()].some((name) => !this.#ways.states.has(name))) this.recheck();
  }

  /** Tries all of them again: rules of other programs may have changed. */
  recheck(): void {
    if (this.#pool === undefined || this.#wanted.size === 0) return;
    active.add(this);
    this.#isDue = true;
    this.#running ??= this.#run().finally(() => (this.#running = undefined));
  }

  /** As {@link recheck}, once for many changes in a row. */
  recheckSoon(): void {
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      this.recheck();
    }, REST_MS).unref();
  }

  /** Tries nothing from now on. What lets packets pass is taken back when no connection needs it any more. */
  async end(): Promise<void> {
    const pool = this.#pool;
    clearTimeout(this.#soon);
    [this.#pool, this.#isDue, this.#wanted, this.#ways] = [undefined, false, new Map(), NONE];
    active.delete(this);
    await this.#running;
    if (pool !== undefined) await this.#stopPassing(pool);
  }

  /** Tries nothing from now on, and leaves everything in place. */
  async stop(): Promise<void> {
    clearTimeout(this.#soon);
    this.#pool = undefined;
    active.delete(this);
    await this.#running;
  }

  async #stopPassing(pool: string): Promise<void> {
    const { kernel } = this.#options;
    const range = parseCidr(pool);
    const isNeeded = async (): Promise<boolean> =>
      (await kernel.ledFlows(familyOf(pool))).some(({ vip }) => range?.contains(vip));
    const look = async (): Promise<void> => {
      // Another plane of this process may want it by now.
      if (active.size > 0) return;
      if (await isNeeded()) setTimeout(() => void look(), LOOK_MS).unref();
      else await kernel.stopPassingDocker(familyOf(pool));
    };
    await look();
  }

  async #run(): Promise<void> {
    while (this.#isDue && this.#pool !== undefined) {
      this.#isDue = false;
      const [pool, wanted] = [this.#pool, this.#wanted];
      const docker = await this.#options.kernel.passDocker(pool);
      const states = await this.#try(pool, wanted, docker);
      if (pool !== this.#pool) return;
      this.#take(states, docker);
    }
  }

  async #try(
    pool: string,
    wanted: ReadonlyMap<string, Way>,
    docker: DockerForwarding,
  ): Promise<ReadonlyMap<string, WayState>> {
    const states = new Map<string, WayState>();
    for (const [name, state] of this.#ways.states) if (wanted.has(name)) states.set(name, state);
    const due = this.#dueOf(wanted);
    const networks = due.flatMap(([, { from, to }]) => [from.network, to.network]);
    const found = this.#options.vantages(new Set(networks), pool.includes(':') ? 6 : 4);
    const trials: Trial[] = [];
    for (const [name, way] of due) {
      const [from, to] = [found.get(way.from.network), found.get(way.to.network)];
      if (from && to)
        trials.push({ name, from: { ...way.from, vantage: from }, to: { ...way.to, vantage: to } });
      else {
        const where = (from ? way.to : way.from).bridge;
        states.set(
          name,
          this.#untried({ name, to: way.to }, `there is no container on ${where} to try it with`),
        );
      }
    }
    for (let at = 0; at < trials.length; at += BATCH)
      for (const [name, state] of await this.#tryBatch(pool, trials.slice(at, at + BATCH), docker))
        states.set(name, state);
    return states;
  }

  /** All that were never tried, and some of the others in turn. */
  #dueOf(wanted: ReadonlyMap<string, Way>): readonly (readonly [name: string, way: Way])[] {
    const { states } = this.#ways;
    const fresh = [...wanted].filter(([name]) => !states.has(name));
    const known = [...wanted].filter(([name]) => states.has(name));
    // A way that is closed costs a wait, one that is open a connection.
    const order = known.sort(([a], [b]) => (this.#triedAt.get(a) ?? 0) - (this.#triedAt.get(b) ?? 0));
    const due = [...fresh, ...order.slice(0, BATCH)];
    this.#turn++;
    for (const [name] of due) this.#triedAt.set(name, this.#turn);
    return due;
  }

  async #tryBatch(
    pool: string,
    trials: readonly Trial[],
    docker: DockerForwarding,
  ): Promise<readonly (readonly [name: string, state: WayState])[]> {
    const found = new Map<string, WayState>();
    let left = trials;
    // One packet may have been lost, or rules were just being changed.
    for (let attempt = 0; attempt < 2 && left.length > 0; attempt++) {
      const outcomes = await this.#options.kernel.tryCrossings(pool, left, docker);
      left = left.filter((trial, at) => {
        const outcome = outcomes[at];
        found.set(trial.name, this.#stateOf(trial, outcome, docker));
        return outcome?.kind === 'closed' && this.#ways.states.get(trial.name)?.isOpen === true;
      });
    }
    return [...found];
  }

  #stateOf(trial: Trial, outcome: CrossingOutcome | undefined, docker: DockerForwarding): WayState {
    if (outcome?.kind === 'open') return { isOpen: true, keepsSources: docker.keepsSources };
    if (outcome?.kind === 'closed') return { isOpen: false, why: docker.obstacle ?? outcome.why };
    return this.#untried(trial, outcome?.why ?? 'nothing came of it');
  }

  /** What is known of a way that cannot be tried now: what it was the last time. */
  #untried(
    { name, to }: { readonly name: string; readonly to: { readonly bridge: string } },
    why: string,
  ): WayState {
    const before = this.#ways.states.get(name);
    if (before?.isOpen) return before;
    return { isOpen: false, why: `the way to ${to.bridge} cannot be tried: ${why}` };
  }

  #take(states: ReadonlyMap<string, WayState>, { mark }: DockerForwarding): void {
    const before = this.#ways;
    const ways: Ways = { states, ...(mark && { mark }) };
    if (isDeepStrictEqual(before, ways)) return;
    this.#ways = ways;
    for (const [name, state] of states) this.#tell(name, before.states.get(name), state);
    this.#options.onChange();
  }

  #tell(name: string, before: WayState | undefined, state: WayState): void {
    const { log } = this.#options;
    const way = this.#wanted.get(name);
    if (!way || state.isOpen === before?.isOpen) return;
    const { from, to } = way;
    const which = `connections from ${from.bridge} to ${to.bridge}`;
    if (state.isOpen) log.info(`the kernel carries ${which}`);
    else log.info(`the proxy carries ${which}, because ${state.why}`);
    if (state.isOpen || !before) return;
    void this.#forget(way);
  }

  /** Has flows over a way that has closed begin again: they would get no answers. */
  async #forget({ from, to }: Way): Promise<void> {
    const { kernel } = this.#options;
    const range = parseCidr(this.#pool ?? '');
    if (!range) return;
    const targets = to.subnets.map((subnet) => parseCidr(subnet));
    for (const flow of await kernel.ledFlows(familyOf(range.text)))
      if (range.contains(flow.vip) && targets.some((target) => target?.contains(flow.task)))
        for (const source of from.subnets) await kernel.forgetFlows(flow, source);
  }
}
