import type { HealthReport } from '../catalog/health-overlay.js';
import type { Task } from '../catalog/model.js';
import type { CheckBook } from './check-book.js';
import type { HealthCheck } from './check.js';

/**
 * The health of a checked task before its first probe. A task that has been running for a while already serves clients.
 * Removing it until the first probe would cause an outage, so it is healthy until probes show otherwise.
 * @param now milliseconds since the epoch
 * @param served whether it was in the rotation before it had this check; used if its age is unknown
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

/** The reason for the state of {@link firstHealth}. It stays valid until the state changes. */
export const firstCause = {
  healthy: 'assumed healthy until probes show otherwise',
  initializing: 'not probed yet',
} as const;

/**
 * For {@link HealthOverlay.expectation}: the health of a new task until the checker's first report.
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
