import { ANY_NETWORK, type Port, type ServiceRef, type TaskPort } from '../../catalog/model.js';
import type { ClientFact, Facts, ServiceFact, TaskFact } from '../../catalog/facts.js';
import { balancingSettings } from '../../net/balancing.js';
import { idleProxySettings } from '../../net/udp-proxy-protocol.js';
import type { KeyPath } from '../../text/yaml.js';
import { isDrained, isSealed, labelNotes, type LabelNote, type LabelOwner } from './file-labels.js';
import type { ServiceEntry, ServicesFile, TaskEntry } from './services-schema.js';

/** Mistakes that only show in combination: two tasks with one name, an alias without a target. */
export interface Conflict {
  readonly path: KeyPath;
  readonly message: string;
}

/** A label that does not work as written. The rest of the file is used. */
export interface Warning extends Pick<LabelNote, 'code' | 'message'> {
  readonly path: KeyPath;
}

type Labels = Readonly<Record<string, string>>;

/** What most tasks have none of. */
const none = { ports: [], labels: {}, links: {} };

/** Converts a checked services file to facts. */
export function toFacts(
  file: ServicesFile,
  environment: string,
): { readonly facts: Facts; readonly conflicts: readonly Conflict[]; readonly warnings: readonly Warning[] } {
  const services: ServiceFact[] = [];
  const tasks: TaskFact[] = [];
  const conflicts: Conflict[] = [];
  const warnings: Warning[] = [];
  const warn = (labels: Labels | undefined, path: KeyPath, owner: LabelOwner) => {
    for (const { label, code, message } of labelNotes(labels ?? {}, owner))
      warnings.push({ path: [...path, 'labels', label], code, message });
  };
  const names = new Map<string, string>();
  for (const [stack, { services: entries }] of present(file.stacks)) {
    for (const [service, given] of Object.entries(entries ?? {})) {
      const entry: ServiceEntry = given ?? {};
      const ref: ServiceRef = { environment, stack, service };
      const path = ['stacks', stack, 'services', service];
      services.push(serviceFact(ref, entry, path, conflicts));
      warn(entry.labels, path, 'service');
      const checks = checksOf(entry.labels);
      for (const [index, task] of (entry.tasks ?? []).entries()) {
        const where = [...path, 'tasks', index, 'name'];
        const other = names.get(task.name);
        if (other !== undefined)
          conflicts.push({
            path: where,
            message: `"${task.name}" is already the name of a task of ${other}; names must be unique in an environment`,
          });
        names.set(task.name, `${service}.${stack}`);
        tasks.push(taskFact(ref, entry, checks, task, [...path, 'tasks', index], conflicts));
        warn(task.labels, [...path, 'tasks', index], 'task');
      }
    }
  }
  const clients: ClientFact[] = Object.entries(file.clients ?? {}).map(([address, client]) => ({
    address,
    environment,
    stack: client.stack,
    ...(client.service === undefined ? {} : { service: client.service }),
    links: client.links ?? {},
    ...(client.upstreams && { upstreams: client.upstreams }),
  }));
  return { facts: { services, tasks, clients }, conflicts, warnings };
}

function present<T>(
  record: Readonly<Record<string, T | null>> | null | undefined,
): [string, T | Record<string, never>][] {
  return Object.entries(record ?? {}).map(([key, value]) => [key, value ?? {}]);
}

