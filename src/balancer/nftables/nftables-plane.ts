import type { NftWriterOptions } from '../../linux/nft-writer.js';
import type { Redirect, VipGuard } from '../../linux/vip-listener-table.js';
import { vipRulesFault } from '../../linux/vip-rules.js';
import type { KernelService, servicePart } from '../../linux/vip-kernel-table.js';
import { errorMessage } from '../../net/error-message.js';
import type { Log } from '../../net/log.js';
import type { PlaneFigures, PlaneName, VipWay } from '../../net/vip-figures.js';
import { placeText } from '../desired/place-text.js';
import type {
  ClientNetworks,
  DataPlane,
  Feature,
  PlaneContext,
  PlaneProblem,
  PlaneSpec,
  ToldService,
  VirtualService,
} from '../plane.js';
import type { PlaneHost } from '../plane-host.js';
import {
  createProxyPlane,
  proxyPlaneSpec,
  type ProxyDataPlane,
  type ProxyPlaneOptions,
} from '../proxy/proxy-plane.js';
import type { Carriages } from './carriage.js';
import { CarriedPlaces } from './carried-places.js';
import { KernelConditions } from './kernel-conditions.js';
import { KernelCounts } from './kernel-counts.js';
import { thisKernel, type KernelHost } from './kernel-host.js';
import { KernelTable } from './kernel-table.js';
import { LedFlows } from './led-flows.js';
import { UdpReconciler } from './udp-reconciler.js';
import { WayFinder } from './way-finder.js';
import type { Way, WayState } from './ways.js';

export interface NftablesPlaneOptions {
  /** For what the kernel does not carry. */
  readonly proxy: Omit<ProxyPlaneOptions, 'host' | 'onSignal' | 'onTampered' | 'log'>;
  /** The operator wants this plane: what it cannot carry is a problem. False: it is used where that is possible. */
  readonly isChosen: boolean;
  readonly kernel?: KernelHost;
  readonly writer?: NftWriterOptions;
  /** Chooses tasks instead of the rules of nftables, which then only lead connections to it. */
  readonly director?: Director;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/** What chooses tasks in the kernel. */
export interface Director {
  readonly name: Exclude<PlaneName, 'proxy' | 'nftables'>;
  readonly carriages: typeof Carriages;
  /** The rules that lead connections to it. */
  readonly partOf: typeof servicePart;
  open(log: Log): RunningDirector;
}

/** Calls may overlap; they are carried out one after the other. */
export interface RunningDirector {
  /** @throws Error with one line, with what to do */
  write(pool: string, services: readonly VirtualService[]): Promise<void>;
  /** The kernel may have something else than was written. */
  forget(): void;
  /** Removes everything. */
  end(): Promise<void>;
  /** Leaves everything in place. */
  stop(): void;
}

/** What a service cannot ask for, and has only where the proxy carries it. */
const PROXY_ONLY: readonly Feature[] = ['retry', 'queued', 'figures', 'ends'];

/** The plane that has the kernel carry what it can. */
export function nftablesPlaneSpec(options: NftablesPlaneOptions): PlaneSpec {
  return {
    name: options.director?.name ?? 'nftables',
    // Without the kernel's rules for tasks, the proxy carries everything.
    preflight: (host, pool) => proxyPlaneSpec(options.proxy).preflight(host, pool),
    open: (context) => new NftablesPlane(options, context),
  };
}

/**
 * Has the kernel lead connections to tasks (nftables), where it can and nothing is asked of them that only the proxy
 * can do. All others, and those that the rules of the kernel let through, are the proxy's, which listens for every
 * service.
 */
class NftablesPlane implements DataPlane {
  readonly #proxy: ProxyDataPlane;
  readonly #kernel: KernelHost;
  readonly #host: PlaneHost;
  readonly #log: Log;
  readonly #isChosen: boolean;
  readonly #now: () => number;
  readonly #conditions: KernelConditions;
  readonly #finder: WayFinder | undefined;
  readonly #table: KernelTable;
  readonly #places: CarriedPlaces;
  readonly #counts: KernelCounts;
  readonly #udp: UdpReconciler;
  readonly #flows: LedFlows;
  readonly #director: RunningDirector | undefined;
  readonly #name: PlaneName;
  #queue: Promise<unknown> = Promise.resolve();
  #pool: string | undefined;
  #desired: readonly VirtualService[] = [];
  /** A daemon before this one has left rules, which go on until there are others. */
  #adopts = false;
  #isLeaving = false;
  #isSucceeded = false;
  #isReplaced = false;
  #isWatched = false;
  #drainTimer: NodeJS.Timeout | undefined;

