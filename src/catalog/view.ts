import { parseCidr, type Cidr } from '../net/ip.js';
import type { Upstream } from '../net/upstream.js';
import { ANY_NETWORK, HOST_NETWORK, type Client, type Network, type ServiceRef, type Task } from './model.js';
import type { Snapshot } from './snapshot.js';

/**
 * What one client may see. It has two independent parts: stack, service and links complete a short name into a full
 * one; the networks pick the endpoints. Prepared answers depend on the second part alone ({@link View.networksKey}).
 */
export interface View {
  readonly address?: string;
  readonly environment: string;
  /** Absent for a stranger, who is given fully qualified names only. */
  readonly stack?: string;
  readonly service?: ServiceRef;
  readonly task?: Task;
  /** Alias to target, as written. */
  readonly links: Readonly<Record<string, string>>;
  /** DNS servers of the client's own. */
  readonly upstreams?: readonly Upstream[];
  /** Network ids, sorted by name; `all` for the host and for those beyond it, who are on no network of ours. */
  readonly networks: readonly string[] | 'all';
  /** The same text for views that are given the same endpoints. */
  readonly networksKey: string;
}

const noLinks: Readonly<Record<string, string>> = {};

/**
 * The view of the client that asks from an address. The packet's source address is the only thing that is believed.
 * @param address canonical
 * @param environment that of a client whose own is not known
 */
export function viewOf(snapshot: Snapshot, address: string, environment: string): View {
  const [task] = snapshot.tasksAt(address);
  if (task) return taskView(snapshot, task, address);
  const client = snapshot.client(address);
  // A container that asks before its start event was read is on that network all the same. The gateway is the host
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

/** The view of a task, whether it asks from `address` or a client asks in its name. */
export function taskView(snapshot: Snapshot, task: Task, address?: string): View {
  const service = task.service && snapshot.service(task.service);
  const links =
    service && Object.keys(service.links).length > 0 ? { ...service.links, ...task.links } : task.links;
  const ids = new Set(task.endpoints.map((endpoint) => endpoint.network));
  // A task without a network of ours (a static entry, host mode) reaches what the host reaches.
  const everywhere = ids.size === 0 || ids.has(ANY_NETWORK) || ids.has(HOST_NETWORK);
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

/** The network whose subnet an address is in. */
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
