import type { Client, Network, Problem, Service, ServiceKey, ServiceRef, Task } from '../../catalog/model.js';
import { Snapshot } from '../../catalog/snapshot.js';
import { isInScope, placeOfKey, placeOfTask, type Scope, type ScopePlace } from './access-scope.js';

/** A snapshot in which only the services and tasks of a scope exist, and the networks that these tasks are on. */
export class ScopedSnapshot extends Snapshot {
  readonly #scope: Scope;
  readonly #networks: ReadonlySet<string>;
  #taskCount: number | undefined;
  #serviceCount: number | undefined;

  constructor(base: Snapshot, scope: Scope, networks: ReadonlySet<string>, problems: readonly Problem[]) {
    super(base.revision, base.at, base.indexes, base.sources, problems);
    this.#scope = scope;
    this.#networks = networks;
  }

  readonly hasTask = (id: string): boolean => this.task(id) !== undefined;
  readonly hasKey = (key: string): boolean => this.serviceByKey(key) !== undefined;
  readonly hasNetwork = (id: string): boolean => this.network(id) !== undefined;

  override get taskCount(): number {
    this.#taskCount ??= [...this.tasks()].length;
    return this.#taskCount;
  }

  override get serviceCount(): number {
    this.#serviceCount ??= [...this.services()].length;
    return this.#serviceCount;
  }

  override task(id: string): Task | undefined {
    return this.#own(super.task(id));
  }

  override *tasks(): Iterable<Task> {
    for (const task of super.tasks()) if (this.#own(task)) yield task;
  }

  override service(ref: ServiceRef): Service | undefined {
    return isInScope(this.#scope, ref) ? super.service(ref) : undefined;
  }

  override serviceByKey(key: ServiceKey): Service | undefined {
    return isInScope(this.#scope, placeOfKey(key)) ? super.serviceByKey(key) : undefined;
  }

  override *services(): Iterable<Service> {
    for (const service of super.services()) if (isInScope(this.#scope, service)) yield service;
  }

  override hasServiceOrSidekick(ref: Omit<ServiceRef, 'sidekick'>): boolean {
    return isInScope(this.#scope, ref) && super.hasServiceOrSidekick(ref);
  }

  override hasStack(environment: string, stack: string): boolean {
    return isInScope(this.#scope, { environment, stack }) && super.hasStack(environment, stack);
  }

  override tasksNamed(environment: string, name: string): readonly Task[] {
    return super.tasksNamed(environment, name).filter((task) => this.#own(task));
  }

  override tasksAliased(network: string, name: string): readonly Task[] {
    return super.tasksAliased(network, name).filter((task) => this.#own(task));
  }

  override tasksAt(address: string): readonly Task[] {
    return super.tasksAt(address).filter((task) => this.#own(task));
  }

  override serviceAt(address: string): Service | undefined {
    const found = super.serviceAt(address);
    return found && isInScope(this.#scope, found) ? found : undefined;
  }

  override network(id: string): Network | undefined {
    return this.#networks.has(id) ? super.network(id) : undefined;
  }

  override *networks(): Iterable<Network> {
    for (const network of super.networks()) if (this.#networks.has(network.id)) yield network;
  }

  override client(address: string): Client | undefined {
    const found = super.client(address);
    return found && isInScope(this.#scope, found) ? found : undefined;
  }

  override *clients(): Iterable<Client> {
    for (const client of super.clients()) if (isInScope(this.#scope, client)) yield client;
  }

  #own(task: Task | undefined): Task | undefined {
    return task && isInScope(this.#scope, placeOfTask(task)) ? task : undefined;
  }
}

/** Where a problem is; undefined: it concerns the host, or it is not known where. */
export function placeOfProblem({ task, subject }: Problem, snapshot: Snapshot): ScopePlace | undefined {
  const found = task === undefined ? undefined : snapshot.task(task);
  if (found) return placeOfTask(found);
  const key = /^service ([^/ ]+\/[^/ ]+\/[^ ]+)$/.exec(subject)?.[1];
  return key === undefined ? undefined : placeOfKey(key);
}
