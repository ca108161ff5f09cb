import type { Task } from '../../catalog/model.js';
import type { Snapshot } from '../../catalog/snapshot.js';

/**
 * The name of a task in PTR and SRV records. It must lead back to this very task. Names without underscores are
 * preferred, because host names have none (RFC 952).
 * @returns undefined if no name leads back to the task
 */
export function taskName(snapshot: Snapshot, task: Task): string | undefined {
  const own = task.names.filter((name) => snapshot.tasksNamed(task.environment, name)[0]?.id === task.id);
  return own.find((name) => !name.includes('_')) ?? own[0];
}
