import type { Network, Service, Task } from '../../catalog/model.js';
import type { Snapshot } from '../../catalog/snapshot.js';
import { drainJson, serviceJson, sourceJson, taskJson } from '../json.js';
import type { DrainMark } from '../../catalog/health-overlay.js';
import type { ServiceJson, TaskJson } from '../types/resources.js';
import type { KeyedChangesJson, NetworkJson, StateListsJson } from '../types/watch.js';

/** How many items are written before other work gets a turn. */
export const ITEMS_A_PART = 200;

/** A part of a state: its keyed values, in any order. */
export interface StateItems {
  readonly services: readonly ServiceJson[];
  readonly tasks: readonly TaskJson[];
  readonly networks: readonly NetworkJson[];
}

/** A snapshot in one or more parts. */
export function* snapshotParts(snapshot: Snapshot, domain: string): Generator<StateItems> {
  const kinds = [
    each(snapshot.networks(), (network) => ({ networks: [networkJson(network)] })),
    each(snapshot.services(), (service) => ({ services: [serviceJson(service, domain)] })),
    each(snapshot.tasks(), (task) => ({ tasks: [taskJson(task)] })),
  ];
  let part = emptyPart();
  let items = 0;
  for (const kind of kinds) {
    for (const { services = [], tasks = [], networks = [] } of kind) {
      part.services.push(...services);
      part.tasks.push(...tasks);
      part.networks.push(...networks);
      items += 1;
      if (items % ITEMS_A_PART > 0) continue;
      yield part;
      part = emptyPart();
    }
  }
  yield part;
}

function emptyPart() {
  return {
    services: [] as ServiceJson[],
    tasks: [] as TaskJson[],
    networks: [] as NetworkJson[],
  };
}

function* each<Item>(items: Iterable<Item>, json: (item: Item) => Partial<StateItems>) {
  for (const item of items) yield json(item);
}

/** The state of some keys in a snapshot: values for those that exist, the others as removed. */
export interface ChangedItems {
  readonly services?: KeyedChangesJson<ServiceJson>;
  readonly tasks?: KeyedChangesJson<TaskJson>;
  readonly networks?: KeyedChangesJson<NetworkJson>;
}

export interface ChangedKeys {
  readonly services: Iterable<string>;
  readonly tasks: Iterable<string>;
  readonly networks: Iterable<string>;
}

/** A change in one or more parts. */
export function* changeParts(snapshot: Snapshot, keys: ChangedKeys, domain: string): Generator<ChangedItems> {
  const touched = [
    ...[...keys.networks].map((key) => ['networks', key] as const),
    ...[...keys.services].map((key) => ['services', key] as const),
    ...[...keys.tasks].map((key) => ['tasks', key] as const),
  ];
  for (let at = 0; at === 0 || at < touched.length; at += ITEMS_A_PART) {
    const part = touched.slice(at, at + ITEMS_A_PART);
    const of = (kind: 'services' | 'tasks' | 'networks') =>
      part.flatMap(([each, key]) => (each === kind ? [key] : []));
    const networks = changesOf(of('networks'), (id) => mapped(snapshot.network(id), networkJson));
    const services = changesOf(of('services'), (key) =>
      mapped(snapshot.serviceByKey(key), (service: Service) => serviceJson(service, domain)),
    );
    const tasks = changesOf(of('tasks'), (id) => mapped(snapshot.task(id), (task: Task) => taskJson(task)));
    yield { ...(networks && { networks }), ...(services && { services }), ...(tasks && { tasks }) };
  }
}

function changesOf<Item>(
  keys: readonly string[],
  jsonOf: (key: string) => Item | undefined,
): KeyedChangesJson<Item> | undefined {
  if (keys.length === 0) return undefined;
  const set: Item[] = [];
  const removed: string[] = [];
  for (const key of keys) {
    const json = jsonOf(key);
    if (json === undefined) removed.push(key);
    else set.push(json);
  }
  return { ...(set.length > 0 && { set }), ...(removed.length > 0 && { removed }) };
}

function mapped<Item, Json>(item: Item | undefined, json: (item: Item) => Json): Json | undefined {
  return item === undefined ? undefined : json(item);
}

export function listsJson(snapshot: Snapshot, drains: readonly DrainMark[]): StateListsJson {
  return {
    sources: snapshot.sources.map(sourceJson),
    problems: snapshot.problems,
    drains: drains.map((mark) => drainJson(mark, snapshot)),
  };
}

export function networkJson({ id, name, driver, internal, subnets }: Network): NetworkJson {
  return { id, name, driver, internal, subnets };
}
