import type { Protocol, Service, ServiceRef } from '../../catalog/model.js';
import { canonicalIp } from '../../net/ip.js';
import { leaves, matchesPort, type PortSelector } from './leaves.js';
import { note, type Located, type LocateContext } from './located.js';

export type PartialRef = Omit<ServiceRef, 'environment'>;

export function service(context: LocateContext, text: string, ref: PartialRef): Located | undefined {
  const found = lookup(context, ref);
  const form = ref.sidekick === undefined ? 'service.stack' : 'sidekick.service.stack';
  note(context, text, found !== undefined, found ? `the ${form} name of ${found.key}` : `no such ${form}`);
  return found && { kind: 'service', service: found, give: 'mode', rule: form };
}

/** `tasks.` and `vip.` in front of a service's name. */
export function serviceForm(context: LocateContext, form: string, ref: PartialRef): Located | undefined {
  if (form !== 'tasks' && form !== 'vip') return undefined;
  const found = lookup(context, ref);
  note(
    context,
    `${form}.${ref.service}.${ref.stack}`,
    found !== undefined,
    found ? `the ${form} of ${found.key}` : 'no such service',
  );
  if (!found) return undefined;
  return { kind: 'service', service: found, give: form, rule: `${form}.service.stack` };
}

export function portOf(
  context: LocateContext,
  port: string,
  protocol: string,
  ref: PartialRef,
): Located | undefined {
  const match = /^_(tcp|udp|sctp)$/.exec(protocol);
  const found = match && lookup(context, ref);
  if (!found) return undefined;
  const selector: PortSelector = { port: port.slice(1), protocol: match[1] as Protocol };
  const known = portsOf(context, found).some((each) => matchesPort(selector, each));
  note(
    context,
    `${port}.${protocol}`,
    known,
    known ? `a port of ${found.key}` : `${found.key} has no such port`,
  );
  return known
    ? { kind: 'port', service: found, port: selector, rule: '_port._proto.service.stack' }
    : undefined;
}

function portsOf(context: LocateContext, target: Service): Service['ports'] {
  return leaves(context.snapshot, target)
    .flatMap((leaf) => leaf.ports)
    .concat(target.ports);
}

export function link(context: LocateContext, label: string): Located | undefined {
  const { view, snapshot } = context;
  const target = Object.hasOwn(view.links, label) ? view.links[label] : undefined;
  if (target === undefined) {
    if (view.stack !== undefined) note(context, label, false, 'the client has no link of this name');
    return undefined;
  }
  const rule = `link "${label}" to ${target}`;
  const found = linkedService(context, target.toLowerCase());
  const tasks = found ? [] : snapshot.tasksNamed(view.environment, target.toLowerCase());
  note(context, label, true, (found ?? tasks[0]) ? rule : `${rule}, which does not exist`);
  if (found) return { kind: 'service', service: found, give: 'mode', rule };
  return { kind: 'tasks', tasks, rule };
}

/**
 * The client's own link, queried with the stack's name, which a search list appends to a bare name. The link hides a
 * service of the same name there, as it does everywhere.
 */
export function ownLink(context: LocateContext, label: string, stack: string): Located | undefined {
  const { snapshot, view } = context;
  // Checked first, because the result is the same for every client. Answers depend on the client only if such a link
  // exists.
  if (!snapshot.isLinkAlias(label) || view.stack !== stack) return undefined;
  return Object.hasOwn(view.links, label) ? link(context, label) : undefined;
}

/** `service`, `service.stack` or `environment/stack/service`. Only the last form leads to another environment. */
function linkedService(context: LocateContext, target: string): Service | undefined {
  if (target.includes('/')) return context.snapshot.serviceByKey(target);
  const [name = '', stack = context.view.stack ?? '', ...more] = target.split('.');
  return more.length === 0 ? lookup(context, { service: name, stack }) : undefined;
}

/** A link's second name: its alias in the stack of the target service. */
export function linkInStack(context: LocateContext, label: string, stack: string): Located | undefined {
  const { links } = context.view;
  const target = Object.hasOwn(links, label) ? links[label] : undefined;
  const found = target === undefined ? undefined : linkedService(context, target.toLowerCase());
  return found?.stack === stack && found.environment === context.view.environment
    ? link(context, label)
    : undefined;
}

export function taskNamed(context: LocateContext, name: string | readonly string[]): Located | undefined {
  const text = typeof name === 'string' ? name : name.join('.');
  const tasks = context.snapshot.tasksNamed(context.view.environment, text);
  note(
    context,
    text,
    tasks.length > 0,
    tasks[0] ? `the name of task ${tasks[0].name}` : 'no task has this name',
  );
  return tasks.length > 0 ? { kind: 'tasks', tasks, rule: 'task name' } : undefined;
}

/** `ip-172-17-0-1`: the target of an SRV record for a port published on the host. */
export function hostAddress({ snapshot }: LocateContext, label: string): Located | undefined {
  const match = /^ip-(\d+-\d+-\d+-\d+)$/.exec(label);
  const ip = match?.[1] && canonicalIp(match[1].replaceAll('-', '.'));
  if (!ip) return undefined;
  for (const network of snapshot.networks()) {
    if (network.gateways.includes(ip))
      return { kind: 'addresses', ips: [ip], rule: "the host's address on a bridge" };
  }
  return undefined;
}

/** The addresses of this server. Rancher's metadata service is also reached there. */
export function nameServer(label: string): Located | undefined {
  return label === 'ns' || label === 'rancher-metadata'
    ? { kind: 'name-server', rule: "the name server's own address" }
    : undefined;
}

function lookup({ snapshot, view, sought }: LocateContext, ref: PartialRef): Service | undefined {
  const whole = { environment: view.environment, ...ref };
  const found = snapshot.service(whole);
  sought?.(whole, found !== undefined);
  return found;
}
