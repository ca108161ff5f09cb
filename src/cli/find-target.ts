import { AnswerError } from '../api/answer-errors.js';
import type { ServiceRefJson } from '../api/types/references.js';
import type { ServiceJson, ServiceListJson, TaskJson } from '../api/types/resources.js';
import type { StatusJson } from '../api/types/status-json.js';
import type { Context } from './context.js';
import { CliError, EXIT } from './exit-codes.js';
import { parseServiceName } from './service-name.js';

/** The target of a command that takes a task or a service. */
export type Target =
  | { readonly task: string; readonly name: string }
  | { readonly service: ServiceRefJson; readonly name: string };

/** How many matches an error lists. */
const MAX_NAMED = 5;

/**
 * Finds the service or task that a user means. The name of a service wins over an id prefix, because `db` is also
 * hexadecimal.
 * @param stack the stack of a service's name without one
 * @throws CliError when there is none, or several
 */
export async function findTarget(context: Context, text: string, stack?: string): Promise<Target> {
  if (text === '')
    throw new CliError(EXIT.usage, 'the name is empty; give one such as web.shop or shop_web_1');
  const named = await servicesNamed(context, text, stack);
  const task = await taskNamed(context, text, named.length > 0);
  const services = named
    .filter((service) => !task || !isAllOf(task, service))
    .map((service): Target => ({ service, name: service.name }));
  const targets = [...services, ...(task ? [{ task: task.id, name: task.name }] : [])];
  const [target, ...others] = targets;
  if (target === undefined) {
    const where = stack === undefined ? '' : ` in stack ${stack}`;
    throw new CliError(
      EXIT.negative,
      `no service or task is called "${text}"${where}; "fairlead services" and "fairlead tasks" list them`,
    );
  }
  if (others.length > 0) throw severalTargets(text, targets);
  return target;
}

/**
 * Whether a task is the only one of its service: `docker run --name solo` makes a service of that name with that task.
 */
function isAllOf(
  { service: own, health: state }: TaskJson,
  { key, health, taskCount }: ServiceJson,
): boolean {
  const others = taskCount - (health.stopped ?? 0) - (state === 'stopped' ? 0 : 1);
  const ownKey = own && [own.environment, own.stack, own.service, own.sidekick].filter(Boolean).join('/');
  return ownKey === key && others <= 0;
}

export function severalTargets(text: string, targets: readonly Target[]): CliError {
  const some = targets.slice(0, MAX_NAMED).map(targetText);
  const more = targets.length > some.length ? `, and ${targets.length - some.length} more` : '';
  return new CliError(
    EXIT.negative,
    `"${text}" can mean ${some.join(', ')}${more}; give service.stack, or the id of a task`,
  );
}

/** `service web.shop`, `task shop_web_1 (4f1c2b3a5d6e)`. */
export function targetText(target: Target): string {
  if ('service' in target) return `service ${target.name}`;
  const { task, name } = target;
  return task === name ? `task ${name}` : `task ${name} (${task.slice(0, 12)})`;
}

/** The API route of a target, with its query. */
export function targetRoute(target: Target, what: string): { path: string; query: Record<string, string> } {
  if ('task' in target) return { path: `/v1/tasks/${encodeURIComponent(target.task)}/${what}`, query: {} };
  const { environment, stack, service, sidekick } = target.service;
  return {
    path: `/v1/services/${encodeURIComponent(stack)}/${encodeURIComponent(service)}/${what}`,
    query: { environment, ...(sidekick === undefined ? {} : { sidekick }) },
  };
}

async function servicesNamed(
  context: Context,
  text: string,
  inStack: string | undefined,
): Promise<readonly ServiceJson[]> {
  const { domain, environment } = await context.get<StatusJson>('/v1/status');
  const name = parseServiceName(text, domain);
  if (!name) return [];
  const { service, stack = inStack, sidekick } = name;
  const { services } = await context.get<ServiceListJson>('/v1/services', { environment, stack, service });
  return services.filter((each) => each.sidekick === sidekick);
}

/**
 * @param rivals whether a service has this name; then only a task of the same name matches
 * @returns undefined when no task matches
 * @throws CliError when several are
 */
async function taskNamed(context: Context, text: string, rivals: boolean): Promise<TaskJson | undefined> {
  try {
    const task = await context.get<TaskJson>(`/v1/tasks/${encodeURIComponent(text)}`);
    const lower = text.toLowerCase();
    const byName = task.id === text || task.name.toLowerCase() === lower || task.names.includes(lower);
    return byName || !rivals ? task : undefined;
  } catch (error) {
    const answer = error instanceof CliError ? error.cause : undefined;
    if (!(answer instanceof AnswerError)) throw error;
    const { code } = answer.problem;
    if (code === 'task-not-found') return undefined;
    // Several task ids can begin with the name of a service.
    if (code === 'task-ambiguous' && rivals && /^[0-9a-f]+$/i.test(text)) return undefined;
    throw error;
  }
}
