import type { Catalog } from '../catalog/catalog.js';
import type { ChangeSet } from '../catalog/change.js';
import type { EndpointMode, Isolation, Problem, ServiceKey } from '../catalog/model.js';
import { poolConflicts } from '../catalog/pool-conflicts.js';
import { hostRanges } from '../linux/routes.js';
import type { Balancing } from '../net/balancing.js';
import { errorMessage } from '../net/error-message.js';
import type { Cidr } from '../net/ip.js';
import type { Log } from '../net/log.js';
import type { VipStatus } from '../net/vip-figures.js';
import type { Pace, Paced } from '../runtime/pace.js';
import { ClientNetworksSet } from './desired/client-networks.js';
import { DesiredSet } from './desired/desired-set.js';
import { placeText } from './desired/place-text.js';
import { vantagesOn } from './desired/vantages.js';
import { VipLoops } from './desired/vip-loops.js';
import type {
  ClientNetworks,
  PassiveSignal,
  PlaneProblem,
  PlaneSpec,
  ToldService,
  VantageFinder,
  VirtualService,
} from './plane.js';
import { thisHost, type PlaneHost } from './plane-host.js';
import { PlaneInForce } from './plane-in-force.js';
import { lineOf, problemsOf } from './plane-problems.js';
import { PlaneRepair } from './plane-repair.js';

export interface KeeperOptions {
  readonly catalog: Catalog;
  /** The pace at which it follows changes. */
  readonly pace: Pick<Pace, 'follow'>;
  readonly spec: PlaneSpec;
  readonly log: Log;
  readonly onSignal?: (signal: PassiveSignal) => void;
  readonly host?: PlaneHost;
  /** The host's ranges, with which the pool must not overlap. */
  readonly hostRanges?: typeof hostRanges;
  /** The addresses of this host's interfaces. */
  readonly hostAddresses?: () => readonly string[];
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
  /** Milliseconds before a failed step is retried. */
  readonly retryMs?: number;
  /** How long open connections may continue when the daemon stops, in milliseconds. */
  readonly stopMs?: number;
}

/** The configured settings of virtual IPs. */
export interface KeeperTerms {
  /** Undefined: virtual IPs are off. */
  readonly vip?: {
    /** CIDR. */
    readonly pool: string;
    /** How long an address is reserved for a removed service, in milliseconds. */
    readonly release: number;
    readonly endpointMode: EndpointMode;
    /** Ranges beyond the host whose connections are accepted. */
    readonly external: readonly Pick<Cidr, 'text'>[];
  };
  readonly isolation: Isolation;
  readonly balancing: Balancing;
}

/** Whether virtual IPs are possible. */
export type VipSupply =
  | { readonly pool: string }
  /** There are none, and why. `wanted`: the configuration asks for them all the same. */
  | { readonly why: string; readonly wanted: boolean };

/** There is no notification when another program releases a port, or when rules can be loaded again. */
const RETRY_MS = 10_000;
/** Shorter than the ten seconds after which `docker stop` kills. */
const STOP_MS = 5000;
/** A successor accepts new connections, so open ones may continue longer. */
const SUCCEEDED_STOP_MS = 30_000;

/** One port of one virtual IP, and what became of it. */
export interface KeptService {
  readonly service: VirtualService;
  /** Undefined: the data plane does not carry it. */
  readonly counters?: ToldService;
  /** Why it is not served. */
  readonly problem?: string;
}

/**
 * The virtual IPs of this host. It makes the data plane carry what the catalog describes, and keeps track of the
 * result.
 */