function serviceFact(
  ref: ServiceRef,
  entry: ServiceEntry,
  path: KeyPath,
  conflicts: Conflict[],
): ServiceFact {
  const aliasOf = (entry.alias_of ?? []).map((text, index): ServiceRef => {
    const [service = '', stack = ref.stack, ...more] = text.split('.');
    if (more.length > 0) {
      const message = `"${text}" is not the name of a service; write service or service.stack`;
      conflicts.push({ path: [...path, 'alias_of', index], message });
    }
    return { environment: ref.environment, stack, service };
  });
  const seen = new Set<string>();
  for (const [index, { port, protocol }] of (entry.ports ?? []).entries()) {
    const message = `the port ${port}/${protocol} is listed twice; remove one`;
    if (seen.has(`${port}/${protocol}`)) conflicts.push({ path: [...path, 'ports', index], message });
    seen.add(`${port}/${protocol}`);
  }
  // It has an effect if there is also a TCP port.
  const ports = entry.ports?.some(({ protocol }) => protocol === 'tcp') ? [] : (entry.ports ?? []);
  for (const { field, why } of idleProxySettings(entry.balancing ?? {}, ports))
    conflicts.push({ path: [...path, 'balancing', balancingSettings[field].name], message: why });
  const external = entry.external_ips !== undefined || entry.hostname !== undefined;
  return {
    ...ref,
    kind: external ? 'external' : aliasOf.length > 0 ? 'alias' : 'tasks',
    ...(entry.ports && { ports: entry.ports.map(({ target: _target, ...port }) => port) }),
    ...(entry.endpoint_mode && { endpointMode: entry.endpoint_mode }),
    ...(entry.vip !== undefined && { vip: entry.vip }),
    ...(entry.balancing && { balancing: entry.balancing }),
    ...(isSealed(entry.labels) && { sealed: true }),
    ...(entry.external_ips && { externalIps: entry.external_ips }),
    ...(entry.hostname !== undefined && { hostname: entry.hostname }),
    ...(aliasOf.length > 0 && { aliasOf }),
    ...(entry.links && { links: entry.links }),
    ...(entry.labels && { labels: entry.labels }),
  };
}

/** What tasks of a service have in common is one object: 100,000 tasks take a third of the memory. */
function taskFact(
  ref: ServiceRef,
  entry: ServiceEntry,
  checks: Labels,
  task: TaskEntry,
  path: KeyPath,
  conflicts: Conflict[],
): TaskFact {
  const { name } = task;
  const dashed = name.replaceAll('_', '-');
  const ips = task.health === 'stopped' ? [] : [task.ip, task.ip6].filter((each) => each !== undefined);
  return {
    id: `file:${ref.stack}/${ref.service}/${name}`,
    name,
    names: dashed === name ? [name] : [name, dashed],
    environment: ref.environment,
    stack: ref.stack,
    service: ref,
    ...healthFact(task, entry),
    endpoints: ips.map((ip) => ({ network: ANY_NETWORK, ip })),
    ports: task.ports
      ? taskPorts(entry.ports ?? [], task.ports, path, conflicts)
      : (entry.ports ?? none.ports),
    labels: task.labels ? { ...checks, ...task.labels } : checks,
    links: task.links ?? none.links,
    ...(task.upstreams && { upstreams: task.upstreams }),
    weight: task.weight,
    ...(task.max_connections !== undefined && { balancing: { maxConnections: task.max_connections } }),
    expose: false,
  };
}

function healthFact(
  { health, labels }: TaskEntry,
  service: ServiceEntry,
): Pick<TaskFact, 'health' | 'reason'> {
  if (health !== 'healthy') return { health, reason: 'the file says so' };
  return isDrained(labels, service.labels)
    ? { health: 'draining', reason: 'label fairlead.drain=true' }
    : { health };
}

/** A check of a service applies to each of its tasks. */
function checksOf(labels: Labels | undefined): Labels {
  if (labels === undefined) return none.labels;
  return Object.fromEntries(Object.entries(labels).filter(([key]) => key.startsWith('fairlead.health.')));
}

/** The service's ports, each with the port on which this task serves it. A task may have its own ports. */
function taskPorts(
  ports: readonly (Port & { readonly target: number })[],
  targets: Readonly<Record<string, number>>,
  path: KeyPath,
  conflicts: Conflict[],
): TaskPort[] {
  const left = new Map(Object.entries(targets));
  const result = ports.map((port): TaskPort => {
    const key = [
      `${port.port}/${port.protocol}`,
      ...(port.protocol === 'tcp' ? [String(port.port)] : []),
    ].find((each) => left.has(each));
    const target = key === undefined ? undefined : left.get(key);
    if (key !== undefined) left.delete(key);
    return { ...port, target: target ?? port.target };
  });
  for (const key of left.keys()) {
    const known = ports.map((port) => `${port.port}/${port.protocol}`).join(', ');
    conflicts.push({
      path: [...path, 'ports', key],
      message: `"${key}" is not a port of the service; ${known ? `use one of ${known}` : 'give the service its ports first'}`,
    });
  }
  return result;
}
