import type { TaskFact } from '../../catalog/facts.js';
import {
  ANY_NETWORK,
  OTHER_HOST,
  type Endpoint,
  type Health,
  type Problem,
  type ServiceRef,
  type TaskPort,
} from '../../catalog/model.js';
import { serviceOfTag } from '../../labels/service-names.js';
import { readSettings } from '../../consul/published-settings.js';
import { readNetworks } from '../../consul/span-networks.js';
import { ownerKeys, OWNER_PREFIX } from '../../consul/owner-mark.js';
import { OWN_PREFIX } from '../../labels/label-table.js';
import { readPortList, readWeight } from '../../labels/label-values.js';
import { labelFault, nameFault } from '../../net/dns-labels.js';
import { canonicalIp } from '../../net/ip.js';
import { printable, quoted } from '../../text/printable.js';
import type { HealthEntry } from './health-entry.js';

export interface InstanceContext {
  /** The daemon's environment. Instances published by Fairlead in other environments are ignored. */
  readonly environment: string;
  /** The stack for services that Fairlead did not publish. */
  readonly stack: string;
}

/** The facts about a task from one instance. A task with several ports has one instance in Consul for each. */
export interface InstanceFact {
  readonly task?: TaskFact;
  readonly problems: readonly Problem[];
}

const nothing: InstanceFact = { problems: [] };

const healthOf: Record<HealthEntry['status'], Health> = {
  passing: 'healthy',
  warning: 'healthy',
  critical: 'unhealthy',
  maintenance: 'draining',
};

/** Converts an instance to a task. @returns nothing for an instance of another environment */
export function instanceFact(entry: HealthEntry, context: InstanceContext): InstanceFact {
  const { meta } = entry;
  const owner = meta[ownerKeys.owner];
  const environment = meta[ownerKeys.environment] ?? context.environment;
  if (environment !== context.environment) return nothing;
  const problems: Problem[] = [];
  const id = taskId(entry);
  const subject = `Consul instance ${printable(entry.id)} of node ${printable(entry.node)}`;
  const problem = (code: string, message: string) =>
    problems.push({ code, subject, message: `${subject}: ${message}`, task: id });
  const service = serviceOf(entry, context, problem);
  const address = entry.address === '' ? entry.nodeAddress : entry.address;
  const ip = canonicalIp(address);
  if (ip === undefined)
    problem(
      'address-invalid',
      `its address ${quoted(address)} is not an IP address, so it is not served; register it with an IP address`,
    );
  const hostIp = canonicalIp(entry.nodeAddress);
  const version = meta[ownerKeys.version];
  const node = {
    ...(owner === undefined
      ? { id: `consul:${entry.datacenter}/${entry.node}`, name: entry.node }
      : { id: owner, name: meta[ownerKeys.host] ?? entry.node }),
    ...(hostIp !== undefined && { address: hostIp }),
    ...(version !== undefined && { version }),
  };
  const place = ip === undefined ? { endpoints: [] } : placeOf(entry, ip, hostIp);
  const name = meta[ownerKeys.name] ?? entry.id;
  const dotted = `${name}.${node.name}`.toLowerCase();
  const labels = labelsOf(entry);
  return {
    task: {
      id,
      node,
      name,
      names: nameFault(dotted) === undefined ? [dotted] : [],
      environment,
      stack: service?.stack ?? context.stack,
      ...(service && { service }),
      health: healthOf[entry.status],
      ...(entry.reason !== undefined && { reason: entry.reason }),
      endpoints: place.endpoints,
      ports: portsOf(entry, problem).map((port) => ({ ...port, ...place.port })),
      labels,
      links: {},
      weight: weightOf(entry, labels),
      expose: false,
      ...versionOf(entry),
      ...readSettings(meta[ownerKeys.settings]),
    },
    problems,
  };
}

