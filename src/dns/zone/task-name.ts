import type { Task } from '../../catalog/model.js';
import type { Snapshot } from '../../catalog/snapshot.js';

/**
 * The name that PTR and SRV give for a task: one that leads back to this very task, and of those one without an
 * underscore, because host names have none (RFC 952).
 * @returns undefined for a task without a name that leads to it
 */
export function taskName(snapshot: Snapshot, task: Task): string | undefined {
  const own = task.names.filter((name) => snapshot.tasksNamed(task.environment, name)[0]?.id === task.id);
  return own.find((name) => !name.includes('_')) ?? own[0];
}
