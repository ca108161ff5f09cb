import { RANCHER_ORIGIN } from '../catalog/model.js';
import { labelFault } from '../net/dns-labels.js';
import type { ForeignLabel } from './label-table.js';
import { readRegistratorKey } from './registrator-keys.js';

/** A task's place according to the labels of other programs. Texts are unchecked. */
export interface Place {
  readonly stack: Found;
  /** Absent: the container belongs to no service and has only its own name. */
  readonly service?: Found;
  readonly sidekick?: Found;
  /** The instance number, if known. */
  readonly number?: string;
  /** Port number to name, from registrator's port-scoped names. */
  readonly portNames?: ReadonlyMap<number, string>;
  readonly ignoredPorts?: ReadonlySet<number>;
  /** Whether the names of ports are names of services. */
  readonly isNamedByPort?: true;
}

/** A text and the label from which it came; without a label, it is the container's own name or a default. */
export interface Found {
  readonly text: string;
  readonly label?: string;
}

export interface Labelled {
  /** The name without the slash and Rancher's `r-`. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
}

export const defaultStack: Found = { text: 'default' };

/**
 * Makes a container a service of its own, unless its name is not valid for one (`web.1.x3k`), because no user chose
 * that name.
 */
export function byName(name: string): Place {
  return { stack: defaultStack, ...(labelFault(name) === undefined ? { service: { text: name } } : {}) };
}

/** The place according to the best family of labels that gives one; undefined if none does. */
export function placeByLabels(container: Labelled): Place | undefined {
  return byRancher(container) ?? bySwarm(container) ?? byCompose(container) ?? byRegistrator(container);
}

/**
 * The stack that a container is of by the program that started it, whatever else its labels say; RANCHER_ORIGIN where
 * only Rancher's labels tell of one, and it is there.
 * @param left the stack that labels take it out of, if they do
 */
export function originOf(container: Labelled, left?: Found): string {
  const { stack } = bySwarm(container) ?? byCompose(container) ?? {};
  if (stack !== undefined) return stack.text.toLowerCase();
  if (byRancher(container) === undefined) return defaultStack.text;
  return left?.text.toLowerCase() ?? RANCHER_ORIGIN;
}

function find(
  { labels }: Labelled,
  ...keys: ForeignLabel[]
): (Found & { readonly label: string }) | undefined {
  for (const label of keys) {
    const text = Object.hasOwn(labels, label) ? labels[label] : undefined;
    if (text !== undefined && text !== '') return { text, label };
  }
  return undefined;
}

function byRancher(container: Labelled): Place | undefined {
  const path = find(container, 'io.rancher.stack_service.name', 'io.rancher.project_service.name');
  const stack = find(container, 'io.rancher.stack.name', 'io.rancher.project.name');
  const number = trailingNumber(find(container, 'io.rancher.container.name')?.text ?? container.name);
  const counted = number === undefined ? {} : { number };
  if (path === undefined) {
    return stack === undefined ? undefined : { ...byName(container.name), stack, ...counted };
  }
  const parts = path.text.split('/').map((text): Found => ({ text, label: path.label }));
  const [first, service, third] = parts;
  if (first === undefined || service === undefined || parts.length > 3) {
    // If it is not of the form stack/service[/sidekick], or a part is not a DNS label, all of it is refused.
    return { stack: stack ?? defaultStack, service: path };
  }
  const launch = find(container, 'io.rancher.service.launch.config');
  const named =
    launch !== undefined && launch.text !== 'io.rancher.service.primary.launch.config' ? launch : undefined;
  const sidekick = third ?? (named !== undefined && named.text !== service.text ? named : undefined);
  return { stack: first, service, ...(sidekick === undefined ? {} : { sidekick }), ...counted };
}

/** `stack_service_3`, `stack-service-3`: none of Rancher's labels contains the number. */
function trailingNumber(name: string): string | undefined {
  return /[-_](\d+)$/.exec(name)?.[1];
}

function bySwarm(container: Labelled): Place | undefined {
  const service = find(container, 'com.docker.swarm.service.name');
  if (service === undefined) return undefined;
  const stack = find(container, 'com.docker.stack.namespace');
  if (stack === undefined) return { stack: defaultStack, service };
  const prefix = `${stack.text}_`;
  const short = service.text.startsWith(prefix) ? service.text.slice(prefix.length) : service.text;
  return { stack, service: { ...service, text: short } };
}

function byCompose(container: Labelled): Place | undefined {
  const stack = find(container, 'com.docker.compose.project');
  const service = find(container, 'com.docker.compose.service');
  if (stack === undefined || service === undefined) return undefined;
  // `docker compose run`: it sees its project, but gets no traffic of the service.
  if (find(container, 'com.docker.compose.oneoff')?.text.toLowerCase() === 'true') return { stack };
  const number = find(container, 'com.docker.compose.container-number')?.text;
  return { stack, service, ...(number === undefined ? {} : { number }) };
}

/** registrator reads the environment first, then labels. A key for a port wins over a plain one. */
function byRegistrator({ name, labels, env }: Labelled): Place | undefined {
  const portNames = new Map<number, string>();
  const ignoredPorts = new Set<number>();
  let firstPort: { readonly port: number; readonly found: Found } | undefined;
  let service: Found | undefined;
  let ignored = false;
  for (const [label, text] of [...Object.entries(env), ...Object.entries(labels)]) {
    const key = readRegistratorKey(label);
    if (key === undefined || text === '') continue;
    const { name: word, port } = key;
    if (word === 'IGNORE') {
      // Any value means "ignore", even `false`, as in registrator.
      if (port === undefined) ignored = true;
      else ignoredPorts.add(port);
    } else if (word === 'NAME' && port === undefined) {
      service = { text, label };
    } else if (word === 'NAME' && port !== undefined) {
      portNames.set(port, text);
      if (firstPort === undefined || port <= firstPort.port) firstPort = { port, found: { text, label } };
    }
  }
  if (ignored) return { stack: defaultStack };
  const named = service ?? firstPort?.found;
  if (named === undefined && ignoredPorts.size === 0) return undefined;
  return {
    ...(named === undefined ? byName(name) : { stack: defaultStack, service: named }),
    portNames,
    ignoredPorts,
    isNamedByPort: true,
  };
}
