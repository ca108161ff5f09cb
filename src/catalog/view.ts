import { parseCidr, type Cidr } from '../net/ip.js';
import type { Upstream } from '../net/upstream.js';
import {
  ANY_NETWORK,
  HOST_NETWORK,
  OTHER_HOST,
  type Client,
  type Network,
  type ServiceRef,
  type Task,
} from './model.js';
import type { Snapshot } from './snapshot.js';

/**
 * What one client may see. It has two independent parts. Stack, service and links complete a short name to a full one.
 * The networks select the endpoints. Prepared answers depend only on the second part ({@link View.networksKey}).
 */
export interface View {
  readonly address?: string;
  readonly environment: string;
  /** Undefined for an unknown client, which can only use fully qualified names. */
  readonly stack?: string;
  readonly service?: ServiceRef;
  readonly task?: Task;
  /** Maps aliases to targets, as written. */
  readonly links: Readonly<Record<string, string>>;
  /** The client's own DNS servers. */
  readonly upstreams?: readonly Upstream[];
  /** Network ids sorted by name. `all` for the host and for clients beyond it, which are on none of our networks. */
  readonly networks: readonly string[] | 'all';
  /** Equal for views that receive the same endpoints. */
  readonly networksKey: string;
}

const noLinks: Readonly<Record<string, string>> = {};

/**
 * The view of the client at an address. Only the packet's source address is trusted.
 * @param address canonical
 * @param environment used if the client's own is unknown
 */
export function viewOf(snapshot: Snapshot, address: string, environment: string): View {
  const [task] = snapshot.tasksAt(address);
  if (task) return taskView(snapshot, task, address);
  const client = snapshot.client(address);
  // A container can ask before its start event arrives; its address still shows its network. The gateway is the host
  // itself, which reaches every bridge.
  const holding = networkHolding(snapshot, address);
  const network = holding?.gateways.includes(address) ? undefined : holding;
  return {
    address,
    environment: client?.environment ?? environment,
    ...(client && clientPart(client)),
    links: client?.links ?? noLinks,
    ...(client?.upstreams && { upstreams: client.upstreams }),
    ...networkPart(snapshot, network ? [network.id] : 'all'),
  };
}

/** The view of a task that asks from `address`, or on whose behalf a client asks. */
export function taskView(snapshot: Snapshot, task: Task, address?: string): View {
  const service = task.service && snapshot.service(task.service);
  const links =
    service && Object.keys(service.links).length > 0 ? { ...service.links, ...task.links } : task.links;
  const ids = new Set(task.endpoints.map((endpoint) => endpoint.network));
  // A task without a network of ours (a static entry, host mode) reaches whatever the host reaches.
  const everywhere = ids.size === 0 || [ANY_NETWORK, HOST_NETWORK, OTHER_HOST].some((id) => ids.has(id));
  return {
    ...(address === undefined ? {} : { address }),
    environment: task.environment,
    stack: task.stack,
    ...(task.service && { service: task.service }),
    task,
    links,
    ...(task.upstreams && { upstreams: task.upstreams }),
    ...networkPart(snapshot, everywhere ? 'all' : [...ids]),
  };
}

function clientPart({ environment, stack, service }: Client): Pick<View, 'stack' | 'service'> {
  return { stack, ...(service === undefined ? {} : { service: { environment, stack, service } }) };
}

function networkPart(
  snapshot: Snapshot,
  ids: readonly string[] | 'all',
): Pick<View, 'networks' | 'networksKey'> {
  if (ids === 'all') return { networks: 'all', networksKey: 'all' };
  const [only] = ids;
  if (ids.length === 1 && only !== undefined) return { networks: ids, networksKey: only };
  const nameOf = (id: string) => snapshot.network(id)?.name ?? '';
  const sorted = [...ids].sort((a, b) =>
    nameOf(a) === nameOf(b) ? (a < b ? -1 : 1) : nameOf(a) < nameOf(b) ? -1 : 1,
  );
  return { networks: sorted, networksKey: sorted.join(',') };
}

const ranges = new WeakMap<Network, readonly Cidr[]>();

/** The network whose subnet contains an address. */
export function networkHolding(snapshot: Snapshot, address: string): Network | undefined {
  for (const network of snapshot.networks()) {
    let subnets = ranges.get(network);
    if (!subnets) {
      subnets = network.subnets.map(parseCidr).filter((cidr) => cidr !== undefined);
      ranges.set(network, subnets);
    }
    if (subnets.some((cidr) => cidr.contains(address))) return network;
  }
  return undefined;
}
