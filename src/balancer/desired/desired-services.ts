import { reach } from '../../catalog/reach.js';
import { selectTasks } from '../../catalog/selection.js';
import { portText, vipAccess } from '../../catalog/vip-access.js';
import type { Balancing, SchedulerName } from '../../net/balancing.js';
import type { Port, Service, Task } from '../../catalog/model.js';
import type { Snapshot } from '../../catalog/snapshot.js';
import type { Instant } from '../../net/instant.js';
import { ipFamily, type HostPort } from '../../net/ip.js';
import type { DesiredBackend, VirtualService } from '../plane.js';
import { slowStartScale, slowStartWeight } from '../schedulers/slow-start.js';

/** The default scheduler: weighted round robin. */
const DEFAULT_SCHEDULER: SchedulerName = 'wrr';

/** The number of steps in which a newcomer's weight grows. No step is shorter than the minimum. */
const SLOW_START_STEPS = 20;
const SHORTEST_STEP_MS = 500;

/** These compare connections with the weight itself, so a multiple of the weight has another meaning. */
const UNSCALED: readonly SchedulerName[] = ['ovf', 'lblc', 'lblcr'];

/** What a data plane should carry for one service. */
export interface Desired {
  /** One for each TCP and UDP port of the service's virtual IP. */
  readonly services: readonly VirtualService[];
  /** When weights will be others, by the clock that only grows; Infinity: not before the service changes. */
  readonly until: number;
}

interface Prepared extends Desired {
  readonly networksRevision: number;
}

/** Keyed by the service's own value: a change makes a new value, and the old entries disappear. */
const prepared = new WeakMap<Service, Prepared>();

/** What a data plane is to carry of a service: the same objects as last time when nothing of it changed. */
export function desiredOf(snapshot: Snapshot, service: Service, now: Instant): Desired {
  const known = prepared.get(service);
  const { networksRevision } = snapshot;
  if (known?.networksRevision === networksRevision && now.now < known.until) return known;
  const made = { networksRevision, ...virtualServices(snapshot, service, now) };
  prepared.set(service, made);
  return made;
}

function virtualServices(snapshot: Snapshot, service: Service, now: Instant): Desired {
  const { vip, balancing } = service;
  if (vip === undefined || service.kind !== 'tasks') return { services: [], until: Infinity };
  const { backends, until } = candidates(service, balancing, now);
  const access = vipAccess(snapshot, service);
  const services = service.ports.filter(isCarried).map((port): VirtualService => ({
    service: service.key,
    vip,
    port: port.port,
    protocol: port.protocol,
    scheduler: schedulerOf(balancing),
    backends: backends.flatMap((each) => backendAt(snapshot, each, port, vip)),
    clients: {
      everyone: access.everyone !== undefined,
      networks: access.networks,
      hostPort: access.hostPorts === 'all' || access.hostPorts.includes(portText(port)),
    },
    ...options(balancing),
    ...(balancing.ops && port.protocol === 'udp' ? { ops: true } : {}),
  }));
  return { services, until };
}

type CarriedPort = Port & { readonly protocol: VirtualService['protocol'] };

function isCarried(port: Port): port is CarriedPort {
  return port.protocol !== 'sctp';
}

function schedulerOf({ scheduler }: Balancing): SchedulerName {
  return scheduler ?? DEFAULT_SCHEDULER;
}

