import {
  type Isolation,
  type Client,
  type Network,
  type Problem,
  type Service,
  type ServiceKey,
  type SourceStatus,
  type Task,
  serviceKey,
  type ServiceRef,
} from './model.js';
import { compareForAddress, compareForName } from './order.js';

/** Task ids. Nearly always there is one, and a hundred thousand arrays of one are worth saving. */
export type Ids = string | readonly string[];

/**
 * The key of a task name in the index: names that differ in `-` and `_` only share one, because most tasks have their
 * name in both spellings. Environments share the index; look-ups compare.
 */
export function nameKey(name: string): string {
  return name.replaceAll('_', '-');
}

/** The key of the end of a name of several labels. */
export function suffixKey(environment: string, suffix: string): string {
  return `${environment}/${suffix}`;
}

/** The key of the end of a reverse name. No suffix of a task's name begins with a slash, so the two share one index. */
export function reverseSuffixKey(environment: string, suffix: string): string {
  return suffixKey(environment, `/${suffix}`);
}

/** The key of a name that a task has on one network. */
export function aliasKey(network: string, name: string): string {
  return `${network}/${name}`;
}

/** The key of a link's alias. No network has an empty id, so the two share one index. */
export function linkKey(alias: string): string {
  return `/${alias}`;
}

/** How a snapshot looks things up. */
export interface Index<V> {
  get(key: string): V | undefined;
  has(key: string): boolean;
  values(): Iterable<V>;
  readonly size: number;
}

/** The indexes behind a snapshot. Successive snapshots share everything that did not change. */
export interface Indexes {
  readonly tasks: Index<Task>;
  readonly services: Index<Service>;
  /** `environment/stack` to the keys of its services. */
  readonly stacks: Index<readonly ServiceKey[]>;
  /** {@link nameKey} to the tasks that have a name with that key. */
  readonly names: Index<Ids>;
  /**
   * The empty non-terminals of RFC 4592: {@link suffixKey} to how many task names of several labels end in it, and
   * {@link reverseSuffixKey} to how many addresses of tasks and services have a reverse name that does.
   */
  readonly nameSuffixes: Index<number>;
  /** {@link aliasKey} and {@link linkKey} to the tasks that have such a network alias or such a link. */
  readonly aliases: Index<Ids>;
  /** Address to the tasks that are served at it or ask from it. */
  readonly addresses: Index<Ids>;
  /** Virtual IP to the keys of the services that have it. */
  readonly vips: Index<Ids>;
  readonly networks: Index<Network>;
  readonly clients: Index<Client>;
  /** Grows when a network changes: what was prepared from gateways and subnets is then out of date. */
  readonly networksRevision: number;
  readonly isolation: Isolation;
}

/**
 * Everything that is true at one revision, as a value. Look-ups cost O(log32 n); nothing here ever changes, so a
 * consumer may hang prepared data on a snapshot's services with a WeakMap and have it invalidated for nothing.
 */
export class Snapshot {
  readonly revision: number;
  /** When it was made. */
  readonly at: number;
  readonly sources: readonly SourceStatus[];
  readonly problems: readonly Problem[];
  /** For the builder of the next snapshot; consumers use the methods. */
  readonly indexes: Indexes;

  constructor(
    revision: number,
    at: number,
    indexes: Indexes,
    sources: readonly SourceStatus[],
    problems: readonly Problem[],
  ) {
    this.revision = revision;
    this.at = at;
    this.sources = sources;
    this.problems = problems;
    this.indexes = indexes;
  }

  /**
   * False while a source of this host has yet to report what it has: a name that is not here may come. Sources of other
   * hosts count only where there are no others.
   */
  get loaded(): boolean {
    const hasLocal = this.sources.some(({ isRemote }) => isRemote !== true);
    return this.sources.every(
      ({ state, isRemote }) => state !== 'loading' || (hasLocal && isRemote === true),
    );
  }

