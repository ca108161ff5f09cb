import type { Service, Task } from '../../catalog/model.js';
import { link } from './lookups.js';
import { note, type AliasMember, type Located, type LocateContext } from './located.js';

/**
 * Names as Docker's own resolver has them: the names of containers on the client's networks. They are not unique, and
 * they lead to the container's address on that same network.
 */

/** Tasks with a certain name on one network. */
interface Found {
  /** Network id. */
  readonly network: string;
  readonly tasks: readonly Task[];
}

/**
 * A service's name in its own stack, plus the tasks of that stack with the same name as a network alias.
 * @param own the meaning of the name without aliases
 */
export function withAliases(
  context: LocateContext,
  name: string,
  stack: string,
  own: Located | undefined,
): Located | undefined {
  const service = own?.kind === 'service' ? own.service : undefined;
  if (own && !service) return own;
  const found = namedOnNetworks(context, name, (task) => task.stack === stack);
  if (!found) return own;
  const others = found.tasks.filter((task) => !service?.tasks.some(({ id }) => id === task.id));
  if (others.length === 0) return own;
  const members = membersOf(context, { ...found, tasks: others }, name);
  return aliases(context, found, name, service ? [{ service }, ...members] : members);
}

/** A network alias, of any stack. */
export function networkAlias(context: LocateContext, name: string): Located | undefined {
  const found = namedOnNetworks(context, name, () => true);
  return found && aliases(context, found, name, membersOf(context, found, name));
}

/**
 * A name of any number of labels that Docker's resolver would answer for this client: a network alias with dots, or
 * `<name>.<network>`, where the name is a container's, an alias or a link.
 */
export function networkName(context: LocateContext, labels: readonly string[]): Located | undefined {
  const { networks } = context.view;
  if (networks === 'all') return undefined;
  const alias = networkAlias(context, labels.join('.'));
  if (alias) return alias;
  for (const network of networks) {
    const tail = context.snapshot.network(network)?.name.toLowerCase().split('.') ?? [];
    const rest = labels.length - tail.length;
    if (rest < 1 || !tail.every((label, at) => label === labels[rest + at])) continue;
    const found = onNetwork(context, labels.slice(0, rest).join('.'), network);
    if (found) return found;
  }
  return undefined;
}

function onNetwork(context: LocateContext, name: string, network: string): Located | undefined {
  const linked = Object.hasOwn(context.view.links, name) ? link(context, name) : undefined;
  const tasks =
    linked?.kind === 'tasks' ? linked.tasks.filter(isOn(network)) : namedOn(context, name, network);
  const found = { network, tasks };
  return tasks.length === 0 ? undefined : aliases(context, found, name, membersOf(context, found, name));
}

/** Uses the first of the client's networks that has the name. Docker does not combine networks either. */
function namedOnNetworks(
  context: LocateContext,
  name: string,
  isWanted: (task: Task) => boolean,
): Found | undefined {
  const { snapshot, view } = context;
  if (view.networks === 'all') return undefined;
  for (const network of view.networks) {
    // A container's own name alone does not count as an alias; another rule handles it.
    if (!snapshot.tasksAliased(network, name).some((task) => isHere(context, task) && isWanted(task)))
      continue;
    return { network, tasks: namedOn(context, name, network).filter(isWanted) };
  }
  return undefined;
}

function namedOn(context: LocateContext, name: string, network: string): readonly Task[] {
  const { snapshot, view } = context;
  const aliased = snapshot.tasksAliased(network, name).filter((task) => isHere(context, task));
  const named = snapshot.tasksNamed(view.environment, name).filter(isOn(network));
  return [...aliased, ...named.filter((task) => !aliased.includes(task))];
}

function isHere({ view }: LocateContext, { environment }: Task): boolean {
  return environment === view.environment;
}

function isOn(network: string): (task: Task) => boolean {
  return ({ endpoints }) => endpoints.some((endpoint) => endpoint.network === network);
}

/** If all tasks of a service have the name, they are given as the service, with its health and its virtual IP. */
function membersOf(
  { snapshot }: LocateContext,
  { network, tasks }: Found,
  name: string,
): readonly AliasMember[] {
  const ids = new Set(tasks.map(({ id }) => id));
  const isWhole = (service: Service) =>
    service.tasks.every(({ id, endpoints }) => ids.has(id) || endpoints.length === 0);
  const whole = new Set<Service>();
  const members: AliasMember[] = [];
  for (const task of tasks) {
    const service = task.service && snapshot.service(task.service);
    if (service && isWhole(service)) whole.add(service);
    else members.push({ task, network, isOwnName: task.names.includes(name) });
  }
  return [...[...whole].map((service) => ({ service, network })), ...members];
}

function aliases(
  context: LocateContext,
  { network }: Found,
  name: string,
  members: readonly AliasMember[],
): Located {
  const where = context.snapshot.network(network)?.name ?? network.slice(0, 12);
  const rule = `"${name}" on network ${where}`;
  note(context, name, true, rule);
  return { kind: 'aliases', members, rule };
}
