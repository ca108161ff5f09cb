import type {
  DataPlane,
  PassiveSignal,
  PlaneProblem,
  VirtualService,
  VirtualServiceCounters,
} from '../data-plane.js';
import { createScheduler, withAffinity } from '../schedulers/index.js';
import { DeadlineWheel } from './deadline-wheel.js';
import { FlowBudget, flowLimits, type FlowLimits } from './flow-budget.js';
import type { Frontend, FrontendContext, Listen } from './frontend.js';
import { conflictProblem, listenProblem } from './listen-problem.js';
import { tcpListen } from './tcp-frontend.js';
import { listenUdp, type UdpOptions } from './udp-frontend.js';

export interface ProxyPlaneOptions {
  /** Absent: the schedulers of this program. */
  readonly createScheduler?: FrontendContext['createScheduler'];
  /** Keys the hashes of schedulers; hosts that are to choose alike have the same. */
  readonly seed?: number;
  /** Of all services together; absent: as {@link flowLimits} finds them. */
  readonly limits?: FlowLimits;
  readonly udp?: UdpOptions;
  /** Asked for each new TCP listener; see {@link VirtualServiceCounters.listenPort}. False by default. */
  readonly anyPort?: () => boolean;
  readonly onSignal?: (signal: PassiveSignal) => void;
  readonly log?: (message: string) => void;
  /** Milliseconds that only grow. */
  readonly now?: () => number;
}

interface Running {
  readonly frontend: Frontend;
  readonly service: string;
  /** As applied last: the same value again changes nothing. */
  applied: VirtualService;
}

/** How often at most the log tells that there is no room. */
const TELL_FULL_MS = 60_000;
/** Client addresses that one service remembers for affinity. */
const MAX_AFFINITY = 65_536;

/** A data plane in this process: a socket for each port of each VIP, and a connection of its own to the task. */
export function createProxyPlane(options: ProxyPlaneOptions): DataPlane {
  return new ProxyPlane(options);
}

class ProxyPlane implements DataPlane {
  readonly #listen: Readonly<Record<VirtualService['protocol'], Listen>>;
  readonly #context: FrontendContext;
  readonly #wheel: DeadlineWheel;
  /** By vip, port and protocol. */
  readonly #running = new Map<string, Running>();
  /** Taken out of service, with flows that may go on. */
  readonly #leaving = new Map<string, Frontend>();
  /** The calls of {@link apply}, one after the other. */
  #queue: Promise<unknown> = Promise.resolve();
  #stopping = false;
  #toldFull = -Infinity;

  constructor(options: ProxyPlaneOptions) {
    const { seed = 0, onSignal = () => undefined, log = () => undefined } = options;
    const now = options.now ?? (() => performance.now());
    const { createScheduler: make = schedulerOf(seed, now) } = options;
    this.#wheel = new DeadlineWheel(now);
    this.#listen = {
      tcp: tcpListen(this.#wheel),
      udp: (service, context) => listenUdp(service, context, options.udp),
    };
    const limits = new FlowBudget(options.limits ?? flowLimits(), () => this.#tellFull(limits, log));
    const { anyPort = () => false } = options;
    this.#context = { createScheduler: make, now, onSignal, limits, log, anyPort };
  }

  apply(desired: readonly VirtualService[]): Promise<readonly PlaneProblem[]> {
    const done = this.#queue.then(() => (this.#stopping ? [] : this.#apply(desired)));
    this.#queue = done.catch(() => undefined);
    return done;
  }

  counters(): readonly VirtualServiceCounters[] {
    return [...this.#running.values()].map(({ frontend }) => frontend.counters());
  }

  async drain(): Promise<void> {
    await this.#stop((frontend) => frontend.drain());
  }

  async close(): Promise<void> {
    await this.#stop((frontend) => frontend.close());
    this.#wheel.clear();
  }

  async #stop(how: (frontend: Frontend) => Promise<void>): Promise<void> {
    this.#stopping = true;
    await this.#queue;
    await Promise.all([...this.#running.values()].map(({ frontend }) => how(frontend)));
    await Promise.all([...this.#leaving.values()].map(how));
  }

  async #apply(desired: readonly VirtualService[]): Promise<readonly PlaneProblem[]> {
    const problems: PlaneProblem[] = [];
    const wanted = new Map<string, VirtualService>();
    // By service, so that who has a doubled address does not depend on the order.
    for (const service of [...desired].sort((a, b) => compare(a.service, b.service))) {
      const key = keyOf(service);
      const holder = wanted.get(key);
      if (holder) problems.push(conflictProblem(service, holder.service));
      else wanted.set(key, service);
    }
    await this.#remove(wanted);
    const missing: VirtualService[] = [];
    for (const [key, service] of wanted) {
      const running = this.#running.get(key);
      if (!running) missing.push(service);
      else if (running.applied !== service) {
        running.applied = service;
        running.frontend.update(service);
      }
    }
    const tried = await Promise.all(missing.map((service) => this.#add(service)));
    return [...problems, ...tried.filter((problem) => problem !== undefined)];
  }

  async #remove(wanted: ReadonlyMap<string, VirtualService>): Promise<void> {
    const stopped: Promise<void>[] = [];
    for (const [key, { frontend, service }] of this.#running) {
      if (wanted.get(key)?.service === service) continue;
      this.#running.delete(key);
      this.#leaving.set(key, frontend);
      if (frontend.stopListening) stopped.push(frontend.stopListening());
      void this.#letEnd(key, frontend);
    }
    await Promise.all(stopped);
  }

  async #letEnd(key: string, frontend: Frontend): Promise<void> {
    await frontend.drain();
    await frontend.close();
    if (this.#leaving.get(key) === frontend) this.#leaving.delete(key);
  }

  async #add(service: VirtualService): Promise<PlaneProblem | undefined> {
    const key = keyOf(service);
    try {
      const frontend = await this.#open(service, this.#leaving.get(key));
      this.#running.set(key, { frontend, service: service.service, applied: service });
      return undefined;
    } catch (error) {
      return listenProblem(service, error);
    }
  }

  /** @param before what had the address; its flows go on unless its socket is still needed for them (UDP) */
  async #open(service: VirtualService, before: Frontend | undefined): Promise<Frontend> {
    const listen = this.#listen[service.protocol];
    try {
      return await listen(service, this.#context);
    } catch (error) {
      if (!before) throw error;
      await before.close();
      return await listen(service, this.#context);
    }
  }

  #tellFull({ flows, descriptors, limits }: FlowBudget, log: (message: string) => void): void {
    const now = this.#wheel.now();
    if (now - this.#toldFull < TELL_FULL_MS) return;
    this.#toldFull = now;
    log(
      `virtual IPs: no room for another connection: ${flows} are open, with ${descriptors} of ${limits.descriptors} file descriptors; ` +
        `new ones wait; raise the limit (LimitNOFILE= in the systemd unit, --ulimit nofile= for docker run)`,
    );
  }
}

function schedulerOf(seed: number, now: () => number): FrontendContext['createScheduler'] {
  return ({ scheduler, affinity }) => {
    const made = createScheduler(scheduler, { seed, now });
    return affinity ? withAffinity(made, { timeout: affinity.timeout, max: MAX_AFFINITY, now }) : made;
  };
}

function keyOf({ vip, port, protocol }: VirtualService): string {
  return `${vip} ${port} ${protocol}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
