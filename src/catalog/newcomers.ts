import type { Task } from './model.js';

/** An unchanged task keeps its object, so that the indexes recognize it as unchanged. */
const stamped = new WeakMap<Task, Task>();

/**
 * A task with the time at which it became healthy, so that balancers can give newcomers less traffic at first.
 * @param task the current task, without that time
 * @param before the previous version; undefined if there was none
 * @param isNews whether it appeared or became healthy just now, as far as known
 */
export function withHealthySince(task: Task, before: Task | undefined, now: number, isNews: boolean): Task {
  if (task.health !== 'healthy') return task;
  const stayed = before?.health === 'healthy' && before.startedAt === task.startedAt;
  const since = stayed ? before.healthySince : isNews ? now : undefined;
  if (since === undefined) return task;
  const known = stamped.get(task);
  if (known?.healthySince === since) return known;
  // `healthySince` comes first, because V8 gives an object that grows after a spread its own hidden class.
  const result: Task = { healthySince: since, ...task };
  stamped.set(task, result);
  return result;
}
