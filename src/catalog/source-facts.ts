import { isDeepStrictEqual } from 'node:util';
import type { FactDelta, Facts, ServiceFact } from './facts.js';
import {
  serviceKey,
  type Client,
  type Network,
  type Problem,
  type ServiceKey,
  type SourceStatus,
  type Task,
} from './model.js';

/** Which keys of a source differ from before, so that the indexes look at nothing else. */
export interface Touched {
  /** Task ids. */
  readonly tasks: Iterable<string>;
  readonly services: Iterable<ServiceKey>;
  /** Network ids. */
  readonly networks: Iterable<string>;
  /** Client addresses. */
  readonly clients: Iterable<string>;
  /** Status or problems differ. */
  readonly meta: boolean;
}

/** What one source has told, by key. Facts that are told again unchanged keep their old object and touch nothing. */
export class SourceFacts {
  readonly name: string;
  readonly tasks = new Map<string, Task>();
  readonly services = new Map<ServiceKey, ServiceFact>();
  readonly networks = new Map<string, Network>();
  readonly clients = new Map<string, Client>();
  problems: readonly Problem[] = [];
  status: SourceStatus;

  constructor(name: string) {
    this.name = name;
    this.status = { name, state: 'loading' };
  }

  replace(facts: Facts): Touched {
    const source = this.name;
    const entries = <T>(values: readonly T[] | undefined, key: (value: T) => string) =>
      new Map((values ?? []).map((value) => [key(value), value]));
    return {
      tasks: replaceAll(
        this.tasks,
        entries(
          facts.tasks.map((task) => ({ ...task, source })),
          (task) => task.id,
        ),
      ),
      services: replaceAll(this.services, entries(facts.services, serviceKey)),
      networks: replaceAll(
        this.networks,
        entries(
          facts.networks?.map((network) => ({ ...network, source })),
          (network) => network.id,
        ),
      ),
      clients: replaceAll(
        this.clients,
        entries(
          facts.clients?.map((client) => ({ ...client, source })),
          (client) => client.address,
        ),
      ),
      meta: this.#setProblems(facts.problems ?? []),
    };
  }

  update(delta: FactDelta): Touched {
    const source = this.name;
    const tasks = new Set<string>();
    for (const id of delta.removedTasks ?? []) if (this.tasks.delete(id)) tasks.add(id);
    for (const task of delta.tasks ?? [])
      if (put(this.tasks, task.id, { ...task, source })) tasks.add(task.id);
    const networks = new Set<string>();
    for (const id of delta.removedNetworks ?? []) if (this.networks.delete(id)) networks.add(id);
    for (const network of delta.networks ?? []) {
      if (put(this.networks, network.id, { ...network, source })) networks.add(network.id);
    }
    return {
      tasks,
      services: [],
      networks,
      clients: [],
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

  #setProblems(problems: readonly Problem[]): boolean {
    if (isDeepStrictEqual(this.problems, problems)) return false;
    this.problems = problems;
    return true;
  }
}

function put<T>(map: Map<string, T>, key: string, value: T): boolean {
  if (isDeepStrictEqual(map.get(key), value)) return false;
  map.set(key, value);
  return true;
}

function replaceAll<T>(map: Map<string, T>, next: ReadonlyMap<string, T>): Set<string> {
  const touched = new Set<string>();
  for (const key of map.keys()) if (!next.has(key)) touched.add(key);
  for (const key of touched) map.delete(key);
  for (const [key, value] of next) if (put(map, key, value)) touched.add(key);
  return touched;
}
