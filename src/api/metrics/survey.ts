import { setImmediate as nextTurn } from 'node:timers/promises';
import { serviceName, type Health, type Service } from '../../catalog/model.js';
import { selectTasks } from '../../catalog/selection.js';
import type { Snapshot } from '../../catalog/snapshot.js';

export type HealthCounts = Record<Health, number>;

/** A service with a running task that is not healthy. */
export interface OddService {
  readonly service: Service;
  readonly health: Readonly<HealthCounts>;
  readonly panic: boolean;
}

/** The figures of a catalog. */
export interface Survey {
  readonly health: Readonly<HealthCounts>;
  readonly odd: readonly OddService[];
}

/** How many items are counted before other work gets a turn. */
const ITEMS_A_TURN = 2000;

/** Counts tasks by health, and finds the services with unhealthy tasks. Other work gets turns in between. */
export async function survey(snapshot: Snapshot): Promise<Survey> {
  const health = noneOfEach();
  let items = 0;
  for (const task of snapshot.tasks()) {
    health[task.health]++;
    if (++items % ITEMS_A_TURN === 0) await nextTurn();
  }
  const odd: OddService[] = [];
  for (const service of snapshot.services()) {
    const { tasks } = service;
    if (tasks.some((task) => task.health !== 'healthy' && task.health !== 'stopped')) {
      const own = noneOfEach();
      for (const task of tasks) own[task.health]++;
      odd.push({ service, health: own, panic: selectTasks(service).panic });
    }
    items += 1 + tasks.length;
    if (items >= ITEMS_A_TURN) {
      items = 0;
      await nextTurn();
    }
  }
  return { health, odd };
}

function noneOfEach(): HealthCounts {
  return { initializing: 0, healthy: 0, unhealthy: 0, reinitializing: 0, draining: 0, stopped: 0 };
}

/** The values of the labels `service` and `environment`; the daemon's own environment is left out. */
export function serviceLabels(
  service: Pick<Service, 'environment' | 'stack' | 'service' | 'sidekick'>,
  own: string,
): readonly [service: string, environment: string] {
  return [serviceName(service), service.environment === own ? '' : service.environment];
}
