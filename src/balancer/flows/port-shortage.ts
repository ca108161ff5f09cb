import { readSourcePorts, type SourcePorts } from '../../linux/source-ports.js';
import { formatHostPort, isLoopback } from '../../net/ip.js';
import type { BackendCounters, DesiredBackend, PlaneProblem, VirtualServiceCounters } from '../plane.js';

/** Above this share of all ports, a problem tells operators. */
const NEAR = 0.8;

const REMEDY =
  'set the sysctl net.ipv4.tcp_tw_reuse=1, widen net.ipv4.ip_local_port_range, or have clients keep connections open';

type Where = Pick<DesiredBackend, 'name' | 'address'>;

/** What the log says when a connection could not be made. */
export function portlessMessage({ name, address }: Where): string {
  return `this host has no port left for connections to ${name} (${formatHostPort(address)}); new ones are reset; ${REMEDY}`;
}

/**
 * The tasks to which this host has nearly as many connections as it has ports for, those of the last minute included,
 * or to which it could not connect for want of a port.
 * @param sources how many addresses connections to an address may come from
 */
export function portShortages(
  counters: Iterable<VirtualServiceCounters>,
  sources: (address: string) => number,
  ports: SourcePorts | undefined = readSourcePorts(),
): PlaneProblem[] {
  if (!ports) return [];
  const problems: PlaneProblem[] = [];
  for (const { vip, port, protocol, backends } of counters) {
    for (const backend of protocol === 'tcp' ? backends : []) {
      const limit = (ports.last - ports.first + 1) * sources(backend.address.ip);
      const used = portsOf(backend, ports);
      const { portless = 0 } = backend;
      if (portless > 0)
        problems.push({ at: { vip, port, protocol }, message: spentMessage(backend, portless) });
      else if (used >= NEAR * limit)
        problems.push({ at: { vip, port, protocol }, message: nearMessage(backend, used, limit) });
    }
  }
  return problems;
}

function portsOf({ active, timeWait = 0, address }: BackendCounters, { reuse }: SourcePorts): number {
  const isReused = reuse === 'always' || (reuse === 'loopback' && isLoopback(address.ip));
  return active + (isReused ? 0 : timeWait);
}

function spentMessage({ name, address }: Where, failed: number): string {
  return `${failed} connections to ${name} (${formatHostPort(address)}) failed in the last minute because this host had no port left for them; ${REMEDY}`;
}

function nearMessage({ name, address }: Where, used: number, limit: number): string {
  return `${used} of ${limit} ports that this host has for connections to ${name} (${formatHostPort(address)}) are in use, with those closed in the last minute; when none is left, new connections are reset; ${REMEDY}`;
}
