import { isDeepStrictEqual } from 'node:util';
import { vipRulesFault } from '../../linux/vip-rules.js';
import { SCHEDULERS } from '../../net/balancing.js';
import { errorMessage } from '../../net/error-message.js';
import type { PlaneFigures } from '../../net/vip-figures.js';
import type {
  ClientNetworks,
  DataPlane,
  DesiredBackend,
  PassiveSignal,
  PlaneProblem,
  PlaneSpec,
  VirtualService,
  VirtualServiceCounters,
} from '../plane.js';
import { thisHost, type PlaneHost } from '../plane-host.js';
import { updatesOf } from '../desired/places.js';
import type { Restarts } from '../../runtime/supervisor.js';
import { TimerWheel } from '../../runtime/timer-wheel.js';
import { systemTimers } from '../../runtime/timers.js';
import { ClientTable } from '../flows/client-table.js';
import { FlowBudget, flowLimits, RAISE_LIMIT, type FlowLimits } from '../flows/flow-budget.js';
import type { Frontend, FrontendContext, Listen } from './frontend.js';
import { guardOf } from './guard-of.js';
import { HostPool } from './host-pool.js';
import { conflictProblem, listenProblem, tellLeftOut, type ListenProblem } from './listen-problem.js';
import { takesFlows } from './takes-flows.js';
import { portlessMessage, portShortages } from '../flows/port-shortage.js';
import { makeScheduler } from '../flows/make-scheduler.js';
import { NativeTcp, type NativeTcpOptions } from './tcp/native/native-tcp.js';
import { listenNodeTcp } from './tcp/node/node-tcp.js';
import { listenUdp, type UdpOptions } from './udp/udp-frontend.js';
import { silentLog, type Log } from '../../net/log.js';

export interface ProxyPlaneOptions {
  /** Keys the hashes of schedulers. Hosts that should choose alike need the same seed. */
  readonly seed?: number;
  /** Limits for all services together; by default those of {@link flowLimits}. */
  readonly limits?: FlowLimits;
  readonly udp?: UdpOptions;
  /**
   * Options for carrying TCP in separate threads, which requires calls to the C library. False: always use Node's
   * sockets.
   */
  readonly native?: NativeTcpOptions | false;
  /** The kernel; by default the one on which this process runs. */
  readonly host?: PlaneHost;
  readonly onSignal?: (signal: PassiveSignal) => void;
  /** Another program has taken away what {@link DataPlane.repair} puts back. */
  readonly onTampered?: () => void;
  readonly log?: Partial<Log>;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

interface Running {
  readonly frontend: Frontend;
  readonly service: string;
  /** As last applied. Applying the same value again changes nothing. */
  applied: VirtualService;
}

/**
 * When everything shuts down, a UDP session ends after this long without a datagram: nothing else shows that a client
 * has finished.
 */
const STOP_IDLE_MS = 1000;
/** The shortest interval between log messages about missing capacity. */
const TELL_FULL_MS = 60_000;

const SUPPORTS: DataPlane['supports'] = {
  schedulers: new Set(SCHEDULERS),
  features: new Set([
    ...(['affinity', 'limits', 'proxy-protocol', 'retry', 'reset', 'queued', 'replies', 'ops'] as const),
    ...(['figures', 'ends'] as const),
  ]),
};

/** It knows all figures. */
export interface ProxyDataPlane extends DataPlane {
  counters(): Promise<readonly VirtualServiceCounters[]>;
}

/** A data plane in this process: one socket for each port of each VIP, and a separate connection to the task. */
export function createProxyPlane(options: ProxyPlaneOptions): ProxyDataPlane {
  return new ProxyPlane(options);
}

/** The proxy plane among the others. */
export function proxyPlaneSpec(
  options: Omit<ProxyPlaneOptions, 'host' | 'onSignal' | 'onTampered' | 'log'>,
): PlaneSpec {
  return {
    name: 'proxy',
    async preflight(host, pool) {
      if (host.isLocal(pool)) return 'ok';
      const bind = pool.includes(':') ? host.nonlocalBindFault() : undefined;
      if (bind !== undefined) return { why: bind };
      const why = await host.tryVipRules(pool);
      return why === undefined ? 'ok' : { why: vipRulesFault(pool, why) };
    },
    open: (context) => createProxyPlane({ ...options, ...context }),
  };
}

class ProxyPlane implements ProxyDataPlane {
  readonly supports = SUPPORTS;
  readonly #options: ProxyPlaneOptions;
  readonly #context: FrontendContext;
  readonly #wheel: TimerWheel;
  readonly #pool: HostPool;
  /** By VIP, port and protocol. */
  readonly #running = new Map<string, Running>();
  /** Removed frontends whose flows may continue. */
  readonly #leaving = new Map<string, Set<Frontend>>();
  /** Runs the calls of {@link apply} one after the other. */
  #queue: Promise<unknown> = Promise.resolve();
  /** The last desired state, once it is fully applied. */
  #settled: readonly VirtualService[] | undefined;
  /** Whether listeners have changed since the kernel's rules were last written. */
  #isLeadDue = false;
  #admitted: ClientNetworks | undefined;
  #clients: ClientTable | undefined;
  #stopping = false;
  /** A predecessor may still listen at the addresses. */
  #inherits = false;
  /** Asked for once, when the first service is there; undefined where it cannot be. */
  #native: Promise<NativeTcp | undefined> | undefined;
  /** The same, when it is there. */
  #threads: NativeTcp | undefined;
  #closed: Promise<void> | undefined;
  #toldFull = -Infinity;
  #toldPortless = -Infinity;

