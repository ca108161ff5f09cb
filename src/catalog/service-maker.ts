import type { Instant } from '../net/instant.js';
import { isDeepStrictEqual } from 'node:util';
import { VipLeases, type LeaseTerms, type VipWish } from './leases.js';
import type { Isolation, Problem, Service, ServiceKey, ServiceRef, Task } from './model.js';
import {
  buildService,
  toldVip,
  type BuiltService,
  type ServiceDefaults,
  type Told,
} from './service-builder.js';

/** What the configuration says of all services. */
export interface CatalogSettings extends ServiceDefaults {
  /** `docker` by default. */
  readonly isolation?: Isolation;
  /**
   * Where virtual IPs come from: leased on these terms, from nowhere, or from what sources report of services
   * (`ServiceFact.vip`), as it is.
   */
  readonly vips: LeaseTerms | 'none' | 'told';
}

const defaultSettings: CatalogSettings = { endpointMode: 'dnsrr', balancing: {}, vips: 'told' };

/** What a service is made of. */
export interface Ingredients {
  readonly ref: ServiceRef;
  /** Sorted. */
  readonly tasks: readonly Task[];
  readonly told: readonly Told[];
}

/** Makes services, each with the address that it has, and keeps what is wrong with them. */
export class ServiceMaker {
  readonly leases = new VipLeases();
  #settings = defaultSettings;
  readonly #problems = new Map<ServiceKey, readonly Problem[]>();
  #listed: readonly Problem[] = [];

  get settings(): CatalogSettings {
    return this.#settings;
  }

  /** @returns whether anything differs; then every service is to be made again */
  configure(settings: CatalogSettings): boolean {
    if (isDeepStrictEqual(this.#settings, settings)) return false;
    this.#settings = settings;
    const { vips } = settings;
    this.leases.configure(typeof vips === 'string' ? undefined : vips);
    return true;
  }

  get isolation(): Isolation {
    return this.#settings.isolation ?? 'docker';
  }

  /** What is wrong with services. The same list until something differs. */
  get problems(): readonly Problem[] {
    return this.#listed;
  }

  /**
   * @returns a service for each key, undefined for one that there is no more; and the keys of others whose address is
   * another now, for {@link withVip}
   */
  make(
    ingredients: ReadonlyMap<ServiceKey, Ingredients>,
    now: Instant,
  ): {
    readonly made: ReadonlyMap<ServiceKey, Service | undefined>;
    readonly moved: readonly ServiceKey[];
  } {
    const made = new Map<ServiceKey, Service | undefined>();
    const wishes: VipWish[] = [];
    const gone: ServiceKey[] = [];
    for (const [key, { ref, tasks, told }] of ingredients) {
      const built = buildService(ref, tasks, told, this.#settings);
      this.#note(key, built?.problems ?? []);
      made.set(key, built?.service);
      if (built && this.#isBalanced(built)) wishes.push({ key, pin: built.pin });
      else gone.push(key);
    }
    const before = this.leases.problems;
    const changed = this.leases.change(wishes, gone, now);
    for (const [key, service] of made) {
      if (service) made.set(key, this.withVip(service, ingredients.get(key)?.told));
    }
    if (before !== this.leases.problems) this.#list();
    return { made, moved: [...changed].filter((key) => !made.has(key)) };
  }

  /** The service with the address that it has now. */
  withVip(service: Service, told: readonly Told[] = []): Service {
    const vip = this.#settings.vips === 'told' ? toldVip(told) : this.leases.vipOf(service.key);
    if (vip === service.vip) return service;
    if (vip !== undefined) return { ...service, vip };
    const without: Omit<Service, 'vip'> & { vip?: string } = { ...service };
    delete without.vip;
    return without;
  }

  #isBalanced({ service, pin }: BuiltService): boolean {
    if (typeof this.#settings.vips === 'string' || service.kind !== 'tasks') return false;
    return pin !== undefined || service.ports.some(({ protocol }) => protocol !== 'sctp');
  }

  #note(key: ServiceKey, problems: readonly Problem[]): void {
    if (problems.length === 0 && !this.#problems.has(key)) return;
    if (isDeepStrictEqual(problems, this.#problems.get(key))) return;
    if (problems.length === 0) this.#problems.delete(key);
    else this.#problems.set(key, problems);
    this.#list();
  }

  #list(): void {
    this.#listed = [...this.leases.problems, ...[...this.#problems.values()].flat()];
  }
}
