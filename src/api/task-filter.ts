import { HEALTHS, type Health, type Task } from '../catalog/model.js';
import type { Params } from './params.js';

/** The parameters of {@link taskFilter}. */
export const TASK_FILTERS = ['environment', 'stack', 'service', 'health'] as const;

/**
 * Selects the tasks for a list.
 * @returns whether a task belongs to the list; `health` defaults to the task's own
 * @throws ApiProblem `parameter-invalid`
 */
export function taskFilter(params: Params): (task: Task, health?: Health) => boolean {
  const environment = params.text('environment');
  const stack = params.text('stack');
  const service = params.text('service');
  const wanted = params.oneOf('health', HEALTHS);
  return (task, health = task.health) =>
    (environment === undefined || task.environment === environment) &&
    (stack === undefined || (task.service?.stack ?? task.stack) === stack) &&
    (service === undefined || task.service?.service === service) &&
    (wanted === undefined || health === wanted);
}
