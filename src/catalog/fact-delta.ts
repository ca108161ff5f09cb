import { isDeepStrictEqual } from 'node:util';
import type { FactDelta, Facts } from './facts.js';
import { serviceKey } from './model.js';

/**
 * The difference between two versions of a source's facts, so that one changed entry of a large source costs one
 * change. The cost is proportional to the source's facts, not to the catalog.
 * @returns undefined when nothing changed
 */
export function factDelta(before: Facts, after: Facts): FactDelta | undefined {
  const tasks = listDelta(before.tasks, after.tasks, ({ id }) => id);
  const services = listDelta(before.services, after.services, serviceKey);
  const networks = listDelta(before.networks, after.networks, ({ id }) => id);
  const clients = listDelta(before.clients, after.clients, ({ address }) => address);
  const delta: FactDelta = {
    ...(tasks.given.length > 0 && { tasks: tasks.given }),
    ...(tasks.removed.length > 0 && { removedTasks: tasks.removed }),
    ...(services.given.length > 0 && { services: services.given }),
    ...(services.removed.length > 0 && { removedServices: services.removed }),
    ...(networks.given.length > 0 && { networks: networks.given }),
    ...(networks.removed.length > 0 && { removedNetworks: networks.removed }),
    ...(clients.given.length > 0 && { clients: clients.given }),
    ...(clients.removed.length > 0 && { removedClients: clients.removed }),
    ...(!isDeepStrictEqual(before.problems ?? [], after.problems ?? []) && {
      problems: after.problems ?? [],
    }),
  };
  return Object.keys(delta).length === 0 ? undefined : delta;
}

function listDelta<T>(before: readonly T[] = [], after: readonly T[] = [], keyOf: (value: T) => string) {
  const known = new Map(before.map((value) => [keyOf(value), value]));
  const given: T[] = [];
  for (const value of new Map(after.map((each) => [keyOf(each), each])).values()) {
    const old = known.get(keyOf(value));
    known.delete(keyOf(value));
    if (!isDeepStrictEqual(old, value)) given.push(value);
  }
  return { given, removed: [...known.keys()] };
}
