import { formatUpstream } from '../net/upstream.js';
import { selectTasks } from '../catalog/selection.js';
import { serviceName, type Health, type Service, type ServiceRef, type Task } from '../catalog/model.js';
import type { CatalogEvent } from '../catalog/change.js';
import type { Snapshot } from '../catalog/snapshot.js';
import type {
  EventJson,
  ServiceDetailJson,
  ServiceJson,
  ServiceRefJson,
  TaskJson,
  Timestamp,
} from './types/resources.js';

/** @param ms milliseconds since the epoch */
export function timestamp(ms: number): Timestamp {
  const date = new Date(ms);
  // A source may tell a time that no date can hold; the epoch is at least visibly wrong.
  return Number.isNaN(date.getTime()) ? new Date(0).toISOString() : date.toISOString();
}

/** How many tasks have which health. */
export function healthCounts(tasks: Iterable<Task>): Partial<Record<Health, number>> {
  const counts: Partial<Record<Health, number>> = {};
  for (const { health } of tasks) counts[health] = (counts[health] ?? 0) + 1;
  return counts;
}

export function refJson({ environment, stack, service, sidekick }: ServiceRef): ServiceRefJson {
  return { environment, stack, service, ...(sidekick === undefined ? {} : { sidekick }) };
}

export function serviceJson(service: Service, domain: string): ServiceJson {
  const name = serviceName(service);
  return {
    ...refJson(service),
    key: service.key,
    name,
    fqdn: `${name}.${domain}`,
    kind: service.kind,
    endpointMode: service.endpointMode,
    ...(service.vip !== undefined && { vip: service.vip }),
    ports: service.ports,
    externalIps: service.externalIps,
    ...(service.hostname === undefined ? {} : { hostname: service.hostname }),
    aliasOf: service.aliasOf.map(serviceName),
    links: service.links,
    labels: service.labels,
    sources: service.sources,
    health: healthCounts(service.tasks),
    taskCount: service.tasks.length,
    panic: selectTasks(service).panic,
  };
}

export function serviceDetailJson(service: Service, domain: string, snapshot: Snapshot): ServiceDetailJson {
  return { ...serviceJson(service, domain), tasks: service.tasks.map((task) => taskJson(task, snapshot)) };
}

export function taskJson(task: Task, snapshot: Snapshot): TaskJson {
  return {
    id: task.id,
    name: task.name,
    names: task.names,
    environment: task.environment,
    stack: task.stack,
    ...(task.service === undefined ? {} : { service: refJson(task.service) }),
    health: task.health,
    ...(task.reason === undefined ? {} : { reason: task.reason }),
    endpoints: task.endpoints.map(({ network, ip }) => {
      const networkName = snapshot.network(network)?.name;
      return { network, ...(networkName === undefined ? {} : { networkName }), ip };
    }),
    clientAddresses: task.clientAddresses ?? [],
    ports: task.ports,
    labels: task.labels,
    links: task.links,
    ...(task.upstreams && { upstreams: task.upstreams.map(formatUpstream) }),
    weight: task.weight,
    expose: task.expose,
    ...(task.endpointMode === undefined ? {} : { endpointMode: task.endpointMode }),
    ...(task.image === undefined ? {} : { image: task.image }),
    ...(task.startedAt === undefined ? {} : { startedAt: timestamp(task.startedAt) }),
    source: task.source,
  };
}

export function eventJson(event: CatalogEvent): EventJson {
  const { seq, at, revision, source, type, subject, message, cause } = event;
  return {
    seq,
    at: timestamp(at),
    revision,
    source,
    type,
    subject,
    message,
    ...(cause === undefined ? {} : { cause }),
  };
}
