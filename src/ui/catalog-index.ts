import type { ReplicaPart } from '../api/stream/state-replica.js';
import type { ServiceJson, TaskJson } from '../api/types/resources.js';
import { SortedIndex } from './sorted-index.js';

/** Services and tasks of a replica of the state in the order in which tables show them. */
export class CatalogIndex {
  readonly #services = new SortedIndex<ServiceJson>(
    ({ key }) => key,
    (a, b) => byText(a.key, b.key),
  );
  readonly #tasks = new SortedIndex<TaskJson>(
    ({ id }) => id,
    (a, b) => byText(a.stack, b.stack) || byText(a.name, b.name) || byText(a.id, b.id),
  );

  /** By key. */
  get services(): readonly ServiceJson[] {
    return this.#services.items;
  }

  /** By stack and name. */
  get tasks(): readonly TaskJson[] {
    return this.#tasks.items;
  }

  /** Takes what the replica has taken. */
  take(message: ReplicaPart): void {
    if (message.type === 'snapshot') {
      if (message.part === 1) for (const index of [this.#services, this.#tasks]) index.clear();
      for (const service of message.services) this.#services.set(service);
      for (const task of message.tasks) this.#tasks.set(task);
      return;
    }
    const { services = {}, tasks = {} } = message;
    for (const key of services.removed ?? []) this.#services.remove(key);
    for (const service of services.set ?? []) this.#services.set(service);
    for (const id of tasks.removed ?? []) this.#tasks.remove(id);
    for (const task of tasks.set ?? []) this.#tasks.set(task);
  }
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
