import type { Instant } from '../net/instant.js';
import { isDeepStrictEqual } from 'node:util';
import { admit } from './admission.js';
import { VipLeases, type LeaseTerms, type VipWish } from './leases.js';
import type { Isolation, Problem, Service, ServiceKey, ServiceRef, Task } from './model.js';
import {
  buildService,
  toldVip,
  type BuiltService,
  type ServiceDefaults,
  type Told,
} from './service-builder.js';

/** The configured settings for all services. */
export interface CatalogSettings extends ServiceDefaults {
  /** `docker` by default. */
  readonly isolation?: Isolation;
  /**
   * Where virtual IPs come from: leased on these terms, none at all, or exactly what sources report for services
   * (`ServiceFact.vip`).
   */
  readonly vips: LeaseTerms | 'none' | 'told';
}

const defaultSettings: CatalogSettings = { endpointMode: 'dnsrr', balancing: {}, vips: 'told' };

/** The inputs for building a service. */
export interface Ingredients {
  readonly ref: ServiceRef;
  /** All that ask to be of it, sorted. */
  readonly tasks: readonly Task[];
  readonly told: readonly Told[];
}

/** A task that a sealed service does not let in. */
interface Refused {
  /** As it would be if the service let it in. */
  readonly task: Task;
  readonly shown: Task;
}

function refuse(task: Task): Refused {
  const { service, ...shown } = task;
  return { task, shown: { ...shown, ...(service && { refused: service }) } };
}

/** Makes services, each with the address that it has, and keeps what is wrong with them. */
export class ServiceMaker {
  readonly leases = new VipLeases();
  #settings = defaultSettings;
  readonly #refused = new Map<ServiceKey, readonly Refused[]>();
  readonly #problems = new Map<ServiceKey, readonly Problem[]>();
  #listed: readonly Problem[] = [];

  get settings(): CatalogSettings {
    return this.#settings;
  }

  /** @returns whether anything changed; if so, every service must be made again */
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

  /** Problems of services. Returns the same list until something changes. */
  get problems(): readonly Problem[] {
    return this.#listed;
  }

  /** The tasks that a sealed service has refused, as they would be if it let them in. */
  refusedOf(key: ServiceKey): readonly Task[] {
    return (this.#refused.get(key) ?? []).map(({ task }) => task);
  }

  /**
   * @returns a service for each key, undefined for one that there is no more; the keys of others whose address is
   * another now, for {@link withVip}; and the tasks that are refused, or were until now, as they are to be shown
   */
  make(
    ingredients: ReadonlyMap<ServiceKey, Ingredients>,
    now: Instant,
  ): {
    readonly made: ReadonlyMap<ServiceKey, Service | undefined>;
    readonly moved: readonly ServiceKey[];
    readonly judged: readonly Task[];
  } {
    const made = new Map<ServiceKey, Service | undefined>();
    const wishes: VipWish[] = [];
    const gone: ServiceKey[] = [];
    const judged: Task[] = [];
    for (const [key, { ref, tasks, told }] of ingredients) {
      const { admitted, refused, problems } = admit(ref, tasks, told);
      judged.push(...this.#judge(key, admitted, refused));
      const built = buildService(ref, admitted, told, this.#settings);
      this.#note(key, [...problems, ...(built?.problems ?? [])]);
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
    return { made, moved: [...changed].filter((key) => !made.has(key)), judged };
  }

  /** The service with its current address. */
  withVip(service: Service, told: readonly Told[] = []): Service {
    const vip = this.#settings.vips === 'told' ? toldVip(told) : this.leases.vipOf(service.key);
    if (vip === service.vip) return service;
    if (vip !== undefined) return { ...service, vip };
    const without: Omit<Service, 'vip'> & { vip?: string } = { ...service };
    delete without.vip;
    return without;
  }

  /** @returns the tasks that are refused, and those that were and are let in, as they are to be shown */
  #judge(key: ServiceKey, admitted: readonly Task[], refused: readonly Task[]): Task[] {
    const before = new Map(this.#refused.get(key)?.map((each) => [each.task.id, each]));
    if (before.size === 0 && refused.length === 0) return [];
    const now = refused.map((task) => {
      const known = before.get(task.id);
      return known?.task === task ? known : refuse(task);
    });
    if (now.length > 0) this.#refused.set(key, now);
    else this.#refused.delete(key);
    return [...admitted.filter(({ id }) => before.has(id)), ...now.map(({ shown }) => shown)];
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
