import { isDeepStrictEqual } from 'node:util';
import { isSameData } from '../net/same-data.js';
import type { FactDelta, Facts, ServiceFact, TaskFact } from './facts.js';
import {
  serviceKey,
  type Client,
  type Network,
  type Problem,
  type ServiceKey,
  type SourceStatus,
  type Task,
} from './model.js';

/** The keys of a source that changed. The indexes look at nothing else. */
export interface Touched {
  /** Task ids. */
  readonly tasks: Iterable<string>;
  readonly services: Iterable<ServiceKey>;
  /** Network ids. */
  readonly networks: Iterable<string>;
  /** Client addresses. */
  readonly clients: Iterable<string>;
  /** Whether the status or problems changed. */
  readonly meta: boolean;
}

/** What is known about a source before it reports. */
export interface SourcePlace {
  /** The id of the node whose tasks the source observes directly (docs/design.md, "Identity"). */
  readonly node?: string;
  /** A source of lower rank wins, regardless of registration order; 0 by default. */
  readonly rank?: number;
  /** Whether it reports objects of other hosts: see {@link SourceStatus.isRemote}. */
  readonly isRemote?: boolean;
}

/**
 * What one source has reported, by key. Facts that are reported again unchanged keep their old object and touch
 * nothing.
 */
export class SourceFacts {
  readonly name: string;
  /** The id of the node whose tasks the source observes directly. */
  readonly node: string | undefined;
  /** Sources of a lower rank win. */
  readonly rank: number;
  readonly tasks = new Map<string, Task>();
  readonly services = new Map<ServiceKey, ServiceFact>();
  readonly networks = new Map<string, Network>();
  readonly clients = new Map<string, Client>();
  problems: readonly Problem[] = [];
  status: SourceStatus;
  readonly #identity: Pick<SourceStatus, 'name' | 'isRemote'>;
  readonly #shared = new Shared();

