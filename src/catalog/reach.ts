import { isLoopback } from '../net/ip.js';
import {
  ANY_NETWORK,
  HOST_NETWORK,
  type Endpoint,
  type PublishedPort,
  type Task,
  type TaskPort,
} from './model.js';
import type { Snapshot } from './snapshot.js';
import type { View } from './view.js';

/**
 * Why a client receives certain addresses (docs/design.md, "Which address"):
 * - `any`: a static or remote task, reachable from everywhere
 * - `network`: client and task share a network
 * - `host`: the client is the host or beyond it, or the task runs in the host's network
 * - `published`: no shared network, but the host publishes the port
 * - `expose`: no shared network, but the task has `fairlead.expose=true`
 * - `environment`: no shared network, but the configuration has `isolation: environment`
 */
export type ReachVia = 'any' | 'network' | 'host' | 'published' | 'expose' | 'environment';

/** A port as the client must dial it. */
export interface ReachedPort {
  readonly taskPort: TaskPort;
  /** The number to dial at {@link Reach.addresses}. */
  readonly dial: number;
}

export interface Reach {
  readonly via: ReachVia;
  /** At most one IPv4 and one IPv6 address. Empty for `published` if no port is published under its own number. */
  readonly addresses: readonly string[];
  /** The addresses for SRV. They differ from `addresses` only if a port is published under another number. */
  readonly serviceAddresses: readonly string[];
  readonly ports: readonly ReachedPort[];
}

/** The addresses and ports under which a client reaches a task. Undefined if it cannot. */
export function reach(snapshot: Snapshot, task: Task, view: Pick<View, 'networks'>): Reach | undefined {
  const { endpoints } = task;
  if (endpoints.length === 0) return undefined;
  const on = (network: string) => endpoints.filter((endpoint) => endpoint.network === network);
  const anywhere = on(ANY_NETWORK);
  if (anywhere.length > 0) return direct('any', task, anywhere);
  if (view.networks === 'all') return direct('host', task, primary(snapshot, endpoints));
  for (const network of view.networks) {
    const shared = on(network);
    if (shared.length > 0) return direct('network', task, shared);
  }
  if (task.expose) return direct('expose', task, primary(snapshot, endpoints));
  const byHost = throughHost(snapshot, task, view.networks, on(HOST_NETWORK));
  if (byHost || snapshot.isolation !== 'environment') return byHost;
  return direct('environment', task, primary(snapshot, endpoints));
}

function throughHost(
  snapshot: Snapshot,
  task: Task,
  networks: readonly string[],
  host: readonly Endpoint[],
): Reach | undefined {
  const gateways = gatewaysOf(snapshot, networks);
  if (gateways.length === 0) return undefined;
  if (host.length > 0) return direct('host', task, host);
  return published(task, gateways);
}

function direct(via: ReachVia, task: Task, endpoints: readonly Endpoint[]): Reach {
  const addresses = onePerFamily(endpoints.map((endpoint) => endpoint.ip));
  const ports = task.ports.map((taskPort) => ({ taskPort, dial: taskPort.target }));
  return { via, addresses, serviceAddresses: addresses, ports };
}

/**
 * If the port is published under another number, the host's address alone could lead to another service. Only SRV may
 * then return it.
 */
function published(task: Task, gateways: readonly string[]): Reach | undefined {
  const ports = task.ports.flatMap((taskPort) => {
    const dial = taskPort.published?.find((where) => answersAt(where, gateways))?.port;
    return dial === undefined ? [] : [{ taskPort, dial }];
  });
  if (ports.length === 0) return undefined;
  const asItself = ports.some(({ taskPort, dial }) => taskPort.port === dial);
  return { via: 'published', addresses: asItself ? gateways : [], serviceAddresses: gateways, ports };
}

function answersAt({ ip }: PublishedPort, gateways: readonly string[]): boolean {
  if (ip === '' || ip === '0.0.0.0' || ip === '::') return true;
  return !isLoopback(ip) && gateways.includes(ip);
}

/**
 * The host as the client sees it: the address of the client's own bridge. A client with only internal networks cannot
 * reach the host.
 */
function gatewaysOf(snapshot: Snapshot, networks: readonly string[]): readonly string[] {
  for (const id of networks) {
    const network = snapshot.network(id);
    if (network && !network.internal && network.gateways.length > 0) return onePerFamily(network.gateways);
  }
  return [];
}

/**
 * The network whose endpoints are given to clients without a network: a non-internal one if possible, then the first by
 * name.
 */
function primary(snapshot: Snapshot, endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const [first] = endpoints;
  if (!first || endpoints.every((endpoint) => endpoint.network === first.network)) return endpoints;
  const rank = (id: string) => {
    const network = snapshot.network(id);
    return `${network?.internal ? 1 : 0}${network?.name ?? id}`;
  };
  const best = endpoints.map((endpoint) => endpoint.network).reduce((a, b) => (rank(b) < rank(a) ? b : a));
  return endpoints.filter((endpoint) => endpoint.network === best);
}

function onePerFamily(addresses: readonly string[]): readonly string[] {
  const ip4 = addresses.find((ip) => !ip.includes(':'));
  const ip6 = addresses.find((ip) => ip.includes(':'));
  return [ip4, ip6].filter((ip) => ip !== undefined);
}