export class Keeper {
  readonly #catalog: Catalog;
  readonly #planes: PlaneInForce;
  readonly #log: Log;
  readonly #host: PlaneHost;
  readonly #hostRanges: typeof hostRanges;
  readonly #clock: () => number;
  readonly #now: () => number;
  readonly #retryMs: number;
  readonly #stopMs: number;
  #terms: KeeperTerms | undefined;
  #supply: VipSupply = { why: 'the daemon is starting', wanted: false };
  readonly #desiredSet = new DesiredSet();
  readonly #clientSet: ClientNetworksSet;
  #clients: ClientNetworks | undefined;
  /** Services that changed since the last update. */
  #changed: Set<ServiceKey> | 'all' = 'all';
  /** As the catalog has it. */
  #wanted: readonly VirtualService[] = [];
  /** As applied last. */
  #desired: readonly VirtualService[] = [];
  readonly #loops = new VipLoops();
  /** Virtual IPs that would lead back to themselves. */
  #looped: readonly string[] = [];
  #problems: readonly PlaneProblem[] = [];
  readonly #repair: PlaneRepair;
  /** When to try again what failed; as `now` counts. */
  #retryAt = Infinity;
  #unsubscribe: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Changes in a burst share one apply. */
  readonly #following: Paced;

  constructor(options: KeeperOptions) {
    this.#catalog = options.catalog;
    this.#log = options.log;
    this.#host = options.host ?? thisHost;
    this.#hostRanges = options.hostRanges ?? hostRanges;
    this.#clock = options.clock ?? Date.now;
    this.#now = options.now ?? (() => performance.now());
    this.#clientSet = new ClientNetworksSet(options.hostAddresses);
    this.#retryMs = options.retryMs ?? RETRY_MS;
    this.#stopMs = options.stopMs ?? STOP_MS;
    this.#following = options.pace.follow(() => this.#work());
    const { log, onSignal = () => undefined } = options;
    this.#repair = new PlaneRepair({
      repair: () => this.#planes.plane.repair(),
      retryMs: this.#retryMs,
      now: this.#now,
      log,
    });
    const onTampered = (): void => {
      if (!this.#unsubscribe) return;
      this.#repair.tampered();
      this.#planNext();
    };
    const vantages: VantageFinder = (networks, family) =>
      vantagesOn(this.#catalog.snapshot.tasks(), networks, family);
    const context = { host: this.#host, log, onSignal, onTampered, vantages };
    this.#planes = new PlaneInForce(options.spec, { context, log, leaveMs: SUCCEEDED_STOP_MS });
  }

  /**
   * Checks whether a configuration's virtual IPs are possible. Changes nothing.
   * @param refuse makes the error when something else uses the pool that the operator chose. Undefined if the pool is
   * the default: the daemon then continues without virtual IPs, because an upgrade must not stop DNS
   * @returns the argument for {@link use}
   * @throws the error of `refuse`
   */
  async prepare({ vip }: KeeperTerms, refuse?: (conflict: string) => Error): Promise<VipSupply> {
    if (!vip) return { why: 'vip is false', wanted: false };
    const { pool } = vip;
    // Active settings are not checked again.
    if ('pool' in this.#supply && this.#supply.pool === pool) return { pool };
    const [conflict] = poolConflicts(pool, {
      routes: this.#hostRanges(),
      networks: this.#catalog.snapshot.networks(),
    });
    if (conflict !== undefined && refuse) throw refuse(conflict);
    if (conflict !== undefined) return { why: conflict, wanted: true };
    const outcome = await this.#planes.spec.preflight(this.#host, pool);
    return outcome === 'ok' ? { pool } : off(outcome.why);
  }

  /**
   * Applies a configuration. At the start, call this before the first source reports. Never rejects: what fails now is
   * retried later.
   * @param inherits another daemon has redirected connections here so far; its redirects stay until the first apply
   */
  async use(terms: KeeperTerms, supply: VipSupply, inherits = false): Promise<void> {
    this.#terms = terms;
    const taken = await this.#take(supply, inherits);
    if ('why' in taken && taken.wanted)
      this.#log.warn(`virtual IPs are off, so names are answered with tasks: ${taken.why}`);
    this.#settle(terms, taken);
    // The operator does not want any.
    if ('why' in taken && !taken.wanted && (await this.#host.removeLeftVips()))
      this.#log.info('removed the rules for virtual IPs that a daemon before this one had left');
    if (this.#unsubscribe) this.#following.due();
  }

  /**
   * Has a data plane of another kind carry everything, soon. Connections that are open go on, for up to half a minute
   * if the plane before it carries them in this process.
   */
  choose(spec: PlaneSpec): void {
    this.#planes.choose(spec);
    if (this.#unsubscribe) this.#following.due();
  }

  /** Follows the catalog from now on. Resolves when everything present is carried. */
  async start(): Promise<void> {
    let isFollowing = false;
    this.#clientSet.note(this.#catalog.snapshot, 'all');
    this.#unsubscribe = this.#catalog.onChange((change, snapshot) => {
      this.#note(change);
      this.#clientSet.note(snapshot, change.tasks);
      if (isFollowing) this.#following.due();
    });
    await this.#work();
    // What is needed again is held by now.
    const faults = await this.#host.restoreLeft();
    if (faults.length > 0)
      this.#log.warn(
        `settings that a daemon before this one had changed could not be restored: ${faults.join(', ')}; set them yourself`,
      );
    isFollowing = true;
    this.#following.due();
  }

  /**
   * Keeps carrying the present state and changes nothing on the host, because a successor is about to. {@link start}
   * ends this.
   */
  freeze(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    clearTimeout(this.#timer);
  }

  /**
   * Accepts no new connections. Open ones may continue for a short while.
   * @param hasSuccessor another process now owns the routes and rules, so connections get more time
   */
  async stop(hasSuccessor = false): Promise<void> {
    this.freeze();
    this.#following.stop();
    const enough = new Promise<void>((resolve) => {
      setTimeout(resolve, hasSuccessor ? SUCCEEDED_STOP_MS : this.#stopMs).unref();
    });
    await Promise.race([this.#planes.plane.drain(hasSuccessor), enough]);
    await this.#planes.endOthers();
    await this.#planes.plane.close(hasSuccessor);
  }

  status(): VipStatus {
    const figures = { services: this.#desired.length, carrier: this.#planes.plane.figures() };
    if ('why' in this.#supply) return { plane: 'off', ...this.#supply, ...figures };
    const { done } = this.#repair;
    return {
      plane: this.#planes.name,
      pool: this.#supply.pool,
      ...figures,
      ...(done > 0 && { repairs: done }),
    };
  }

  /** What cannot be served at present. */
  problems(): readonly Problem[] {
    const [shortages, refusals] = [this.#planes.plane.shortages(), this.#planes.plane.refusals?.()];
    return problemsOf(this.#problems, this.#repair.fault, this.#looped, shortages, refusals);
  }

  /** One for each port of each virtual IP. */
  async services(): Promise<Iterable<KeptService>> {
    const counted = new Map((await this.#planes.plane.counters()).map((each) => [placeText(each), each]));
    return this.#kept(counted);
  }

  *#kept(counted: ReadonlyMap<string, ToldService>): Iterable<KeptService> {
    const problems = new Map(this.#problems.map(({ at, message }) => [at && placeText(at), message]));
    for (const service of this.#desired) {
      const place = placeText(service);
      const counters = counted.get(place);
      const problem = problems.get(place);
      yield {
        service,
        ...(counters?.service === service.service && { counters }),
        ...(problem !== undefined && { problem }),
      };
    }
  }

  get #pool(): string | undefined {
    return 'pool' in this.#supply ? this.#supply.pool : undefined;
  }

  #note({ services: { added, changed, removed }, lookups }: ChangeSet): void {
    if (lookups === 'all') this.#changed = 'all';
    if (this.#changed === 'all') return;
    for (const key of [...added, ...changed, ...removed]) this.#changed.add(key);
  }

  /** Makes the plane take the pool. */
  async #take(supply: VipSupply, inherits = false): Promise<VipSupply> {
    try {
      await this.#planes.plane.use('pool' in supply ? supply.pool : undefined, inherits);
      return supply;
    } catch (error) {
      return off(errorMessage(error));
    }
  }

  #settle({ vip, balancing, isolation }: KeeperTerms, supply: VipSupply): void {
    this.#supply = supply;
    if ('pool' in supply) this.#repair.begin();
    else this.#repair.end();
    this.#retryAt = 'why' in supply && supply.wanted ? this.#now() + this.#retryMs : Infinity;
    this.#catalog.configure({
      isolation,
      endpointMode: vip?.endpointMode ?? 'dnsrr',
      balancing,
      vips: vip && 'pool' in supply ? { pool: supply.pool, release: vip.release } : 'none',
    });
  }

  async #work(): Promise<void> {
    const changed = this.#changed;
    this.#changed = new Set();
    const wanted = this.#desiredSet.update(this.#catalog.snapshot, changed, {
      at: this.#clock(),
      now: this.#now(),
    });
    const isOther = await this.#planes.change(this.#pool);
    if (isOther) this.#clients = undefined;
    const isAdmitted = await this.#admit();
    if (wanted !== this.#wanted || isAdmitted || this.#problems.length > 0) await this.#carry(wanted);
    if (isOther) this.#planes.retire();
    if ('why' in this.#supply) await this.#regain();
    else await this.#repair.run();
    this.#planNext();
  }

  /** @returns whether the plane received a new set of clients */
  async #admit(): Promise<boolean> {
    const external = (this.#terms?.vip?.external ?? []).map(({ text }) => text);
    const pool = this.#pool;
    if (pool === undefined) return false;
    const clients = this.#clientSet.update(this.#catalog.snapshot, { pool, external });
    if (clients === this.#clients) return false;
    this.#clients = clients;
    await this.#planes.plane.admit(clients);
    return true;
  }

  async #carry(wanted: readonly VirtualService[]): Promise<void> {
    const pool = this.#pool;
    const { services, loops } =
      pool === undefined ? { services: wanted, loops: [] } : this.#loops.cut(wanted, pool);
    for (const line of loops) if (!this.#looped.includes(line)) this.#log.warn(line);
    this.#looped = loops;
    try {
      const problems = await this.#planes.plane.apply(services);
      this.#wanted = wanted;
      this.#desired = services;
      const told = new Set(this.#problems.map(lineOf));
      this.#problems = problems;
      for (const line of new Set(problems.map(lineOf))) if (!told.has(line)) this.#log.warn(line);
    } catch (error) {
      this.#log.error('virtual IPs could not be changed; please report it', { error: errorMessage(error) });
    }
  }

  /** The obstacle may have gone: `nft` fails for a moment when another program changes rules. */
  async #regain(): Promise<void> {
    const terms = this.#terms;
    if (!terms || this.#now() < this.#retryAt) return;
    this.#retryAt = this.#now() + this.#retryMs;
    const supply = await this.prepare(terms);
    if ('why' in supply) this.#supply = supply;
    const taken = 'pool' in supply ? await this.#take(supply) : supply;
    // A reload may have changed the terms in the meantime.
    if (terms !== this.#terms) return;
    if ('why' in taken) {
      this.#supply = taken;
      return;
    }
    this.#log.info(`virtual IPs are on again, with the pool ${taken.pool}`);
    this.#settle(terms, taken);
    this.#following.due();
  }

  #planNext(): void {
    clearTimeout(this.#timer);
    if (!this.#unsubscribe) return;
    const now = this.#now();
    const retryIn = this.#problems.length > 0 ? this.#retryMs : Infinity;
    const wait = Math.min(
      retryIn,
      Math.min(this.#repair.dueAt, this.#retryAt, this.#desiredSet.nextChange) - now,
    );
    if (wait < Infinity) this.#timer = setTimeout(() => this.#following.due(), Math.max(0, wait)).unref();
  }
}

function off(why: string): VipSupply {
  return { why: `${why}, or set vip to false`, wanted: true };
}