  constructor(name: string, { node, rank = 0, isRemote = false }: SourcePlace = {}) {
    this.name = name;
    this.node = node;
    this.rank = rank;
    this.#identity = { name, ...(isRemote && { isRemote }) };
    this.status = { ...this.#identity, state: 'loading' };
  }

  /** A status as the source reports it, completed with the source's fixed properties. */
  statusOf(told: Omit<SourceStatus, 'name' | 'isRemote'>): SourceStatus {
    return { ...told, ...this.#identity };
  }

  replace(facts: Facts): Touched {
    const source = this.name;
    return {
      tasks: replaceAll(
        this.tasks,
        byKey(
          facts.tasks,
          ({ id }) => id,
          (task) => this.#own(task),
        ),
      ),
      services: replaceAll(
        this.services,
        byKey(facts.services, serviceKey, (service) => service),
      ),
      networks: replaceAll(
        this.networks,
        byKey(
          facts.networks,
          ({ id }) => id,
          (network) => ({ source, ...network }),
        ),
      ),
      clients: replaceAll(
        this.clients,
        byKey(
          facts.clients,
          ({ address }) => address,
          (client) => ({ source, ...client }),
        ),
      ),
      meta: this.#setProblems(facts.problems ?? []),
    };
  }

  update(delta: FactDelta): Touched {
    const source = this.name;
    const tasks = (delta.tasks ?? []).map((task) => [task.id, this.#own(task)] as const);
    const services = (delta.services ?? []).map((service) => [serviceKey(service), service] as const);
    const networks = (delta.networks ?? []).map((network) => [network.id, { source, ...network }] as const);
    const clients = (delta.clients ?? []).map((client) => [client.address, { source, ...client }] as const);
    return {
      tasks: change(this.tasks, delta.removedTasks, tasks),
      services: change(this.services, delta.removedServices, services),
      networks: change(this.networks, delta.removedNetworks, networks),
      clients: change(this.clients, delta.removedClients, clients),
      meta: delta.problems ? this.#setProblems(delta.problems) : false,
    };
  }

  export(): Facts {
    return {
      tasks: [...this.tasks.values()],
      services: [...this.services.values()],
      networks: [...this.networks.values()],
      clients: [...this.clients.values()],
    };
  }

  #own(task: TaskFact): Task {
    const shared = this.#shared;
    // `source` comes first, because V8 gives an object that grows after a spread its own hidden class, 450 bytes each.
    const own: Writable<Task> = isOf(this.name, task) ? task : { source: this.name, ...task };
    if (own.service) {
      own.service = shared.value('service', own.service);
      if (own.service.stack === own.stack) own.stack = own.service.stack;
    }
    if (own.node) own.node = shared.value('node', own.node);
    if (own.aliases) own.aliases = shared.value('aliases', own.aliases);
    if (own.image !== undefined) own.image = shared.value('image', own.image);
    if (own.imageId !== undefined) own.imageId = shared.value('imageId', own.imageId);
    own.ports = shared.value('ports', own.ports);
    own.links = shared.value('links', own.links);
    return own;
  }

  #setProblems(problems: readonly Problem[]): boolean {
    if (isDeepStrictEqual(this.problems, problems)) return false;
    this.problems = problems;
    return true;
  }
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Whether a fact names its source already. Saved ones do, and then a second object for each would only be garbage. */
function isOf(source: string, task: TaskFact): task is Task {
  return (task as Partial<Task>).source === source;
}

/** How many values are remembered for sharing. Beyond that all are forgotten, which only costs memory. */
const REMEMBERED = 20_000;

/**
 * Gives equal small values the same object, because the tasks of a service share one reference and one list of ports.
 */
class Shared {
  readonly #values = new Map<string, unknown>();
  /** The last value of each kind. Tasks of a service are mostly reported one after the other. */
  readonly #last = new Map<string, unknown>();

  /** @param kind what is compared with each other first */
  value<T>(kind: string, value: T): T {
    const last = this.#last.get(kind);
    if (last !== undefined && isSameData(last, value)) return last as T;
    const known = this.#known(value);
    this.#last.set(kind, known);
    return known;
  }

  #known<T>(value: T): T {
    const key = JSON.stringify(value);
    const known = this.#values.get(key);
    if (known !== undefined) return known as T;
    if (this.#values.size >= REMEMBERED) this.#values.clear();
    this.#values.set(key, value);
    return value;
  }
}

function change<T>(
  map: Map<string, T>,
  removed: readonly string[] = [],
  given: readonly (readonly [string, T])[] = [],
): ReadonlySet<string> {
  const touched = new Set<string>();
  const kept = removed.length > 0 && given.length > 0 ? new Set(given.map(([key]) => key)) : undefined;
  for (const key of removed) if (!kept?.has(key) && map.delete(key)) touched.add(key);
  for (const [key, value] of given) if (put(map, key, value)) touched.add(key);
  return touched;
}

function put<T>(map: Map<string, T>, key: string, value: T): boolean {
  const before = map.get(key);
  if (before !== undefined && isSameData(before, value)) return false;
  map.set(key, value);
  return true;
}

/**
 * Of facts with one key the last counts. No list is made on the way: V8 would copy one of 100,000 tasks several times.
 */
function byKey<Fact, T>(
  facts: readonly Fact[] | undefined,
  keyOf: (fact: Fact) => string,
  make: (fact: Fact) => T,
): ReadonlyMap<string, T> {
  const map = new Map<string, T>();
  for (const fact of facts ?? []) map.set(keyOf(fact), make(fact));
  return map;
}

function replaceAll<T>(map: Map<string, T>, next: ReadonlyMap<string, T>): Set<string> {
  const touched = new Set<string>();
  for (const key of map.keys()) if (!next.has(key)) touched.add(key);
  for (const key of touched) map.delete(key);
  for (const [key, value] of next) if (put(map, key, value)) touched.add(key);
  return touched;
}