  /** True when every source has reported, those of other hosts too. */
  get complete(): boolean {
    return this.sources.every(({ state }) => state !== 'loading');
  }

  /** Grows when a network changes. */
  get networksRevision(): number {
    return this.indexes.networksRevision;
  }

  /** Whom services are kept from: see {@link Isolation}. */
  get isolation(): Isolation {
    return this.indexes.isolation;
  }

  get taskCount(): number {
    return this.indexes.tasks.size;
  }

  get serviceCount(): number {
    return this.indexes.services.size;
  }

  task(id: string): Task | undefined {
    return this.indexes.tasks.get(id);
  }

  tasks(): Iterable<Task> {
    return this.indexes.tasks.values();
  }

  service(ref: ServiceRef): Service | undefined {
    return this.indexes.services.get(serviceKey(ref));
  }

  serviceByKey(key: ServiceKey): Service | undefined {
    return this.indexes.services.get(key);
  }

  services(): Iterable<Service> {
    return this.indexes.services.values();
  }

  /** Whether a service is there, or a sidekick of one that itself need not be. */
  hasServiceOrSidekick(ref: Omit<ServiceRef, 'sidekick'>): boolean {
    const key = serviceKey(ref);
    const keys = this.indexes.stacks.get(`${ref.environment}/${ref.stack}`) ?? [];
    return keys.some((each) => each === key || each.startsWith(`${key}/`));
  }

  hasStack(environment: string, stack: string): boolean {
    return this.indexes.stacks.has(`${environment}/${stack}`);
  }

  /** The tasks that have a name (`Task.names`), best first: see {@link compareForName}. */
  tasksNamed(environment: string, name: string): readonly Task[] {
    const found = this.#resolve(this.indexes.names.get(nameKey(name)));
    const named = found.filter((task) => task.environment === environment && task.names.includes(name));
    return named.length > 1 ? named.sort(compareForName(name)) : named;
  }

  /** The tasks that have an alias on a network, in the order of their ids. @param network id @param name lower case */
  tasksAliased(network: string, name: string): readonly Task[] {
    return this.#resolve(this.indexes.aliases.get(aliasKey(network, name)));
  }

  /** Whether a task has a link with this alias. */
  isLinkAlias(alias: string): boolean {
    return this.indexes.aliases.has(linkKey(alias));
  }

  /** Whether a task's name of several labels ends in this one, so that the name exists without having data. */
  isNameSuffix(environment: string, suffix: string): boolean {
    return this.indexes.nameSuffixes.has(suffixKey(environment, suffix));
  }

  /** The tasks at an address, best first: see {@link compareForAddress}. */
  tasksAt(address: string): readonly Task[] {
    const found = this.#resolve(this.indexes.addresses.get(address));
    return found.length > 1 ? found.sort(compareForAddress(address)) : found;
  }

  /** The service whose virtual IP an address is; of several that claim it the first by key. */
  serviceAt(address: string): Service | undefined {
    const keys = this.indexes.vips.get(address);
    const key = typeof keys === 'string' ? keys : keys?.toSorted()[0];
    return key === undefined ? undefined : this.indexes.services.get(key);
  }

  /** Whether the reverse name of a task's or a service's address ends in this one and is longer. */
  isReverseSuffix(environment: string, suffix: string): boolean {
    return this.indexes.nameSuffixes.has(reverseSuffixKey(environment, suffix));
  }

  network(id: string): Network | undefined {
    return this.indexes.networks.get(id);
  }

  networks(): Iterable<Network> {
    return this.indexes.networks.values();
  }

  client(address: string): Client | undefined {
    return this.indexes.clients.get(address);
  }

  clients(): Iterable<Client> {
    return this.indexes.clients.values();
  }

  #resolve(ids: Ids | undefined): Task[] {
    if (ids === undefined) return [];
    const each = typeof ids === 'string' ? [ids] : ids;
    return each.map((id) => this.indexes.tasks.get(id)).filter((task) => task !== undefined);
  }
}
