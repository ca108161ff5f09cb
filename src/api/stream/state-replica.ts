import type { Problem } from '../../catalog/model.js';
import type { DrainJson, ServiceJson, SourceJson, TaskJson } from '../types/resources.js';
import type {
  KeyedChangesJson,
  NetworkJson,
  WatchChangeJson,
  WatchMessage,
  WatchSnapshotJson,
} from '../types/watch.js';

/** What changes a replica. */
export type ReplicaPart = WatchSnapshotJson | WatchChangeJson;

/**
 * A client's copy of the daemon's state, updated with the messages of the stream. It is consistent after every message.
 */
export class StateReplica {
  /** Absent if there is no state yet. */
  revision: number | undefined;
  /** The cursor to resume the stream. */
  cursor: string | undefined;
  /** When the revision was made, RFC 3339. */
  at = '';
  domain = '';
  environment = '';
  readonly services = new Map<string, ServiceJson>();
  readonly tasks = new Map<string, TaskJson>();
  readonly networks = new Map<string, NetworkJson>();
  sources: readonly SourceJson[] = [];
  problems: readonly Problem[] = [];
  drains: readonly DrainJson[] = [];
  /** Parts of a snapshot or a change whose last part is still missing. */
  #parts: ReplicaPart[] = [];
  /** Called with each part of a snapshot or a change that has become part of the state. */
  onPart: ((part: ReplicaPart) => void) | undefined;

  /** @returns whether the state has changed */
  apply(message: WatchMessage): boolean {
    switch (message.type) {
      case 'snapshot':
      case 'change': {
        this.#parts.push(message);
        if (message.more) return false;
        const parts = this.#parts;
        this.#parts = [];
        for (const part of parts) this.#take(part);
        return true;
      }
      case 'reset':
        this.#parts = [];
        return false;
      case 'beat':
        this.cursor = message.cursor;
        return false;
      case 'error':
        return false;
    }
  }

  /** Call this when the stream broke off: an incomplete snapshot or change will be sent again as a whole. */
  cut(): void {
    this.#parts = [];
  }

  /** A task with the names of its networks. */
  task(id: string): TaskJson | undefined {
    const task = this.tasks.get(id);
    if (!task) return undefined;
    const endpoints = task.endpoints.map((endpoint) => {
      const networkName = this.networks.get(endpoint.network)?.name;
      return networkName === undefined ? endpoint : { ...endpoint, networkName };
    });
    return { ...task, endpoints };
  }

  #take(message: ReplicaPart): void {
    if (message.type === 'snapshot') this.#takeSnapshot(message);
    if (message.type === 'change') {
      change(this.services, message.services, ({ key }) => key);
      change(this.tasks, message.tasks, ({ id }) => id);
      change(this.networks, message.networks, ({ id }) => id);
    }
    this.revision = message.revision;
    this.at = message.at;
    if (message.cursor !== undefined) this.cursor = message.cursor;
    if (message.sources) this.sources = message.sources;
    if (message.problems) this.problems = message.problems;
    if (message.drains) this.drains = message.drains;
    this.onPart?.(message);
  }

  #takeSnapshot({ part, domain, environment, services, tasks, networks }: WatchSnapshotJson): void {
    if (part === 1) for (const items of [this.services, this.tasks, this.networks]) items.clear();
    this.domain = domain;
    this.environment = environment;
    for (const service of services) this.services.set(service.key, service);
    for (const task of tasks) this.tasks.set(task.id, task);
    for (const network of networks) this.networks.set(network.id, network);
  }
}

function change<Item>(
  items: Map<string, Item>,
  { set = [], removed = [] }: KeyedChangesJson<Item> = {},
  keyOf: (item: Item) => string,
): void {
  for (const key of removed) items.delete(key);
  for (const item of set) items.set(keyOf(item), item);
}
