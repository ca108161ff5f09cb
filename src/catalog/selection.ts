import type { Health, Service, Task } from './model.js';

/** Whether a task receives new traffic, and if not, why, worded for `explain`. */
export type Selection = { readonly in: true } | { readonly in: false; readonly why: string };

const taken: Selection = { in: true };

/**
 * The fraction of a service's running tasks that may be unhealthy before the check itself is doubted (docs/design.md,
 * "Never empty").
 */
export const PANIC_THRESHOLD = 0.5;

/** Which tasks of a service receive new traffic. */
export interface ServiceSelection {
  readonly tasks: readonly Task[];
  /** Too many tasks are unhealthy at once, so all running tasks are taken, whatever their health. */
  readonly panic: boolean;
  /** Tasks that are taken only because fewer than the service's minimum are healthy. */
  readonly filled: readonly Task[];
}

/**
 * The tasks that a service's name resolves to. DNS and balancers both call this function.
 *
 * - If more than the threshold of the running tasks are unhealthy, the check is probably wrong, and all running tasks
 *   are taken. The same applies if none is healthy and at least one is unhealthy.
 * - If fewer than the minimum are healthy, the best of the other running tasks fill up.
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
  // Starting tasks would lower the fraction and leave the name empty.
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

/** A check may wrongly fail a task. A starting task does not even claim to serve. */
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

/** Whether a task belongs to its service's answer while the service is not in panic. */
export function selectForService(task: Task): Selection {
  const name = selectForName(task);
  if (!name.in) return name;
  if (task.health !== 'healthy') return { in: false, why: withReason(task) };
  if (task.weight === 0) return { in: false, why: 'weight 0' };
  return taken;
}

/**
 * Whether a task's own name resolves to it. Unhealthy and starting tasks qualify, because the client asks for this very
 * task. Stopping and stopped tasks do not, because their address may soon belong to another task.
 */
export function selectForName(task: Task): Selection {
  if (task.health === 'stopped' || task.health === 'draining') return { in: false, why: withReason(task) };
  if (task.endpoints.length === 0) return { in: false, why: 'no address' };
  return taken;
}

function withReason({ health, reason }: Task): string {
  return reason === undefined ? health : `${health} (${reason})`;
}
