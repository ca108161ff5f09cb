import { HEALTHS, type Health, type Task } from '../catalog/model.js';
import type { Params } from './params.js';
import type { Place } from './vip-list.js';

/** The parameters of {@link taskFilter}. */
export const TASK_FILTERS = ['environment', 'stack', 'service', 'health'] as const;

/**
 * Selects the tasks for a list.
 * @returns whether a task belongs to the list; `health` defaults to the task's own
 * @throws ApiProblem `parameter-invalid`
 */
export function taskFilter(params: Params): (task: Task, health?: Health) => boolean {
  return taskFits({
    environment: params.text('environment'),
    stack: params.text('stack'),
    service: params.text('service'),
    health: params.oneOf('health', HEALTHS),
  });
}

/** What is absent chooses nothing. */
export interface TaskWishes extends Place {
  readonly health?: Health | undefined;
}

/** Whether a task is as wished; `health` defaults to the task's own. */
export function taskFits({
  environment,
  stack,
  service,
  health: wanted,
}: TaskWishes): (task: Task, health?: Health) => boolean {
  return (task, health = task.health) =>
    (environment === undefined || task.environment === environment) &&
    (stack === undefined || (task.service?.stack ?? task.stack) === stack) &&
    (service === undefined || task.service?.service === service) &&
    (wanted === undefined || health === wanted);
}