/** What a task runs, as the Fairlead of its host has published it. */
function versionOf({
  meta,
}: HealthEntry): Pick<TaskFact, 'image' | 'imageId' | 'createdAt' | 'startedAt' | 'restarts'> {
  const {
    [ownerKeys.image]: image,
    [ownerKeys.imageId]: imageId,
    [ownerKeys.restarts]: restarts = '',
  } = meta;
  // Date.parse reads much that is not a time.
  const timeOf = (text = '') => (/^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN);
  const createdAt = timeOf(meta[ownerKeys.created]);
  const startedAt = timeOf(meta[ownerKeys.started]);
  return {
    ...(image !== undefined && { image }),
    ...(imageId !== undefined && { imageId }),
    ...(createdAt > 0 && { createdAt }),
    ...(startedAt > 0 && { startedAt }),
    ...(/^\d{1,9}$/.test(restarts) && { restarts: Number(restarts) }),
  };
}

/**
 * Where an instance is reached. One that Fairlead published says which port of the task it stands for, and where the
 * task is on networks that span hosts.
 */
function placeOf(
  { meta, port }: HealthEntry,
  ip: string,
  hostIp: string | undefined,
): { readonly endpoints: readonly Endpoint[]; readonly port?: Pick<TaskPort, 'target' | 'published'> } {
  const own = /^\d{1,5}$/.exec(meta[ownerKeys.target] ?? '');
  if (meta[ownerKeys.owner] === undefined || !own) return { endpoints: [{ network: ANY_NETWORK, ip }] };
  const target = Number(own[0]);
  const networks = readNetworks(meta[ownerKeys.networks]);
  const isShared = networks.some((endpoint) => endpoint.ip === ip);
  return {
    endpoints: [{ network: OTHER_HOST, ip: isShared ? (hostIp ?? ip) : ip }, ...networks],
    port: isShared ? { target } : { target, published: [{ ip, port }] },
  };
}

/** The id of the task to which an instance belongs. */
function taskId({ meta, datacenter, node, id }: HealthEntry): string {
  return meta[ownerKeys.task] ?? `consul:${datacenter}/${node}/${id}`;
}

function serviceOf(
  { meta, service }: HealthEntry,
  context: InstanceContext,
  problem: (code: string, message: string) => void,
): ServiceRef | undefined {
  const stack = meta[ownerKeys.stack] ?? context.stack;
  const name = (meta[ownerKeys.service] ?? service).toLowerCase();
  const sidekick = meta[ownerKeys.sidekick];
  for (const label of [stack, name, ...(sidekick === undefined ? [] : [sidekick])]) {
    const fault = labelFault(label);
    if (fault === undefined) continue;
    problem(
      'name-invalid',
      `the service name ${quoted(label)} ${fault}, so the instance has only its own name; rename the service`,
    );
    return undefined;
  }
  return {
    environment: context.environment,
    stack,
    service: name,
    ...(sidekick !== undefined && { sidekick }),
  };
}

/** Tags of the form `fairlead.x=y` are labels, as other programs also do it. So are the entries of Meta. */
function labelsOf({ tags, meta }: HealthEntry): Record<string, string> {
  const own = tags
    .filter((tag) => tag.startsWith(OWN_PREFIX) && tag.includes('='))
    .map((tag) => [tag.slice(0, tag.indexOf('=')), tag.slice(tag.indexOf('=') + 1)] as const);
  const kept = Object.entries(meta).filter(([key]) => !key.startsWith(OWNER_PREFIX));
  const others = tags.filter((tag) => !tag.startsWith(OWN_PREFIX) && serviceOfTag(tag) === undefined);
  return {
    ...Object.fromEntries(kept),
    ...Object.fromEntries(own),
    ...(others.length > 0 && { 'consul.tags': others.join(',') }),
  };
}

function weightOf({ status, weights }: HealthEntry, labels: Readonly<Record<string, string>>): number {
  const label = labels['fairlead.weight'];
  if (label !== undefined) return readWeight(label).value;
  return status === 'warning' ? weights.warning : weights.passing;
}

function portsOf(
  { port, meta, tags }: HealthEntry,
  problem: (code: string, message: string) => void,
): TaskPort[] {
  if (port === 0) return [];
  const written = meta[ownerKeys.port];
  if (written !== undefined) {
    const [offered] = readPortList(written).value;
    if (offered) return [{ ...offered, target: port }];
    problem(
      'port-invalid',
      `Meta ${ownerKeys.port}=${quoted(written)} is not a port, so the port of the instance is used; correct it or remove it`,
    );
  }
  // This is how registrator marks UDP.
  return [{ port, protocol: tags.includes('udp') ? 'udp' : 'tcp', target: port }];
}
