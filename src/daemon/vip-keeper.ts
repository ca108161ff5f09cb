import type { VipPort, VipStatus, VirtualServiceInfo } from '../api/ports.js';
import type {
  DataPlane,
  PlaneProblem,
  VirtualService,
  VirtualServiceCounters,
} from '../balancer/data-plane.js';
import { DesiredSet } from '../balancer/desired-set.js';
import { samePlaces } from '../balancer/places.js';
import type { Catalog } from '../catalog/catalog.js';
import type { ChangeSet } from '../catalog/change.js';
import type { Problem, ServiceKey } from '../catalog/model.js';
import type { Config } from '../config/model.js';
import type { LoadedConfig } from './loaded-config.js';
import { errorMessage } from '../net/error-message.js';
import type { Log } from '../net/log.js';
import { Pacer } from './pacer.js';
import { infoOf, placeOf } from './vip-info.js';
import { VipSupplier, type VipSupply } from './vip-supply.js';

export interface VipKeeperOptions {
  readonly catalog: Catalog;
  readonly plane: DataPlane;
  readonly log: Log;
  readonly supplier?: VipSupplier;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
  /** Milliseconds until an address that could not be served is tried again. */
  readonly retryMs?: number;
  /** Milliseconds that open connections may go on when the daemon stops. */
  readonly stopMs?: number;
}

/** Whoever held the port may have let it go: nothing tells us. */
const RETRY_MS = 10_000;
/** Somebody may have flushed the rules of the host. */
const RULES_MS = 30_000;
/** Shorter than the ten seconds after which `docker stop` kills. */
const STOP_MS = 5000;

/** What the kernel was told last: absent when it took nothing. */
interface Led {
  readonly pool?: string;
  readonly desired?: readonly VirtualService[];
  readonly problems?: readonly PlaneProblem[];
  /** When to tell it again, milliseconds since the epoch. */
  readonly due: number;
  readonly fault?: string;
}

/** The virtual IPs of this host: has the data plane carry what the catalog says, and tells the API what it carries. */
export class VipKeeper implements VipPort {
  readonly #catalog: Catalog;
  readonly #plane: DataPlane;
  readonly #log: Log;
  readonly #supplier: VipSupplier;
  readonly #clock: () => number;
  readonly #retryMs: number;
  readonly #stopMs: number;
  #supply: VipSupply = { why: 'the daemon is starting', wanted: false };
  readonly #desiredSet = new DesiredSet();
  /** Services that changed since it was updated. */
  #changed: Set<ServiceKey> | 'all' = 'all';
  /** As applied last. */
  #desired: readonly VirtualService[] = [];
  #problems: readonly PlaneProblem[] = [];
  /** The redirects that the kernel was last told of, and when to tell it again. */
  #led: Led = { due: -Infinity };
  #unsubscribe: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** A burst of changes is one apply. */
  readonly #pacer = new Pacer(() => this.#apply());

  constructor(options: VipKeeperOptions) {
    this.#catalog = options.catalog;
    this.#plane = options.plane;
    this.#log = options.log;
    this.#supplier = options.supplier ?? new VipSupplier(options.log);
    this.#clock = options.clock ?? Date.now;
    this.#retryMs = options.retryMs ?? RETRY_MS;
    this.#stopMs = options.stopMs ?? STOP_MS;
  }

  /**
   * What {@link use} is to be told of a configuration: all of it that can fail.
   * @throws ConfigFault when the pool cannot be used
   */
  prepare(loaded: LoadedConfig): Promise<VipSupply> {
    const inForce = 'pool' in this.#supply ? this.#supply.pool : undefined;
    return this.#supplier.supply(loaded, this.#catalog.snapshot.networks(), inForce);
  }