/** Settings of 0 and `none` are left out. A data plane only sees settings that have an effect. */
function options(
  balancing: Balancing,
): Omit<VirtualService, 'service' | 'vip' | 'port' | 'protocol' | 'scheduler' | 'backends'> {
  const { affinity, serviceMaxConnections, maxPerClient, proxyProtocol, acceptProxy, onDown } = balancing;
  const { idleTimeout, drainTimeout, udpReplies } = balancing;
  const timeouts = {
    ...(idleTimeout !== undefined && { idle: idleTimeout }),
    ...(drainTimeout !== undefined && { drain: drainTimeout }),
  };
  return {
    ...(affinity ? { affinity: { timeout: affinity } } : {}),
    ...(serviceMaxConnections ? { maxConnections: serviceMaxConnections } : {}),
    ...(maxPerClient ? { maxPerClient } : {}),
    ...(proxyProtocol !== undefined && proxyProtocol !== 'none' ? { proxyProtocol } : {}),
    ...(acceptProxy ? { acceptProxy } : {}),
    ...(onDown !== undefined && { onDown }),
    ...(Object.keys(timeouts).length > 0 && { timeouts }),
    ...(udpReplies ? { replies: udpReplies } : {}),
  };
}

/** A possible backend whose address is not determined yet. */
type Candidate = Omit<DesiredBackend, 'address'> & { readonly task: Task };

/**
 * Tasks that receive new flows, and tasks that only keep their open flows: draining tasks, and healthy ones of weight
 * 0. The connections of all other tasks count as those of a removed task.
 */
function candidates(
  service: Service,
  balancing: Balancing,
  { at, now }: Instant,
): { readonly backends: readonly Candidate[]; readonly until: number } {
  const taken = new Set(selectTasks(service).tasks);
  const tasks = service.tasks.filter((task) => taken.has(task) || isQuiet(task));
  const window = balancing.slowStart ?? 0;
  const scale = window > 0 && !UNSCALED.includes(schedulerOf(balancing)) ? slowStartScale(weights(tasks)) : 1;
  let until = Infinity;
  const backends = tasks.map((task): Candidate => {
    const sinceThen = at - (task.healthySince ?? -Infinity);
    // The clock was set back since: it is not known how long ago that was, and then it is long enough.
    const age = sinceThen < 0 ? Infinity : sinceThen;
    // A service that takes a task in a panic, or to fill up, wants all of it.
    const grows = task.health === 'healthy' && age < window && task.weight > 0;
    const left = Math.max(1, window - age);
    if (grows)
      until = Math.min(until, now + Math.min(left, Math.max(SHORTEST_STEP_MS, window / SLOW_START_STEPS)));
    const full = Math.min(65_535, task.weight * scale);
    const maxConnections = task.balancing?.maxConnections ?? balancing.maxConnections;
    const weight = grows ? slowStartWeight(full, age, window) : full;
    return {
      task,
      id: task.id,
      name: task.name,
      weight,
      ...(weight < full && { slowStart: weight / full }),
      ...(maxConnections ? { maxConnections } : {}),
      state: task.health === 'draining' ? 'draining' : 'active',
      ...(task.stopTimeout !== undefined && { drain: task.stopTimeout }),
    };
  });
  return { backends, until };
}

function isQuiet({ health, weight, endpoints }: Task): boolean {
  return endpoints.length > 0 && (health === 'draining' || (health === 'healthy' && weight === 0));
}

function weights(tasks: readonly Task[]): number[] {
  return tasks.map((task) => task.weight);
}

/** The backend at the address through which this host reaches the task. None if the task does not serve the port. */
function backendAt(
  snapshot: Snapshot,
  { task, ...backend }: Candidate,
  { port, protocol }: CarriedPort,
  vip: string,
): DesiredBackend[] {
  const reached = reach(snapshot, task, { networks: 'all' });
  const family = ipFamily(vip);
  const addresses = reached?.serviceAddresses ?? [];
  const ip = addresses.find((address) => ipFamily(address) === family) ?? addresses[0];
  if (!reached || ip === undefined) return [];
  // If none of a task's ports are known, trust the service's ports.
  const dial =
    task.ports.length === 0
      ? port
      : reached.ports.find(({ taskPort }) => taskPort.port === port && taskPort.protocol === protocol)?.dial;
  if (dial === undefined) return [];
  const address: HostPort = { ip, port: dial };
  return [{ ...backend, address }];
}
