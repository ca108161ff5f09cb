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

/** Task ids. Usually there is only one, and avoiding a hundred thousand one-element arrays saves memory. */
export type Ids = string | readonly string[];

/**
 * The index key of a task name. Names that differ only in `-` and `_` share a key, because most tasks have their name
 * in both spellings. Environments share the index; look-ups compare the environment.
 */
export function nameKey(name: string): string {
  return name.replaceAll('_', '-');
}

/** The index key of a suffix of a multi-label name. */
export function suffixKey(environment: string, suffix: string): string {
  return `${environment}/${suffix}`;
}

/**
 * The index key of a suffix of a reverse name. No suffix of a task's name begins with a slash, so the two can share one
 * index.
 */
export function reverseSuffixKey(environment: string, suffix: string): string {
  return suffixKey(environment, `/${suffix}`);
}

/** The index key of a task's name on one network. */
export function aliasKey(network: string, name: string): string {
  return `${network}/${name}`;
}

/** The index key of a link's alias. No network has an empty id, so links and aliases can share one index. */
export function linkKey(alias: string): string {
  return `/${alias}`;
}

/** Read access to an index. */
export interface Index<V> {
  get(key: string): V | undefined;
  has(key: string): boolean;
  values(): Iterable<V>;
  readonly size: number;
}

/** The indexes behind a snapshot. Successive snapshots share everything unchanged. */
export interface Indexes {
  readonly tasks: Index<Task>;
  readonly services: Index<Service>;
  /** Maps `environment/stack` to the keys of its services. */
  readonly stacks: Index<readonly ServiceKey[]>;
  /** Maps {@link nameKey} to the tasks with such a name. */
  readonly names: Index<Ids>;
  /**
   * The empty non-terminals of RFC 4592. Maps {@link suffixKey} to the number of multi-label task names with this
   * suffix, and {@link reverseSuffixKey} to the number of task and service addresses whose reverse name has it.
   */
  readonly nameSuffixes: Index<number>;
  /** Maps {@link aliasKey} and {@link linkKey} to the tasks with such a network alias or link. */
  readonly aliases: Index<Ids>;
  /** Maps an address to the tasks that serve at it or ask from it. */
  readonly addresses: Index<Ids>;
  /** Maps a virtual IP to the keys of the services that have it. */
  readonly vips: Index<Ids>;
  readonly networks: Index<Network>;
  readonly clients: Index<Client>;
  /** Grows when a network changes. Data derived from gateways and subnets is then out of date. */
  readonly networksRevision: number;
  readonly isolation: Isolation;
}

/**
 * The complete state at one revision, as an immutable value. Look-ups cost O(log32 n). Consumers may attach derived
 * data to a snapshot's services with a WeakMap; the garbage collector then invalidates it for free.
 */
export class Snapshot {
  readonly revision: number;
  /** When the snapshot was made. */
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
   * False while a source of this host has yet to report, so that a missing name may still appear. Sources of other
   * hosts count only if there are no others.
   */
  get loaded(): boolean {
    const hasLocal = this.sources.some(({ isRemote }) => isRemote !== true);
    return this.sources.every(
      ({ state, isRemote }) => state !== 'loading' || (hasLocal && isRemote === true),
    );
  }

  /** True when every source has reported, including those of other hosts. */
  get complete(): boolean {
    return this.sources.every(({ state }) => state !== 'loading');
  }

  /** Grows with each change of a network. */
  get networksRevision(): number {
    return this.indexes.networksRevision;
  }

  /** The isolation of clients; see {@link Isolation}. */
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

  /** Whether the service exists, or a sidekick of it. The service itself need not exist. */
  hasServiceOrSidekick(ref: Omit<ServiceRef, 'sidekick'>): boolean {
    const key = serviceKey(ref);
    const keys = this.indexes.stacks.get(`${ref.environment}/${ref.stack}`) ?? [];
    return keys.some((each) => each === key || each.startsWith(`${key}/`));
  }

  hasStack(environment: string, stack: string): boolean {
    return this.indexes.stacks.has(`${environment}/${stack}`);
  }

  /** The tasks with this name (`Task.names`), best first: see {@link compareForName}. */
  tasksNamed(environment: string, name: string): readonly Task[] {
    const found = this.#resolve(this.indexes.names.get(nameKey(name)));
    const named = found.filter((task) => task.environment === environment && task.names.includes(name));
    return named.length > 1 ? named.sort(compareForName(name)) : named;
  }

  /** The tasks with this alias on a network, sorted by id. @param network id @param name lower case */
  tasksAliased(network: string, name: string): readonly Task[] {
    return this.#resolve(this.indexes.aliases.get(aliasKey(network, name)));
  }

  /** Whether any task has a link with this alias. */
  isLinkAlias(alias: string): boolean {
    return this.indexes.aliases.has(linkKey(alias));
  }

  /** Whether a multi-label task name ends in this suffix, so that the name exists without having data. */
  isNameSuffix(environment: string, suffix: string): boolean {
    return this.indexes.nameSuffixes.has(suffixKey(environment, suffix));
  }

  /** The tasks at an address, best first: see {@link compareForAddress}. */
  tasksAt(address: string): readonly Task[] {
    const found = this.#resolve(this.indexes.addresses.get(address));
    return found.length > 1 ? found.sort(compareForAddress(address)) : found;
  }

  /** The service with this virtual IP. If several claim it, the first by key. */
  serviceAt(address: string): Service | undefined {
    const keys = this.indexes.vips.get(address);
    const key = typeof keys === 'string' ? keys : keys?.toSorted()[0];
    return key === undefined ? undefined : this.indexes.services.get(key);
  }

  /** Whether the reverse name of a task or service address ends in this suffix and is longer. */
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