  constructor(options: ProxyPlaneOptions) {
    const { seed = 0, onSignal = () => undefined } = options;
    const log: Log = { ...silentLog, ...options.log };
    const now = options.now ?? (() => performance.now());
    this.#options = options;
    this.#wheel = new TimerWheel({
      timers: { ...systemTimers, now },
      tickMs: 100,
      // Flows read the wheel's coarse time.
      turns: 'tick',
    });
    const limits = new FlowBudget(options.limits ?? flowLimits(), { onFull: () => this.#tellFull() });
    this.#pool = new HostPool(options.host ?? thisHost, log, options.onTampered);
    const anyPort = (): boolean => this.#pool.leads;
    this.#context = {
      createScheduler: makeScheduler(seed, now),
      now,
      onSignal,
      onPortless: ({ desired }) => this.#tellPortless(desired),
      limits,
      log,
      anyPort,
      shares: () => this.#inherits,
      clients: () => this.#clients,
    };
  }

  use(pool: string | undefined, inherits = false): Promise<void> {
    return this.#enqueue(async () => {
      if (this.#stopping) return;
      this.#inherits ||= inherits;
      if (await this.#pool.use(pool, inherits)) this.#isLeadDue = true;
    });
  }

  admit(clients: ClientNetworks): Promise<void> {
    return this.#enqueue(async () => {
      this.#admitted = clients;
      this.#clients = new ClientTable(clients);
      this.#isLeadDue = true;
      await (await this.#native)?.admit(clients);
    });
  }

  apply(desired: readonly VirtualService[]): Promise<readonly PlaneProblem[]> {
    return this.#enqueue(async () => {
      if (this.#stopping) return [];
      const problems = await this.#apply(desired);
      const fault = await this.#leadWhenDue();
      return fault ? [...problems, fault] : problems;
    });
  }

  repair(): Promise<void> {
    return this.#enqueue(async () => {
      if (this.#stopping) return;
      this.#pool.watch();
      await this.#lead();
    });
  }

  counters(): Promise<readonly VirtualServiceCounters[]> {
    return Promise.all([...this.#running.values()].map(async ({ frontend }) => await frontend.counters()));
  }

  figures(): PlaneFigures {
    const { flows, descriptors, limits } = this.#context.limits;
    const restarts: Restarts = this.#threads?.restarts ?? { count: 0 };
    return {
      threads: this.#threads?.threads ?? 0,
      restarts: restarts.count,
      ...(restarts.lastError !== undefined && { lastError: restarts.lastError }),
      flows,
      ...(limits.flows < Number.MAX_SAFE_INTEGER && { maxFlows: limits.flows }),
      descriptors,
      maxDescriptors: limits.descriptors,
    };
  }

  shortages(): readonly PlaneProblem[] {
    const counters = Array.from(this.#running.values(), ({ frontend }) => frontend.lately());
    return portShortages(counters, (address) => {
      const spares = this.#clients?.spareSources(address).length ?? 0;
      // The virtual IP is one more.
      return spares > 0 ? spares + 2 : 1;
    });
  }

  async drain(hasSuccessor = false): Promise<void> {
    if (hasSuccessor) for (const { frontend } of this.#running.values()) frontend.leaveToSuccessor?.();
    await this.#stop((frontend) => frontend.drain(STOP_IDLE_MS));
  }

  async close(hasSuccessor = false): Promise<void> {
    await this.#stop((frontend) => frontend.close());
    this.#wheel.clear();
    this.#closed ??= this.#end(hasSuccessor);
    await this.#closed;
  }

  async #end(hasSuccessor: boolean): Promise<void> {
    await (await this.#native)?.stop();
    if (hasSuccessor) this.#pool.leave();
    else await this.#pool.use(undefined);
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => undefined);
    return done;
  }

  async #leadWhenDue(): Promise<PlaneProblem | undefined> {
    if (!this.#isLeadDue) return undefined;
    try {
      await this.#lead();
      return undefined;
    } catch (error) {
      return { message: errorMessage(error) };
    }
  }

  /** Updates the kernel's redirects to the listeners. */
  async #lead(): Promise<void> {
    this.#isLeadDue = true;
    const redirects = [...this.#running.values()].flatMap(({ frontend, applied }) => {
      const { vip, port, protocol } = applied;
      const listenPort = frontend.address.port;
      return protocol === 'tcp' && listenPort !== port && takesFlows(applied)
        ? [{ vip, port, listenPort }]
        : [];
    });
    const guard =
      this.#admitted &&
      guardOf(
        Array.from(this.#running.values(), ({ applied }) => applied),
        this.#admitted,
      );
    await this.#pool.lead(redirects, guard);
    this.#isLeadDue = false;
  }

  async #stop(how: (frontend: Frontend) => Promise<void>): Promise<void> {
    this.#stopping = true;
    await this.#queue;
    const running = [...this.#running.values()].map(({ frontend }) => frontend);
    const leaving = [...this.#leaving.values()].flatMap((each) => [...each]);
    await Promise.all([...running, ...leaving].map(how));
  }

  async #apply(desired: readonly VirtualService[]): Promise<readonly PlaneProblem[]> {
    const updates = this.#settled && updatesOf(this.#settled, desired);
    if (updates) await this.#update(updates);
    else {
      this.#settled = undefined;
      const problems = await this.#move(desired);
      if (problems.length > 0) return problems;
    }
    this.#settled = desired;
    return [];
  }

  /** Handles added and removed addresses. */
  async #move(desired: readonly VirtualService[]): Promise<readonly PlaneProblem[]> {
    const problems: PlaneProblem[] = [];
    const wanted = new Map<string, VirtualService>();
    // Sorted by service, so that the winner of a disputed address does not depend on the input order.
    for (const service of [...desired].sort((a, b) => compare(a.service, b.service))) {
      const key = keyOf(service);
      const holder = wanted.get(key);
      if (holder) problems.push(conflictProblem(service, holder.service));
      else wanted.set(key, service);
    }
    await this.#remove(wanted);
    const missing = [...wanted].filter(([key]) => !this.#running.has(key));
    const updated = this.#update([...wanted.values()]);
    const tried = await Promise.all(missing.map(([, service]) => this.#add(service)));
    await updated;
    const untold = tried.filter((problem) => problem !== undefined);
    return [...problems, ...tellLeftOut(untold, wanted.size)];
  }

  async #update(services: readonly VirtualService[]): Promise<void> {
    const updated = services.map(async (service) => {
      const running = this.#running.get(keyOf(service));
      if (!running || running.applied === service) return;
      const { applied } = running;
      if (!isDeepStrictEqual(applied.clients, service.clients) || areLedOtherwise(applied, service))
        this.#isLeadDue = true;
      running.applied = service;
      await running.frontend.update(service);
    });
    await Promise.all(updated);
  }

  async #remove(wanted: ReadonlyMap<string, VirtualService>): Promise<void> {
    const stopped: Promise<void>[] = [];
    for (const [key, { frontend, service }] of this.#running) {
      if (wanted.get(key)?.service === service) continue;
      this.#running.delete(key);
      this.#isLeadDue = true;
      const leaving = this.#leaving.get(key);
      if (leaving) leaving.add(frontend);
      else this.#leaving.set(key, new Set([frontend]));
      if (frontend.stopListening) stopped.push(frontend.stopListening());
      void this.#letEnd(key, frontend);
    }
    await Promise.all(stopped);
  }

  async #letEnd(key: string, frontend: Frontend): Promise<void> {
    await frontend.drain();
    await frontend.close();
    const leaving = this.#leaving.get(key);
    leaving?.delete(frontend);
    if (leaving?.size === 0) this.#leaving.delete(key);
  }

  async #add(service: VirtualService): Promise<ListenProblem | undefined> {
    const key = keyOf(service);
    try {
      const frontend = await this.#open(service, this.#leaving.get(key));
      this.#running.set(key, { frontend, service: service.service, applied: service });
      this.#isLeadDue = true;
      return undefined;
    } catch (error) {
      return listenProblem(service, error);
    }
  }

  /**
   * @param before the previous holders of the address; their flows continue unless the new listener needs their sockets
   * (UDP)
   */
  async #open(service: VirtualService, before: Iterable<Frontend> | undefined): Promise<Frontend> {
    const listen = await this.#listenerOf(service);
    // Two UDP sockets would share the address, and each would have a part of what comes.
    if (service.protocol === 'udp' && before) await Promise.all(Array.from(before, (each) => each.close()));
    try {
      return await listen(service, this.#context);
    } catch (error) {
      if (!before) throw error;
      await Promise.all(Array.from(before, (each) => each.close()));
      return await listen(service, this.#context);
    }
  }

  async #listenerOf({ protocol }: VirtualService): Promise<Listen> {
    if (protocol === 'udp') return (service, context) => listenUdp(service, context, this.#options.udp);
    this.#native ??= this.#loadNative();
    const native = await this.#native;
    if (!native) return listenNodeTcp(this.#wheel);
    return (service, context) => Promise.resolve().then(() => native.listen(service, context));
  }

  async #loadNative(): Promise<NativeTcp | undefined> {
    const { native = {}, seed = 0 } = this.#options;
    if (native === false) return undefined;
    const { limits: budget, onSignal, log } = this.#context;
    const onFull = (): void => this.#tellFull();
    const loaded = await NativeTcp.load(native, { seed, budget, onSignal, onFull, log });
    if (!('unavailable' in loaded)) {
      this.#threads = loaded;
      if (this.#admitted) await loaded.admit(this.#admitted);
      return loaded;
    }
    log.warn(`Node carries TCP itself, at more than twice the cost, because ${loaded.unavailable}`);
    return undefined;
  }

  #tellPortless(backend: DesiredBackend): void {
    const now = this.#wheel.now();
    if (now - this.#toldPortless < TELL_FULL_MS) return;
    this.#toldPortless = now;
    this.#context.log.warn(portlessMessage(backend));
  }

  #tellFull(): void {
    const { limits: budget, log } = this.#context;
    const { flows, descriptors, limits } = budget;
    const now = this.#wheel.now();
    if (now - this.#toldFull < TELL_FULL_MS) return;
    this.#toldFull = now;
    log.warn(
      `no more connections are possible: ${flows} are open, with ${descriptors} of ${limits.descriptors} file descriptors; ` +
        `new ones wait; ${RAISE_LIMIT}`,
    );
  }
}

function keyOf({ vip, port, protocol }: VirtualService): string {
  return `${vip} ${port} ${protocol}`;
}

/** The kernel refuses what no task takes. */
function areLedOtherwise(before: VirtualService, after: VirtualService): boolean {
  const [had, has] = [before.backends.length > 0, after.backends.length > 0];
  return takesFlows(before) !== takesFlows(after) || had !== has;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
