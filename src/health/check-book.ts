import { HOST_NETWORK, serviceKey, type Problem, type ServiceKey, type Task } from '../catalog/model.js';
import { defaultTiming, type HealthCheck, type HttpCheck } from './check.js';
import type { Definition, Note } from './definitions/build.js';
import { isFor, type DefaultCheck } from './definitions/default-check.js';
import { checkFromLabels } from './definitions/check-from-labels.js';
import { printable } from '../text/printable.js';
import { checkFromRegistrator } from './definitions/registrator.js';
import { lowestTcpPort } from './probe-target.js';

/** Marks a task whose health comes from the container's own HEALTHCHECK (docs/health.md). */
export interface SelfChecked {
  readonly healthFrom?: 'check';
}

export interface CheckBookOptions {
  /** Checks from the configuration, by service. */
  readonly services?: ReadonlyMap<ServiceKey, HealthCheck>;
  /** For tasks of a stack that have no other check, by `environment/stack`. */
  readonly stacks?: ReadonlyMap<string, readonly DefaultCheck[]>;
  /** Tasks whose health another host or a registry finds out: they are not checked here. None by default. */
  readonly isForeign?: (task: Task) => boolean;
  /**
   * HTTP methods besides GET and HEAD that labels may have checks of containers in the host's network ask with. Such a
   * check reaches every service of the host.
   */
  readonly hostMethods?: readonly string[];
  /** Whether programs can be run in a task: it is a container, and there is an engine. All by default. */
  readonly canExecute?: (task: Task) => boolean;
}

/** The check of a task, and the mistakes in its definition. */
export interface TaskCheck {
  readonly check?: HealthCheck;
  readonly problems: readonly Problem[];
}

const none: TaskCheck = { problems: [] };

/** The check that shows what a container's own HEALTHCHECK says. */
const dockerCheck: HealthCheck = {
  kind: 'docker',
  ...defaultTiming,
  strategy: 'none',
  passive: false,
  from: 'the container’s HEALTHCHECK',
};

/**
 * Finds the check of a task. The first definition wins: its `fairlead.health.*` labels, the configuration
 * (rancher-compose.yml) for its service, registrator's labels, its HEALTHCHECK, the default of its stack. A definition
 * that cannot run is a problem, and the task then has no check. Using another check instead would hide the problem.
 */
export class CheckBook {
  readonly #services: ReadonlyMap<ServiceKey, HealthCheck>;
  readonly #stacks: ReadonlyMap<string, readonly DefaultCheck[]>;
  readonly #isForeign: (task: Task) => boolean;
  readonly #canExecute: (task: Task) => boolean;
  readonly #hostMethods: readonly string[];

  constructor(options: CheckBookOptions = {}) {
    this.#services = options.services ?? new Map();
    this.#stacks = options.stacks ?? new Map();
    this.#isForeign = options.isForeign ?? (() => false);
    this.#canExecute = options.canExecute ?? (() => true);
    const more = options.hostMethods?.map((method) => method.toUpperCase()) ?? [];
    this.#hostMethods = ['GET', 'HEAD', ...more];
  }

  checkOf(task: Task & SelfChecked): TaskCheck {
    if (this.#isForeign(task)) return none;
    const found = this.#checkOf(task);
    if (found.check?.kind !== 'exec' || this.#canExecute(task)) return found;
    const { problems } = told(task, { notes: [notExecutable(found.check)] });
    return { problems: [...found.problems, ...problems] };
  }

  #checkOf(task: Task & SelfChecked): TaskCheck {
    const port = lowestTcpPort(task);
    const own = this.#ofLabels(task, checkFromLabels(task.labels, port));
    // A label that is merely unknown says nothing that others could contradict.
    if (own && (own.check !== undefined || own.off === true || own.notes.some((note) => note.fatal)))
      return told(task, own);
    const later = this.#checkOfOthers(task, port);
    const notes = own ? told(task, own).problems : [];
    return notes.length === 0 ? later : { ...later, problems: [...notes, ...later.problems] };
  }

  #checkOfOthers(task: Task & SelfChecked, port: number | undefined): TaskCheck {
    const configured = task.service && this.#services.get(configuredKey(task.service));
    if (configured) return { check: configured, problems: [] };
    const registrator = this.#ofLabels(task, checkFromRegistrator(task.labels, port));
    if (registrator) return told(task, registrator);
    if (task.healthFrom === 'check') return { check: dockerCheck, problems: [] };
    const defaults = this.#stacks.get(`${task.environment}/${task.stack}`);
    const check = defaults?.find((each) => isFor(each, task))?.check;
    return check ? { check, problems: [] } : none;
  }

  #ofLabels(task: Task, definition: Definition | undefined): Definition | undefined {
    const check = definition?.check;
    if (!definition || check?.kind !== 'http' || this.#hostMethods.includes(check.method) || !isOnHost(task))
      return definition;
    return { notes: [...definition.notes, methodNotAllowed(check, this.#hostMethods)] };
  }
}

function notExecutable({ from }: HealthCheck): Note {
  const why = 'this task is not a container of a connected Docker engine (sources.docker)';
  const message = `(${from}) runs a program in the container, but ${why}; use another type, such as tcp or ttl`;
  return { key: '', message, fatal: true };
}

function methodNotAllowed({ from, method }: HttpCheck, allowed: readonly string[]): Note {
  const why = `but the container is in the host's network, where labels may ask with ${allowed.join(', ')} alone`;
  const message = `(${from}) asks with ${printable(method)}, ${why}; use one of these, or list the method in health.hostMethods`;
  return { key: '', message, fatal: true };
}

function isOnHost({ endpoints }: Task): boolean {
  return endpoints.some(({ network }) => network === HOST_NETWORK);
}

/** A sidekick has an entry of its own name in rancher-compose.yml. */
function configuredKey({ environment, stack, service, sidekick }: NonNullable<Task['service']>): ServiceKey {
  return serviceKey({ environment, stack, service: sidekick ?? service });
}

/** For a mistake in a check that a probe found. @param message one line that follows "the health check" */
export function checkFault(task: Task, message: string): Problem {
  return problem(task, { key: '', message, fatal: false });
}

function told(task: Task, { check, notes }: Definition): TaskCheck {
  return { ...(check && { check }), problems: notes.map((note) => problem(task, note)) };
}

function problem(task: Task, { key, message, fatal, holds }: Note): Problem {
  const subject = `task ${printable(task.name)}`;
  const what = key === '' ? 'the health check' : `health label ${printable(key)}:`;
  const otherwise = holds === undefined ? '' : `; until then ${holds} is used`;
  const effect = fatal ? '; until then it counts as having no check' : otherwise;
  return {
    code: 'health-check-invalid',
    subject,
    message: `${subject}: ${what} ${message}${effect}`,
    task: task.id,
  };
}

/** Whether two versions of a task have the same check: what the book reads of them is the same. */
export function sameDefinition(a: Task & SelfChecked, b: Task & SelfChecked): boolean {
  return (
    a === b ||
    (a.labels === b.labels &&
      a.ports === b.ports &&
      a.service === b.service &&
      a.stack === b.stack &&
      isOnHost(a) === isOnHost(b) &&
      a.healthFrom === b.healthFrom)
  );
}
