import { reach } from '../../catalog/reach.js';
import { selectForName, selectForService, selectTasks } from '../../catalog/selection.js';
import { serviceName, type Port, type Service, type Task } from '../../catalog/model.js';
import type { Snapshot } from '../../catalog/snapshot.js';
import type { View } from '../../catalog/view.js';
import { nameFromLabels, type DnsName } from '../../wire/name.js';
import { nameFromText } from '../../wire/name-text.js';
import { TYPE } from '../../wire/constants.js';
import type { Datum } from './datum.js';
import { chosenTasks, leaves, matchesPort, type PortSelector } from './leaves.js';
import type { AliasMember } from './located.js';
import { taskName } from './task-name.js';
import { fromTexts, preparedAddresses, vipGiven, type Give, type PreparedAddresses } from './prepared.js';

/** SRV weights are multiples of this, because HAProxy maps (w + 255) / 256 to its own scale. */
const SRV_WEIGHT_UNIT = 256;

/** The part of a view that determines which addresses are given. */
type Seen = Pick<View, 'networks' | 'networksKey'>;

/** The zone's names for the targets of its records. */
export interface ZoneNames {
  /** The name of a task below the domain. Undefined if it has none. */
  task(snapshot: Snapshot, task: Task): DnsName | undefined;
  /** The name for one address of the host. */
  hostAddress(ip: string): DnsName | undefined;
  /** The name of a service's virtual IP. */
  vip(service: Service): DnsName | undefined;
}

export function zoneNames(domain: readonly string[]): ZoneNames {
  return {
    task(snapshot, task) {
      const name = taskName(snapshot, task);
      return name === undefined ? undefined : nameFromLabels([...name.split('.'), ...domain]);
    },
    hostAddress: (ip) =>
      ip.includes(':') ? undefined : nameFromLabels([`ip-${ip.replaceAll('.', '-')}`, ...domain]),
    vip: (service) => nameFromLabels(['vip', ...serviceName(service).split('.'), ...domain]),
  };
}

/** The canonical name of an external service, if its data is a name rather than addresses. */
export function aliasTarget(snapshot: Snapshot, service: Service): DnsName | undefined {
  const found = leaves(snapshot, service);
  // A CNAME excludes all other data (RFC 2181 section 10.1). A hostname among several targets, or beside addresses of
  // the same service, therefore gives no data.
  const [only, ...more] = found;
  const hostname = more.length === 0 && only?.externalIps.length === 0 ? only.hostname : undefined;
  return hostname === undefined ? undefined : nameFromText(hostname.toLowerCase());
}

/** A or AAAA data of a service for one view. */
export function serviceAddresses(
  snapshot: Snapshot,
  service: Service,
  give: Give,
  view: Seen,
  type: number,
): Datum[] {
  const found = leaves(snapshot, service);
  const [only, ...more] = found;
  // The addresses of a single service are prepared. An alias of several is evaluated each time.
  return only && more.length === 0
    ? addressData(preparedAddresses(snapshot, only, view, give), type)
    : addressData(fromTexts(addressesOfAll(snapshot, service, give, view)), type);
}

/** The addresses of an alias of several services. A virtual IP counts by the tasks behind it. */
function addressesOfAll(snapshot: Snapshot, alias: Service, give: Give, view: Seen): ReadonlySet<string> {
  const { leaves: found, tasks } = chosenTasks(snapshot, alias);
  const addresses = new Set<string>();
  for (const leaf of found) {
    const vip = vipGiven(leaf, give);
    const own = tasks.filter((task) => leaf.tasks.includes(task));
    if (vip !== undefined) {
      if (own.length > 0 || tasks.length === 0) addresses.add(vip);
      continue;
    }
    if (give === 'vip') continue;
    for (const ip of leaf.externalIps) addresses.add(ip);
    for (const task of own) for (const ip of reach(snapshot, task, view)?.addresses ?? []) addresses.add(ip);
  }
  return addresses;
}

/** A or AAAA data of everything with a network alias, each address once. */
export function aliasAddresses(
  snapshot: Snapshot,
  members: readonly AliasMember[],
  view: View,
  type: number,
): Datum[] {
  const data = members.flatMap((member) => {
    const seen = member.network === undefined ? view : on(member.network);
    if ('service' in member) return serviceAddresses(snapshot, member.service, 'mode', seen, type);
    if (!isMemberGiven(snapshot, member)) return [];
    return addressData(fromTexts(reach(snapshot, member.task, seen)?.addresses ?? []), type);
  });
  const unique = new Map(
    data.map((datum) => [
      datum.rdata.kind === 'a' || datum.rdata.kind === 'aaaa' ? datum.rdata.address.join('.') : '',
      datum,
    ]),
  );
  return [...unique.values()];
}

