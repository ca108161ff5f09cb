import { hideLabelSecrets } from '../labels/label-secrets.js';
import { formatUpstream } from '../net/upstream.js';
import { selectTasks } from '../catalog/selection.js';
import type { DrainMark, DrainTarget } from '../catalog/health-overlay.js';
import {
  serviceName,
  serviceNameOf,
  type Health,
  type Service,
  type ServiceKey,
  type ServiceRef,
  type SourceStatus,
  type Task,
} from '../catalog/model.js';
import type { CatalogEvent, EventTask } from '../catalog/change.js';
import type { Snapshot } from '../catalog/snapshot.js';
import { upgradingSince, versionsOf, type Version } from '../catalog/service-versions.js';
import { imageTag, type ImageRef } from '../net/image-names.js';
import type { ServiceRefJson, Timestamp } from './types/references.js';
import type {
  DrainJson,
  EventJson,
  ServiceDetailJson,
  ServiceJson,
  SourceJson,
  TaskJson,
  TaskVersionJson,
  VersionJson,
} from './types/resources.js';

/** @param ms milliseconds since the epoch */
export function timestamp(ms: number): Timestamp {
  const date = new Date(ms);
  // A source may report a time outside the range of dates. The epoch is at least visibly wrong.
  return Number.isNaN(date.getTime()) ? new Date(0).toISOString() : date.toISOString();
}

/** The number of tasks by health. */
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
  const versions = versionsOf(service.tasks);
  const upgrading = upgradingSince(versions);
  const given = selectTasks(service);
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
    labels: hideLabelSecrets(service.labels),
    sources: service.sources,
    health: healthCounts(service.tasks),
    taskCount: service.tasks.length,
    versions: versions.map(versionJson),
    ...(upgrading !== undefined && { upgradingSince: timestamp(upgrading) }),
    panic: given.panic,
    given: given.tasks.length,
  };
}

export function serviceDetailJson(service: Service, domain: string, snapshot: Snapshot): ServiceDetailJson {
  return { ...serviceJson(service, domain), tasks: service.tasks.map((task) => taskJson(task, snapshot)) };
}

/** @param snapshot provides the names of networks; absent: they are left out */
export function taskJson(task: Task, snapshot?: Snapshot): TaskJson {
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
      const networkName = snapshot?.network(network)?.name;
      return { network, ...(networkName === undefined ? {} : { networkName }), ip };
    }),
    clientAddresses: task.clientAddresses ?? [],
    ports: task.ports,
    labels: hideLabelSecrets(task.labels),
    links: task.links,
    ...(task.upstreams && { upstreams: task.upstreams.map(formatUpstream) }),
    weight: task.weight,
    expose: task.expose,
    ...(task.endpointMode === undefined ? {} : { endpointMode: task.endpointMode }),
    ...taskVersionJson(task),
    source: task.source,
  };
}

function taskVersionJson(task: EventTask): TaskVersionJson {
  const { node, image, imageId, createdAt, startedAt, restarts } = task;
  return {
    ...(node && { node }),
    ...(image !== undefined && imageJson({ image, ...(imageId !== undefined && { imageId }) })),
    ...(createdAt !== undefined && { createdAt: timestamp(createdAt) }),
    ...(startedAt !== undefined && { startedAt: timestamp(startedAt) }),
    ...(restarts !== undefined && { restarts }),
  };
}

function imageJson({ image, imageId }: ImageRef): Pick<VersionJson, 'image' | 'tag' | 'imageId'> {
  const tag = imageTag(image);
  return { image, ...(tag !== undefined && { tag }), ...(imageId !== undefined && { imageId }) };
}

function versionJson({ tasks, since, ...ref }: Version): VersionJson {
  return { ...imageJson(ref), tasks, ...(since !== undefined && { since: timestamp(since) }) };
}

export function sourceJson({ name, state, asOf, error, detail }: SourceStatus): SourceJson {
  return {
    name,
    state,
    ...(error !== undefined && { error }),
    ...(detail !== undefined && { detail }),
    ...(asOf !== undefined && { asOf: timestamp(asOf) }),
  };
}

export function drainJson({ target, at, until, note }: DrainMark, snapshot: Snapshot): DrainJson {
  return {
    ...('task' in target ? { task: target.task } : { service: refJson(refOf(target.service)) }),
    name: nameOfTarget(target, snapshot),
    at: timestamp(at),
    ...(until === undefined ? {} : { until: timestamp(until) }),
    ...(note === undefined ? {} : { note }),
  };
}

/** The name of a task, the name of a service below the domain, or the id of a task that is gone. */
export function nameOfTarget(target: DrainTarget, snapshot: Snapshot): string {
  if ('task' in target) return snapshot.task(target.task)?.name ?? target.task;
  return serviceNameOf(target.service);
}

/** The names in a key are DNS labels, so they contain no slash. */
function refOf(key: ServiceKey): ServiceRef {
  const [environment = '', stack = '', service = '', sidekick] = key.split('/');
  return { environment, stack, service, ...(sidekick === undefined ? {} : { sidekick }) };
}

export function eventJson(event: CatalogEvent): EventJson {
  const { seq, at, revision, source, type, subject, message, cause, task } = event;
  return {
    seq,
    at: timestamp(at),
    revision,
    source,
    type,
    subject,
    message,
    ...(cause === undefined ? {} : { cause }),
    ...(task && { task: { id: task.id, ...taskVersionJson(task) } }),
  };
}
