import type {
  ClientFact,
  FactDelta,
  Facts,
  FactSink,
  NetworkFact,
  ServiceFact,
  TaskFact,
} from '../../../src/catalog/facts.js';
import { serviceKey, type Problem, type SourceStatus } from '../../../src/catalog/model.js';

/** A sink that keeps what it is told, the plain way. */
export class MemorySink implements FactSink {
  readonly tasks = new Map<string, TaskFact>();
  readonly networks = new Map<string, NetworkFact>();
  readonly services = new Map<string, ServiceFact>();
  readonly clients = new Map<string, ClientFact>();
  problems: readonly Problem[] = [];
  readonly statuses: Omit<SourceStatus, 'name'>[] = [];
  readonly updates: FactDelta[] = [];
  replaced = 0;
  #watchers: (() => void)[] = [];

  replace(facts: Facts): void {
    this.replaced += 1;
    this.tasks.clear();
    this.networks.clear();
    this.services.clear();
    this.clients.clear();
    for (const service of facts.services ?? []) this.services.set(serviceKey(service), service);
    for (const client of facts.clients ?? []) this.clients.set(client.address, client);
    for (const task of facts.tasks) this.tasks.set(task.id, task);
    for (const network of facts.networks ?? []) this.networks.set(network.id, network);
    this.problems = facts.problems ?? [];
    this.#told();
  }

  update(delta: FactDelta): void {
    this.updates.push(delta);
    for (const id of delta.removedTasks ?? []) this.tasks.delete(id);
    for (const task of delta.tasks ?? []) this.tasks.set(task.id, task);
    for (const id of delta.removedNetworks ?? []) this.networks.delete(id);
    for (const network of delta.networks ?? []) this.networks.set(network.id, network);
    for (const key of delta.removedServices ?? []) this.services.delete(key);
    for (const service of delta.services ?? []) this.services.set(serviceKey(service), service);
    for (const address of delta.removedClients ?? []) this.clients.delete(address);
    for (const client of delta.clients ?? []) this.clients.set(client.address, client);
    if (delta.problems !== undefined) this.problems = delta.problems;
    this.#told();
  }

  status(status: Omit<SourceStatus, 'name'>): void {
    this.statuses.push(status);
    this.#told();
  }

  get state(): string | undefined {
    return this.statuses.at(-1)?.state;
  }

  named(name: string): TaskFact | undefined {
    return [...this.tasks.values()].find((task) => task.name === name);
  }

  /** `name health ip,ip`, sorted: what most cases look at. */
  get picture(): string[] {
    return [...this.tasks.values()]
      .map(({ name, health, endpoints }) =>
        `${name} ${health} ${endpoints.map(({ ip }) => ip).join(',')}`.trim(),
      )
      .sort();
  }

  get causes(): (string | undefined)[] {
    return this.updates.map(({ cause }) => cause);
  }

  /** All that it has, but for statuses, in an order of its own. */
  get contents(): unknown {
    const sorted = (map: ReadonlyMap<string, unknown>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
    const { tasks, networks, services, clients, problems } = this;
    return { lists: [tasks, networks, services, clients].map(sorted), problems };
  }

  /** Resolves as soon as a condition holds; the runner's time limit ends it otherwise. */
  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => {
      const watcher = () => {
        if (!condition()) return;
        this.#watchers = this.#watchers.filter((one) => one !== watcher);
        resolve();
      };
      this.#watchers.push(watcher);
    });
  }

  #told(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }
}
