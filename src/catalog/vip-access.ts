import { isLoopback } from '../net/ip.js';
import { ANY_NETWORK, HOST_NETWORK, OTHER_HOST, type Protocol, type Service } from './model.js';
import type { Snapshot } from './snapshot.js';
import type { View } from './view.js';

/**
 * The clients that may use a service's virtual IP: those that can see at least one of its tasks by {@link reach}. This
 * depends only on the client's networks. The host itself may use everything.
 */
export interface VipAccess {
  /** Set if every client on one of the host's networks may use it, with the reason. */
  readonly everyone?: 'expose' | 'static' | 'other host' | 'environment' | 'no task';
  /** Clients on any of these networks may use it; ids, sorted. */
  readonly networks: readonly string[];
  /**
   * What the host offers to clients that reach it through their bridge: `80/tcp`, or every port of a task in the host's
   * network.
   */
  readonly hostPorts: readonly string[] | 'all';
}

/** A service's port, in the form of {@link VipAccess.hostPorts}. */
export function portText({ port, protocol }: { readonly port: number; readonly protocol: Protocol }): string {
  return `${port}/${protocol}`;
}

interface Prepared {
  readonly networksRevision: number;
  readonly access: VipAccess;
}

/** Keyed by the service's own value: a change makes a new value, and the old entry disappears. */
const prepared = new WeakMap<Service, Prepared>();

/** Returns the same value as last time if neither the service nor a network changed. */
export function vipAccess(snapshot: Snapshot, service: Service): VipAccess {
  const { networksRevision } = snapshot;
  const known = prepared.get(service);
  if (known?.networksRevision === networksRevision) return known.access;
  const access = accessOf(snapshot, service);
  prepared.set(service, { networksRevision, access });
  return access;
}

/** Why a client may use a virtual IP. */
export type VipRule =
  | { readonly rule: 'host' | 'host port' }
  | { readonly rule: 'network'; readonly network: string }
  | { readonly rule: NonNullable<VipAccess['everyone']> };

/**
 * The rule by which clients on these networks may use a virtual IP. Undefined if they may not.
 * @param port undefined: any port
 */
export function vipRule(
  snapshot: Snapshot,
  access: VipAccess,
  networks: View['networks'],
  port?: string,
): VipRule | undefined {
  if (networks === 'all') return { rule: 'host' };
  if (access.everyone) return { rule: access.everyone };
  const network = networks.find((id) => access.networks.includes(id));
  if (network !== undefined) return { rule: 'network', network };
  if (access.hostPorts.length === 0 || !networks.some((id) => hasHost(snapshot, id))) return undefined;
  const isOffered = access.hostPorts === 'all' || port === undefined || access.hostPorts.includes(port);
  return isOffered ? { rule: 'host port' } : undefined;
}

/** Whether clients on a network can reach the host through its bridge. */
export function hasHost(snapshot: Snapshot, id: string): boolean {
  const network = snapshot.network(id);
  return network !== undefined && !network.internal && network.gateways.length > 0;
}

function accessOf(snapshot: Snapshot, { tasks }: Service): VipAccess {
  const endpoints = tasks.flatMap((task) => task.endpoints);
  const networks = [...new Set(endpoints.map(({ network }) => network))].sort();
  const everyone = everyoneBy(snapshot, tasks, networks);
  if (everyone) return { everyone, networks: [], hostPorts: [] };
  if (networks.includes(HOST_NETWORK)) return { networks, hostPorts: 'all' };
  const published = tasks.flatMap((task) =>
    task.endpoints.length === 0
      ? []
      : task.ports.filter((each) => each.published?.some(({ ip }) => !isOwn(ip))),
  );
  return { networks, hostPorts: [...new Set(published.map(portText))].sort() };
}

function everyoneBy(
  snapshot: Snapshot,
  tasks: Service['tasks'],
  networks: readonly string[],
): VipAccess['everyone'] {
  // The future tasks are unknown, and nothing is behind the address yet.
  if (networks.length === 0) return 'no task';
  if (snapshot.isolation === 'environment') return 'environment';
  if (networks.includes(ANY_NETWORK)) return 'static';
  if (tasks.some(isPublishedElsewhere)) return 'other host';
  return tasks.some((task) => task.expose && task.endpoints.length > 0) ? 'expose' : undefined;
}

/** Every client of this host reaches what another host publishes. */
function isPublishedElsewhere({ endpoints, ports }: Service['tasks'][number]): boolean {
  return (
    endpoints.some(({ network }) => network === OTHER_HOST) &&
    ports.some(({ published = [] }) => published.length > 0)
  );
}

/** Whether an address is reachable only from the host itself. */
function isOwn(ip: string): boolean {
  return ip !== '' && ip !== '0.0.0.0' && ip !== '::' && isLoopback(ip);
}
