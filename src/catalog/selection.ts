import type { Health, Service, Task } from './model.js';

/** Whether a task takes new traffic, and if not, why: words for `explain`. */
export type Selection = { readonly in: true } | { readonly in: false; readonly why: string };

const taken: Selection = { in: true };

/** The part of a service's running tasks that may be unhealthy before the checker is doubted (docs/design.md, "Never empty"). */
export const PANIC_THRESHOLD = 0.5;

/** Which tasks of a service take new traffic. */
export interface ServiceSelection {
  readonly tasks: readonly Task[];
  /** So many are unhealthy at once that all that run are taken, whatever their health. */
  readonly panic: boolean;
  /** Those that are taken only because fewer than the service's minimum are healthy. */
  readonly filled: readonly Task[];
}

/**
 * The tasks that a service's name gives: DNS and balancers ask this one function. When more than the threshold of those
 * that run are unhealthy, or none is healthy and one is unhealthy, the checker is doubted before the tasks are, and all
 * that run are taken. When fewer than the
 * minimum are healthy, the best of the others that run fill up.
 * @param threshold 0..1; 1 never panics
 */
export function selectTasks(
  { tasks, balancing }: Pick<Service, 'tasks' | 'balancing'>,
  threshold: number = balancing.panicThreshold ?? PANIC_THRESHOLD,
): ServiceSelection {
  const running = tasks.filter((task) => selectForName(task).in && task.weight > 0);
  const unhealthy = running.filter((task) => task.health === 'unhealthy').length;
  const healthy = running.filter((task) => task.health === 'healthy');
  const isDoubted = unhealthy > threshold * running.length;
  // Those that start would make the share small and the name empty.
  const isLeftEmpty = healthy.length === 0 && unhealthy > 0 && threshold < 1;
  if (isDoubted || isLeftEmpty) return { tasks: running, panic: true, filled: [] };
  const missing = (balancing.minHealthy ?? 0) - healthy.length;
  if (missing <= 0 || healthy.length === running.length) return { tasks: healthy, panic: false, filled: [] };
  const others = running.filter((task) => task.health !== 'healthy').sort(bestFirst);
  const filled = others.slice(0, missing);
  return {
    tasks: running.filter((task) => !others.includes(task) || filled.includes(task)),
    panic: false,
    filled,
  };
}

/** A check may be wrong about a task that it fails; one that is still starting does not claim to serve. */
const trust: Readonly<Record<Health, number>> = {
  healthy: 0,
  unhealthy: 1,
  reinitializing: 2,
  initializing: 3,
  draining: 4,
  stopped: 5,
};

function bestFirst(a: Task, b: Task): number {
  return trust[a.health] - trust[b.health] || b.weight - a.weight;
}

/** Whether a task is among those that its service's name gives while the service is not in panic. */
export function selectForService(task: Task): Selection {
  const name = selectForName(task);
  if (!name.in) return name;
  if (task.health !== 'healthy') return { in: false, why: withReason(task) };
  if (task.weight === 0) return { in: false, why: 'weight 0' };
  return taken;
}

/**
 * Whether a task is given under its own name. One that is unhealthy or still starting is: a client that asks for one task
 * wants that one. One that stops or has stopped is not: its address may be another's next.
 */
export function selectForName(task: Task): Selection {
  if (task.health === 'stopped' || task.health === 'draining') return { in: false, why: withReason(task) };
  if (task.endpoints.length === 0) return { in: false, why: 'no address' };
  return taken;
}

function withReason({ health, reason }: Task): string {
  return reason === undefined ? health : `${health} (${reason})`;
}