/** The view of clients on one network. */
function on(network: string): Seen {
  return { networks: [network], networksKey: network };
}

function isMemberGiven(
  snapshot: Snapshot,
  { task, isOwnName }: Extract<AliasMember, { readonly task: Task }>,
): boolean {
  if (isOwnName) return selectForName(task).in;
  const service = task.service && snapshot.service(task.service);
  return service ? selectTasks(service).tasks.includes(task) : selectForService(task).in;
}

/**
 * A or AAAA data of a task's own name. If several tasks have the name, the best one that this client reaches counts.
 */
export function taskAddresses(snapshot: Snapshot, tasks: readonly Task[], view: View, type: number): Datum[] {
  for (const task of tasks) {
    if (!selectForName(task).in) continue;
    const reached = reach(snapshot, task, view);
    // The target of an SRV record that leads to another host is the task's own name.
    const isElsewhere = reached?.via === 'other-host';
    if (reached)
      return addressData(fromTexts(isElsewhere ? reached.serviceAddresses : reached.addresses), type);
  }
  return [];
}

export function addressData({ a, aaaa }: PreparedAddresses, type: number): Datum[] {
  if (type === TYPE.A) return split(a, 4).map((address) => ({ type, rdata: { kind: 'a', address } }));
  if (type === TYPE.AAAA)
    return split(aaaa, 16).map((address) => ({ type, rdata: { kind: 'aaaa', address } }));
  return [];
}

function split(packed: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: packed.length / size }, (_, at) => packed.subarray(at * size, (at + 1) * size));
}

/** SRV data, and the targets' addresses by target, each target once. */
export interface PortData {
  readonly data: Datum[];
  readonly targets: ReadonlyMap<DnsName, PreparedAddresses>;
}

/** SRV data of one port of a service, or of all ports. */
export function portData(
  snapshot: Snapshot,
  service: Service,
  view: View,
  selector: PortSelector | 'all',
  names: ZoneNames,
): PortData {
  const data: Datum[] = [];
  const targets = new Map<DnsName, PreparedAddresses>();
  const hosts = new Map<string, DnsName | undefined>();
  for (const task of chosenTasks(snapshot, service).tasks) {
    const reached = reach(snapshot, task, view);
    const [first] = reached?.serviceAddresses ?? [];
    if (!reached || first === undefined) continue;
    for (const { taskPort, dial } of reached.ports) {
      if (selector === 'all' ? !isPortOf(service, taskPort) : !matchesPort(selector, taskPort)) continue;
      // The task's own name leads to its own address, so the host's address needs a separate name.
      const ownName = reached.via !== 'published' || reached.addresses.length > 0;
      if (!ownName && !hosts.has(first)) hosts.set(first, names.hostAddress(first));
      const target = ownName ? names.task(snapshot, task) : hosts.get(first);
      if (!target) continue;
      const weight = Math.min(65535, task.weight * SRV_WEIGHT_UNIT);
      data.push({ type: TYPE.SRV, rdata: { kind: 'srv', priority: 0, weight, port: dial, target } });
      targets.set(target, fromTexts(reached.serviceAddresses));
    }
  }
  return { data, targets };
}

/** An alias with ports represents only these ports of its services. */
function isPortOf({ kind, ports }: Service, { port, protocol }: Port): boolean {
  if (kind !== 'alias' || ports.length === 0) return true;
  return ports.some((each) => each.port === port && each.protocol === protocol);
}

/** SRV data of a service's ports at its virtual IP: the answer for `vip.` in front of its name. */
export function vipPorts({ vip, ports }: Service, target: DnsName | undefined): PortData {
  if (vip === undefined || target === undefined) return { data: [], targets: new Map() };
  const data = ports.map(({ port }): Datum => ({
    type: TYPE.SRV,
    rdata: { kind: 'srv', priority: 0, weight: SRV_WEIGHT_UNIT, port, target },
  }));
  return { data, targets: new Map([[target, fromTexts([vip])]]) };
}
