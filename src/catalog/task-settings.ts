import { allBalancingSettings, type Balancing } from '../net/balancing.js';
import { serviceName, type EndpointMode, type Problem, type ServiceRef, type Task } from './model.js';

/** The service settings that tasks specify. */
interface TaskSettings {
  readonly endpointMode?: EndpointMode;
  readonly vip?: string;
  readonly balancing?: Balancing;
  /** Settings on which tasks disagree. */
  readonly problems: readonly Problem[];
}

const silent: TaskSettings = { problems: [] };

/** One setting of a service as a task specifies it, under the name of its label. */
interface Setting {
  readonly name: string;
  readonly of: (task: Task) => unknown;
}

/** The connection limit applies to the task alone: see {@link Task.balancing}. */
const balancing = allBalancingSettings.filter(({ field }) => field !== 'maxConnections');
const settings: readonly (Setting & { readonly field?: keyof Balancing })[] = [
  { name: 'endpoint_mode', of: (task) => task.endpointMode },
  { name: 'vip', of: (task) => task.vip },
  ...balancing.map(({ name, field }) => ({ name, field, of: (task: Task) => task.balancing?.[field] })),
];

/**
 * Determines each setting of a service from its tasks: the newest running task that has the setting decides. A
 * different value on another running task is a problem. Stopping tasks may differ, because upgrades look like that.
 */
export function settingsOfTasks(ref: ServiceRef, tasks: readonly Task[]): TaskSettings {
  const speakers = tasks.filter(
    (task) => task.balancing !== undefined || task.vip !== undefined || task.endpointMode !== undefined,
  );
  if (speakers.length === 0) return silent;
  speakers.sort(newestFirst);
  const problems: Problem[] = [];
  const told: [keyof Balancing, unknown][] = [];
  for (const setting of settings) {
    const speaker = speakers.find((task) => setting.of(task) !== undefined);
    if (!speaker) continue;
    const value = setting.of(speaker);
    if (setting.field) told.push([setting.field, value]);
    const other = speakers.find(
      (task) => isUp(task) && setting.of(task) !== undefined && setting.of(task) !== value,
    );
    if (other) problems.push(conflict(ref, setting, speaker, other));
  }
  const endpointMode = speakers.find((task) => task.endpointMode !== undefined)?.endpointMode;
  const vip = speakers.find((task) => task.vip !== undefined)?.vip;
  return {
    ...(endpointMode !== undefined && { endpointMode }),
    ...(vip !== undefined && { vip }),
    // Each value was read from the field of the same name.
    ...(told.length > 0 && { balancing: Object.fromEntries(told) }),
    problems,
  };
}

function isUp({ health }: Task): boolean {
  return health !== 'stopped' && health !== 'draining';
}

function newestFirst(a: Task, b: Task): number {
  if (isUp(a) !== isUp(b)) return isUp(a) ? -1 : 1;
  return (b.startedAt ?? 0) - (a.startedAt ?? 0) || (a.id < b.id ? -1 : 1);
}

function conflict(ref: ServiceRef, { name, of }: Setting, speaker: Task, other: Task): Problem {
  const subject = `service ${serviceName(ref)}`;
  const says = (task: Task) => `${JSON.stringify(task.name)} says ${String(of(task))}`;
  return {
    code: 'label-conflict',
    subject,
    message: `${subject}: its tasks disagree about fairlead.${name}: ${says(speaker)}, ${says(other)}; the newest task with a value decides (${JSON.stringify(speaker.name)}); give all of them the same value`,
  };
}
