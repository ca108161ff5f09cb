import { RANCHER_ORIGIN, serviceName, type Problem, type ServiceRef, type Task } from './model.js';
import type { Told } from './service-builder.js';

/** Which of the tasks that ask to be of a service are. */
export interface Admission {
  readonly admitted: readonly Task[];
  readonly refused: readonly Task[];
  readonly problems: readonly Problem[];
}

/**
 * Judges tasks that labels put into a service of another stack than their own. They are let in and told of, or
 * refused where the service is sealed. Whose service it is follows from the best of these that there is: a file that
 * defines it, tasks whose own stack it is in, tasks that Rancher's labels put there, the stack of the task that
 * started first.
 * @param tasks all that ask to be of the service, in its order
 */
export function admit(ref: ServiceRef, tasks: readonly Task[], told: readonly Told[]): Admission {
  const guests = guestsOf(ref, tasks, told);
  const [first] = guests;
  if (first === undefined) return { admitted: tasks, refused: [], problems: [] };
  const owners = tasks.filter((task) => !guests.includes(task));
  const sealing = owners.find(({ sealed }) => sealed);
  const fact = told.find(({ fact: { kind, sealed } }) => kind === 'tasks' && sealed);
  const by = sealing ? container(sealing) : fact && `the source ${fact.source}`;
  if (by === undefined) {
    const host = owners[0] ? container(owners[0]) : `the source ${told[0]?.source ?? ''}`;
    return { admitted: tasks, refused: [], problems: [joined(ref, guests, first, host)] };
  }
  return { admitted: owners, refused: guests, problems: guests.map((guest) => refusal(ref, guest, by)) };
}

function guestsOf(ref: ServiceRef, tasks: readonly Task[], told: readonly Told[]): readonly Task[] {
  // Most services have none, and every change of a service comes by here.
  if (!tasks.some(({ origin }) => origin !== undefined && origin !== ref.stack)) return [];
  const isDefined = told.some(({ fact }) => fact.kind === 'tasks');
  const home = isDefined || tasks.some(({ origin }) => origin === ref.stack) ? ref.stack : homeOf(tasks);
  return tasks.filter(({ origin }) => origin !== undefined && origin !== home);
}

function homeOf(tasks: readonly Task[]): string | undefined {
  if (tasks.some(({ origin }) => origin === RANCHER_ORIGIN)) return RANCHER_ORIGIN;
  const [first] = tasks
    .filter(({ origin }) => origin !== undefined)
    .sort((a, b) => (a.startedAt ?? Infinity) - (b.startedAt ?? Infinity) || (a.id < b.id ? -1 : 1));
  return first?.origin;
}

function container({ name }: Task): string {
  return `container ${JSON.stringify(name)}`;
}

function described(task: Task): string {
  const { origin = '' } = task;
  return `${container(task)}${origin === RANCHER_ORIGIN ? '' : ` of the stack ${origin}`}`;
}

function joined(ref: ServiceRef, guests: readonly Task[], first: Task, host: string): Problem {
  const subject = `service ${serviceName(ref)}`;
  const more = guests.length === 1 ? '' : ` (and ${guests.length - 1} more)`;
  return {
    code: 'service-joined',
    subject,
    message: `${subject}: ${described(first)}${more} joins it by labels and shares its traffic with ${host}; change its labels, or say fairlead.sealed=true on the service's own containers to refuse it`,
  };
}

function refusal(ref: ServiceRef, guest: Task, by: string): Problem {
  const subject = container(guest);
  return {
    code: 'service-sealed',
    subject,
    message: `${described(guest)}: asks by labels to be of the service ${serviceName(ref)}, which ${by} seals (fairlead.sealed); it is served by its own name only; change its labels`,
  };
}