  constructor(options: NftablesPlaneOptions, context: PlaneContext) {
    const { proxy, isChosen, kernel = thisKernel, writer, director } = options;
    const { now = () => performance.now() } = options;
    const { host, log } = context;
    this.#kernel = kernel;
    this.#host = host;
    this.#log = log;
    this.#isChosen = isChosen;
    this.#now = now;
    this.#director = director?.open(log);
    this.#name = director?.name ?? 'nftables';
    // What IPVS chooses takes other ways through the kernel than what is tried.
    this.#finder = director
      ? undefined
      : new WayFinder({
          ...{ kernel, log, vantages: context.vantages ?? (() => new Map()) },
          onChange: () => void this.#enqueue(() => this.#takeWays()),
        });
    const finder = this.#finder;
    this.#conditions = new KernelConditions({
      ...{ kernel, isChosen, log },
      ...(director && { carriages: director.carriages }),
      ...(finder && { ways: () => finder.ways }),
    });
    this.#table = new KernelTable(writer, director?.partOf);
    this.#places = new CarriedPlaces(now);
    this.#counts = new KernelCounts(kernel, now);
    this.#udp = new UdpReconciler({
      kernel,
      carried: (place) => this.#places.serviceAt(place),
      pool: () => this.#pool,
    });
    this.#flows = new LedFlows(kernel);
    this.#proxy = createProxyPlane({ ...proxy, ...context, host: this.#hostOf(host) });
  }

  /** What the kernel cannot do at all; where a service has to have it, the proxy carries that one. */
  get supports(): DataPlane['supports'] {
    const { supports } = this.#proxy;
    if (this.#conditions.why !== undefined) return supports;
    const features = [...supports.features].filter((each) => !PROXY_ONLY.includes(each));
    return { ...supports, features: new Set(features) };
  }

  use(pool: string | undefined, inherits = false): Promise<void> {
    return this.#enqueue(async () => {
      if (pool !== this.#pool) await this.#begin(pool);
      try {
        await this.#proxy.use(pool, inherits);
      } catch (error) {
        await this.#end();
        throw error;
      }
      if (pool === undefined) await this.#end();
    });
  }

  admit(clients: ClientNetworks): Promise<void> {
    return this.#enqueue(async () => {
      this.#conditions.admit(this.#pool, clients);
      await this.#proxy.admit(clients);
    });
  }

  apply(desired: readonly VirtualService[]): Promise<readonly PlaneProblem[]> {
    return this.#enqueue(async () => {
      this.#desired = desired;
      const isUdp = this.#plan();
      const problems = await this.#proxy.apply(desired);
      const fault = await this.#write();
      if (isUdp) await this.#udp.run();
      return fault === undefined ? problems : [...problems, { message: fault }];
    });
  }

  repair(): Promise<void> {
    return this.#enqueue(async () => {
      if (this.#pool !== undefined && !this.#host.isLocal(this.#pool)) {
        await this.#conditions.check(this.#pool);
        this.#plan();
      }
      if (!this.#isWatched) this.#table.writer.forget();
      this.#director?.forget();
      this.#finder?.recheck();
      await this.#proxy.repair();
    });
  }

  async counters(): Promise<readonly ToldService[]> {
    const counted = await this.#proxy.counters();
    const { why } = this.#conditions;
    if (this.#pool !== undefined && why === undefined) await this.#counts.read(this.#pool);
    return counted.map((each) => {
      const { carriage } = this.#places.at(placeText(each)) ?? { carriage: { why: why ?? 'it is new' } };
      if ('why' in carriage)
        return { ...this.#counts.joined(each), carrier: { plane: 'proxy', why: carriage.why } };
      return {
        ...this.#counts.added(each),
        carrier: {
          ...{ plane: this.#name, scope: scopeOf(carriage.service) },
          ...(carriage.left.length > 0 && { left: carriage.left }),
        },
      };
    });
  }

  figures(): PlaneFigures {
    const { why } = this.#conditions;
    const services = this.#places.byKernel().size;
    const ways = Array.from(this.#finder?.known() ?? [], ([way, state]) => toldWay(way, state));
    const kernel = { services, ...(why !== undefined && { why }), ...(ways.length > 0 && { ways }) };
    return { ...this.#proxy.figures(), kernel };
  }

  shortages(): readonly PlaneProblem[] {
    return this.#proxy.shortages();
  }

  /** What the operator asks the kernel for and the proxy carries. */
  refusals(): readonly PlaneProblem[] {
    if (!this.#isChosen || this.#pool === undefined || this.#host.isLocal(this.#pool)) return [];
    const { why } = this.#conditions;
    if (why !== undefined) return [{ message: `the proxy carries virtual IPs, because ${why}` }];
    const todo = 'change that, or set vip.dataPlane to auto if it is meant so';
    return [...this.#places.all()].flatMap(({ service: at, carriage }) =>
      'why' in carriage && carriage.isAsked
        ? [{ at, message: `the proxy carries it, not the kernel, because ${carriage.why}; ${todo}` }]
        : [],
    );
  }

  async replaced(): Promise<void> {
    this.#isReplaced = true;
    await this.#enqueue(() => Promise.resolve());
  }

  async drain(hasSuccessor = false): Promise<void> {
    // The table is the successor's.
    if (hasSuccessor) this.#isSucceeded = true;
    const pool = this.#isReplaced ? this.#pool : undefined;
    await Promise.all([this.#proxy.drain(hasSuccessor), pool !== undefined && this.#flows.ended(pool)]);
  }

  async close(hasSuccessor = false): Promise<void> {
    await this.#enqueue(async () => {
      clearTimeout(this.#drainTimer);
      this.#udp.stop();
      this.#flows.stop();
      this.#isLeaving = !hasSuccessor && this.#places.byKernel().size > 0;
      if (this.#isLeaving) await this.#leave();
      await this.#proxy.close(hasSuccessor);
      this.#places.clear();
      this.#table.writer.close();
      if (!this.#isLeaving && (!hasSuccessor || this.#isReplaced)) {
        await this.#end();
        return;
      }
      this.#director?.stop();
      await this.#finder?.stop();
      this.#conditions.leave();
    });
  }

  /** The host as the proxy sees it: there is one table for both, and it stays behind with what the kernel leads. */
  #hostOf(host: PlaneHost): PlaneHost {
    return {
      ...host,
      writeVipRules: (pool, redirects, guard) => this.#lead(pool, redirects, guard),
      removeVipRules: async (pool) => {
        if (this.#isLeaving) return;
        this.#table.writer.forget();
        await host.removeVipRules(pool);
      },
      removeLocalRoute: async (pool) => {
        if (!this.#isLeaving) await host.removeLocalRoute(pool);
      },
      watchVipRules: (pool, tampered, onEnd) => {
        this.#isWatched = true;
        // Before the watch they may have become anything.
        this.#table.writer.forget();
        const isOurs = (stamp: number): boolean => this.#table.writer.isOurs(stamp);
        // It may be a map of this table. The next look, within half a minute, writes all of it.
        const onUnseen = (): void => this.#table.writer.forget();
        const onChange = (): void => {
          this.#table.writer.forget();
          tampered();
        };
        const onOver = (): void => {
          this.#isWatched = false;
          onEnd();
        };
        const onForwarding = (): void => this.#finder?.recheckSoon();
        const stop = host.watchVipRules(pool, onChange, onOver, { isOurs, onUnseen, onForwarding });
        return () => {
          this.#isWatched = false;
          stop();
        };
      },
    };
  }

  async #lead(pool: string, redirects: readonly Redirect[], guard?: VipGuard): Promise<void> {
    if (this.#adopts && !guard && redirects.length === 0) return;
    this.#adopts = false;
    this.#table.listeners = { pool, redirects, ...(guard && { guard }) };
    const fault = await this.#write();
    if (fault !== undefined) throw new Error(fault);
  }

  /** @returns why the rules could not be written, in one line */
  async #write(): Promise<string | undefined> {
    const pool = this.#table.listeners?.pool;
    if (pool === undefined || this.#isSucceeded || this.#isReplaced) return undefined;
    try {
      await this.#direct(pool);
      await this.#table.write();
      return undefined;
    } catch (error) {
      const why = errorMessage(error);
      if (this.#conditions.why !== undefined) return vipRulesFault(pool, why);
      this.#conditions.refuse(`its rules are refused (${why})`);
      this.#plan();
      return await this.#write();
    }
  }

  /** Before connections are led there. */
  async #direct(pool: string): Promise<void> {
    if (!this.#director || this.#conditions.why !== undefined) return;
    const carried = [...this.#places.byKernel().keys()].map((place) => this.#places.serviceAt(place));
    await this.#director.write(
      pool,
      carried.filter((service) => service !== undefined),
    );
  }

  /** Finds out what the kernel can do with a new pool. */
  async #begin(pool: string | undefined): Promise<void> {
    await this.#end();
    this.#pool = pool;
    if (pool === undefined) return;
    if (this.#host.isLocal(pool)) {
      this.#conditions.end('its addresses are those of loopback');
      return;
    }
    this.#adopts = await this.#kernel.hasKernelRules(pool);
    await this.#conditions.check(pool);
  }

  /** @returns whether tasks of a port for datagrams that the kernel carries have changed */
  #plan(): boolean {
    const { carriages } = this.#conditions;
    const isUdp = this.#places.plan(this.#desired, carriages);
    const { dead } = this.#places;
    const changed = this.#places.takeChanged();
    this.#table.state = carriages && {
      clients: carriages.clients,
      services: this.#places.byKernel(),
      ...(changed && { changed }),
      dead,
    };
    if (carriages && this.#pool !== undefined) this.#finder?.want(this.#pool, carriages.asked);
    this.#awaitDrains();
    return isUdp;
  }

  /** Ways between bridges have become others. */
  async #takeWays(): Promise<void> {
    if (this.#pool === undefined || this.#isLeaving) return;
    this.#conditions.lookAtWays(this.#pool);
    this.#plan();
    const fault = await this.#write();
    if (fault !== undefined) this.#log.warn(fault);
  }

  #awaitDrains(): void {
    clearTimeout(this.#drainTimer);
    const { nextAt } = this.#places;
    if (nextAt === Infinity) return;
    const end = (): void => {
      void this.#enqueue(async () => {
        this.#plan();
        await this.#write();
      });
    };
    this.#drainTimer = setTimeout(end, Math.max(0, nextAt - this.#now())).unref();
  }

  /** The process ends: what goes to its listeners is refused from now on, and the rest goes on. */
  async #leave(): Promise<void> {
    const { listeners } = this.#table;
    if (listeners) this.#table.listeners = { ...listeners, redirects: [] };
    const fault = await this.#write();
    if (fault !== undefined) this.#log.warn(fault);
    else this.#log.info('the kernel goes on to lead connections to tasks');
  }

  async #end(): Promise<void> {
    await this.#director?.end();
    await this.#finder?.end();
    [this.#pool, this.#adopts] = [undefined, false];
    this.#places.clear();
    [this.#table.listeners, this.#table.state] = [undefined, undefined];
    this.#conditions.end();
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => undefined);
    return done;
  }
}

function toldWay({ from: { bridge: from }, to: { bridge: to } }: Way, state: WayState): VipWay {
  return state.isOpen
    ? { from, to, source: state.keepsSources ? 'client' : 'host' }
    : { from, to, why: state.why };
}

/** `br-1 and the host`: whose connections the kernel leads. */
function scopeOf({ bridges }: KernelService): string {
  return bridges.length === 0 ? 'the host' : `${bridges.join(', ')} and the host`;
}
