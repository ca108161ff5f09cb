import type { Task } from './model.js';

/** So that an unchanged task keeps its object, by which the indexes know that it did not change. */
const stamped = new WeakMap<Task, Task>();

/**
 * A task with the time at which it became healthy, for those who give newcomers less at first.
 * @param task as it is now, without that time
 * @param before as it was; undefined: there was none
 * @param isNews whether it came or became healthy just now, as far as anybody can know
 */
export function withHealthySince(task: Task, before: Task | undefined, now: number, isNews: boolean): Task {
  if (task.health !== 'healthy') return task;
  const stayed = before?.health === 'healthy' && before.startedAt === task.startedAt;
  const since = stayed ? before.healthySince : isNews ? now : undefined;
  if (since === undefined) return task;
  const known = stamped.get(task);
  if (known?.healthySince === since) return known;
  // In front: an object that grows after a spread gets a hidden class of its own.
  const result: Task = { healthySince: since, ...task };
  stamped.set(task, result);
  return result;
}
