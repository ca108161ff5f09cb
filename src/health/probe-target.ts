import { HOST_NETWORK, type Task } from '../catalog/model.js';
import type { Snapshot } from '../catalog/snapshot.js';
import type { HealthCheck } from './check.js';
import type { ProbeTarget } from './probes/probe.js';

/**
 * Where a task is probed: at one of its own addresses that this host reaches directly. The host cannot reach overlay
 * networks, so a task that is only on these is probed at its address on docker_gwbridge. IPv4 comes first.
 * @returns undefined if the task has no address
 */
export function targetOf(
  task: Task,
  check: HealthCheck,
  networks: Pick<Snapshot, 'network'>,
): ProbeTarget | undefined {
  const gateway = task.clientAddresses ?? [];
  const isOverlay = (network: string): boolean =>
    network !== HOST_NETWORK && networks.network(network)?.driver === 'overlay';
  const near = task.endpoints.filter(({ network }) => !isOverlay(network)).map(({ ip }) => ip);
  const far = task.endpoints.map(({ ip }) => ip);
  const ip = [near, gateway, far].map(ip4First).find((each) => each !== undefined);
  if (ip === undefined) return undefined;
  return { task: task.id, ip, port: dialledPort(task, check), addresses: [...far, ...gateway] };
}

const ip4First = (ips: readonly string[]): string | undefined =>
  ips.find((ip) => !ip.includes(':')) ?? ips[0];

/** A check gives the service's port; the task may listen on another one. */
function dialledPort(task: Task, check: HealthCheck): number {
  if (!('port' in check)) return lowestTcpPort(task) ?? 0;
  const protocol = check.kind === 'udp' || check.kind === 'dns' ? 'udp' : 'tcp';
  const known = task.ports.find((each) => each.port === check.port && each.protocol === protocol);
  return known?.target ?? check.port;
}

/** The default port of a check. */
export function lowestTcpPort(task: Pick<Task, 'ports'>): number | undefined {
  const ports = task.ports.filter(({ protocol }) => protocol === 'tcp').map(({ port }) => port);
  return ports.length === 0 ? undefined : Math.min(...ports);
}

/** Whether two targets are the same. */
export function sameTarget(a: ProbeTarget | undefined, b: ProbeTarget | undefined): boolean {
  return a?.ip === b?.ip && a?.port === b?.port;
}
