import { isLoopback } from '../net/ip.js';
import {
  ANY_NETWORK,
  HOST_NETWORK,
  OTHER_HOST,
  type Endpoint,
  type PublishedPort,
  type Service,
  type Task,
  type TaskPort,
} from './model.js';
import { selectTasks } from './selection.js';
import type { Snapshot } from './snapshot.js';
import type { View } from './view.js';

/**
 * Why a client receives certain addresses (docs/design.md, "Which address"):
 * - `any`: a static or remote task, reachable from everywhere
 * - `network`: client and task share a network
 * - `host`: the client is the host or beyond it, or the task runs in the host's network
 * - `published`: no shared network, but the host publishes the port
 * - `other-host`: the task runs on another host, which publishes the port
 * - `expose`: no shared network, but the task has `fairlead.expose=true`
 * - `environment`: no shared network, but the configuration has `isolation: environment`
 */
export type ReachVia = 'any' | 'network' | 'host' | 'published' | 'other-host' | 'expose' | 'environment';

/** A port as the client must dial it. */
export interface ReachedPort {
  readonly taskPort: TaskPort;
  /** The number to dial at {@link Reach.addresses}. */
  readonly dial: number;
}

export interface Reach {
  readonly via: ReachVia;
  /**
   * At most one IPv4 and one IPv6 address. Empty for `published` and `other-host` if no port is published under its own
   * number.
   */
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
  const elsewhere = on(OTHER_HOST);
  if (elsewhere.length > 0) return onOtherHost(task, elsewhere, view.networks);
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

/** On a network that spans hosts, the task's own address; otherwise where its host publishes its ports. */
function onOtherHost(task: Task, host: readonly Endpoint[], networks: View['networks']): Reach | undefined {
  for (const network of networks === 'all' ? [] : networks) {
    const shared = task.endpoints.filter((endpoint) => endpoint.network === network);
    if (shared.length > 0) return direct('network', task, shared);
  }
  return atPublished('other-host', task, onePerFamily(host.map(({ ip }) => ip)), () => true);
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

function published(task: Task, gateways: readonly string[]): Reach | undefined {
  return atPublished('published', task, gateways, (where) => answersAt(where, gateways));
}

/**
 * If the port is published under another number, the host's address alone could lead to another service. Only SRV may
 * then return it.
 */
function atPublished(
  via: ReachVia,
  task: Task,
  host: readonly string[],
  answers: (where: PublishedPort) => boolean,
): Reach | undefined {
  const ports = task.ports.flatMap((taskPort) => {
    const dial = taskPort.published?.find(answers)?.port;
    return dial === undefined ? [] : [{ taskPort, dial }];
  });
  if (ports.length === 0) return undefined;
  const asItself = ports.some(({ taskPort, dial }) => taskPort.port === dial);
  return { via, addresses: asItself ? host : [], serviceAddresses: host, ports };
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

/**
 * Whether the tasks of a service are all on other hosts that publish their ports under other numbers. A name then has
 * no address that a client could use with the service's own port, except a virtual IP, which maps port to port.
 */
export function needsPortMap(service: Service): boolean {
  let known = mapped.get(service);
  if (known === undefined) {
    known = service.tasks.every(({ endpoints }) => endpoints.length === 0 || isElsewhere(endpoints));
    if (known) {
      const { tasks } = selectTasks(service);
      known = tasks.length > 0 && tasks.every(isMapped);
    }
    mapped.set(service, known);
  }
  return known;
}

const mapped = new WeakMap<Service, boolean>();

function isElsewhere(endpoints: readonly Endpoint[]): boolean {
  return endpoints.every(({ network }) => network === OTHER_HOST);
}

function isMapped({ ports }: Task): boolean {
  const offered = ports.filter((port) => (port.published?.length ?? 0) > 0);
  return (
    offered.length > 0 &&
    offered.every(({ port, published = [] }) => published.every((at) => at.port !== port))
  );
}
