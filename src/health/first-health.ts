import type { HealthReport } from '../catalog/health-overlay.js';
import type { Task } from '../catalog/model.js';
import type { CheckBook } from './check-book.js';
import type { HealthCheck } from './check.js';

/**
 * What a checked task is taken for before its first probe. One that has long been running serves already, and taking it
 * out until it was probed would be a fault of ours: it is healthy until probes say otherwise.
 * @param now milliseconds since the epoch
 * @param served it was in the rotation before it had this check; counts where its age is not known
 */
export function firstHealth(
  { health, startedAt }: Pick<Task, 'health' | 'startedAt'>,
  check: HealthCheck,
  now: number,
  served = false,
): 'healthy' | 'initializing' {
  const old = startedAt === undefined ? served : now - startedAt > check.initializingTimeout;
  return old && health === 'healthy' ? 'healthy' : 'initializing';
}

/** Why a task is in the state of {@link firstHealth}. It holds until the state changes, so that it needs no correction. */
export const firstCause = {
  healthy: 'taken for healthy until probes say otherwise',
  initializing: 'not probed yet',
} as const;

/**
 * For {@link HealthOverlay.expectation}: what a task is shown as between its coming and the checker's first word on it.
 * @param clock milliseconds since the epoch
 */
export function expectFrom(
  book: Pick<CheckBook, 'checkOf'>,
  clock: () => number = Date.now,
): (task: Task) => HealthReport | undefined {
  return (task) => {
    const { check } = book.checkOf(task);
    if (check === undefined || check.kind === 'docker') return undefined;
    const health = firstHealth(task, check, clock());
    const run = task.startedAt === undefined ? {} : { run: task.startedAt };
    return { health, cause: firstCause[health], ...run };
  };
}