  /** Puts a configuration in force. At start to be called before the first source speaks. */
  use({ vip, balancing }: Config, supply: VipSupply): void {
    this.#supply = supply;
    this.#catalog.configure({
      endpointMode: vip?.endpointMode ?? 'dnsrr',
      balancing,
      vips: vip && 'pool' in supply ? { pool: supply.pool, release: vip.release } : 'none',
    });
  }

  /** Whether a listener may be at any port of its virtual IP. */
  get isLed(): boolean {
    return 'pool' in this.#supply && this.#supply.led;
  }

  /** Follows the catalog from now on; resolves when all that there is now is carried. */
  async start(): Promise<void> {
    let isFollowing = false;
    this.#unsubscribe = this.#catalog.onChange((change) => {
      this.#note(change);
      if (isFollowing) this.#pacer.due();
    });
    await this.#apply();
    isFollowing = true;
    this.#pacer.due();
  }

  /** Takes away what only the configuration before needed. */
  async tidy(): Promise<void> {
    await this.#supplier.release('pool' in this.#supply ? this.#supply.pool : undefined);
  }

  /** Takes no new connection; open ones may go on for a short while. */
  async stop(): Promise<void> {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    clearTimeout(this.#timer);
    this.#pacer.stop();
    const enough = new Promise<void>((resolve) => {
      setTimeout(resolve, this.#stopMs).unref();
    });
    await Promise.race([this.#plane.drain(), enough]);
    await this.#plane.close();
    await this.#supplier.release();
  }

  status(): VipStatus {
    const services = this.#desired.length;
    if (!('pool' in this.#supply)) return { plane: 'off', ...this.#supply, services };
    return { plane: 'proxy', pool: this.#supply.pool, services };
  }

  /** What cannot be served now. */
  problems(): readonly Problem[] {
    const { fault } = this.#led;
    return [
      ...(fault === undefined ? [] : [{ code: 'vip-rules', subject: 'virtual IPs', message: fault }]),
      ...this.#problems.map((each) => ({
        code: 'vip-not-served',
        subject: `virtual IP ${placeOf(each)}`,
        message: each.message,
      })),
    ];
  }

  async services(): Promise<Iterable<VirtualServiceInfo>> {
    const counted = new Map((await this.#plane.counters()).map((each) => [placeOf(each), each]));
    return this.#infos(counted);
  }

  *#infos(counted: ReadonlyMap<string, VirtualServiceCounters>): Iterable<VirtualServiceInfo> {
    const problems = new Map(this.#problems.map((each) => [placeOf(each), each.message]));
    for (const service of this.#desired) {
      const place = placeOf(service);
      const counters = counted.get(place);
      yield infoOf(
        service,
        counters?.service === service.service ? counters : undefined,
        problems.get(place),
      );
    }
  }

  #note({ services: { added, changed, removed }, lookups }: ChangeSet): void {
    if (lookups === 'all') this.#changed = 'all';
    if (this.#changed === 'all') return;
    for (const key of [...added, ...changed, ...removed]) this.#changed.add(key);
  }

  async #apply(): Promise<void> {
    const changed = this.#changed;
    this.#changed = new Set();
    const desired = this.#desiredSet.update(this.#catalog.snapshot, changed, this.#clock());
    if (desired !== this.#desired || this.#problems.length > 0) await this.#carry(desired);
    await this.#lead();
    this.#planNext();
  }

  async #carry(desired: readonly VirtualService[]): Promise<void> {
    try {
      const problems = await this.#plane.apply(desired);
      this.#desired = desired;
      const told = new Set(this.#problems.map(({ message }) => message));
      this.#problems = problems;
      for (const { message } of problems) if (!told.has(message)) this.#log.warn(message);
    } catch (error) {
      this.#log.error('virtual IPs could not be changed; please report it', { error: errorMessage(error) });
    }
  }

  /** Tells the kernel where listeners are, when that is news or was long ago. */
  async #lead(): Promise<void> {
    if (!('pool' in this.#supply) || !this.#supply.led) return;
    const { pool } = this.#supply;
    const now = this.#clock();
    const [desired, problems] = [this.#desired, this.#problems];
    // Listeners come and go with these; to ask all of them costs much more.
    const isSame =
      pool === this.#led.pool &&
      samePlaces(this.#led.desired, desired) &&
      samePlaces(this.#led.problems, problems);
    if (isSame && now < this.#led.due) return;
    const counted = await this.#plane.counters();
    const redirects = counted.flatMap(({ vip, port, listenPort }) =>
      listenPort === undefined ? [] : [{ vip, port, listenPort }],
    );
    try {
      await this.#supplier.lead(pool, redirects);
      this.#led = { pool, desired, problems, due: now + RULES_MS };
    } catch (error) {
      const fault = errorMessage(error);
      if (fault !== this.#led.fault) this.#log.warn(fault);
      this.#led = { due: now + this.#retryMs, fault };
    }
  }

  #planNext(): void {
    const now = this.#clock();
    const retryAt = this.#problems.length > 0 ? now + this.#retryMs : Infinity;
    const rulesAt = this.isLed ? this.#led.due : Infinity;
    const at = Math.min(retryAt, rulesAt, this.#desiredSet.nextChange);
    clearTimeout(this.#timer);
    if (at === Infinity || !this.#unsubscribe) return;
    this.#timer = setTimeout(() => this.#pacer.due(), Math.max(0, at - now)).unref();
  }
}
