import { reach } from '../../catalog/reach.js';
import { selectForName, selectForService, selectTasks } from '../../catalog/selection.js';
import type { Service, Task } from '../../catalog/model.js';
import type { Snapshot } from '../../catalog/snapshot.js';
import type { View } from '../../catalog/view.js';
import { nameFromLabels, type DnsName } from '../../wire/name.js';
import { nameFromText } from '../../wire/name-text.js';
import { TYPE } from '../../wire/constants.js';
import type { Datum } from './datum.js';
import { leaves, matchesPort, type PortSelector } from './leaves.js';
import type { AliasMember } from './located.js';
import { fromTexts, preparedAddresses, type Give, type PreparedAddresses } from './prepared.js';

/** SRV weights: whole multiples of this, because HAProxy maps (w + 255) / 256 to its own scale. */
const SRV_WEIGHT_UNIT = 256;

/** What of a view decides which addresses are given. */
type Seen = Pick<View, 'networks' | 'networksKey'>;

/** Names the zone gives to what it points at. */
export interface ZoneNames {
  /** The name of a task below the domain: its canonical DNS name; undefined when it has none. */
  task(task: Task): DnsName | undefined;
  /** The name that stands for one address of the host. */
  hostAddress(ip: string): DnsName | undefined;
}

export function zoneNames(domain: readonly string[]): ZoneNames {
  return {
    task: ({ names: [name] }) =>
      name === undefined ? undefined : nameFromLabels([...name.split('.'), ...domain]),
    hostAddress: (ip) =>
      ip.includes(':') ? undefined : nameFromLabels([`ip-${ip.replaceAll('.', '-')}`, ...domain]),
  };
}

/** The canonical name of an external service, when its data is a name and not addresses. */
export function aliasTarget(snapshot: Snapshot, service: Service): DnsName | undefined {
  const found = leaves(snapshot, service);
  // A CNAME can stand beside nothing else (RFC 2181 section 10.1): among several targets, or beside addresses of the
  // same service, a hostname gives no data.
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
  // Each leaf's addresses are prepared without doubles; only an alias of several can bring one twice.
  if (only && more.length === 0) return addressData(preparedAddresses(snapshot, only, view, give), type);
  const seen = new Set<string>();
  const data: Datum[] = [];
  for (const leaf of found) {
    for (const datum of addressData(preparedAddresses(snapshot, leaf, view, give), type)) {
      const key =
        datum.rdata.kind === 'a' || datum.rdata.kind === 'aaaa' ? datum.rdata.address.join('.') : '';
      if (seen.has(key)) continue;
      seen.add(key);
      data.push(datum);
    }
  }
  return data;
}

/** A or AAAA data of everything that has a network alias, each address once. */
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

/** The view of those who look from one network. */
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

/** A or AAAA data of a task's own name. Of several tasks with the name, the best that this client reaches counts. */
export function taskAddresses(snapshot: Snapshot, tasks: readonly Task[], view: View, type: number): Datum[] {
  for (const task of tasks) {
    if (!selectForName(task).in) continue;
    const reached = reach(snapshot, task, view);
    if (reached) return addressData(fromTexts(reached.addresses), type);
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

/** SRV data of one port of a service, and the addresses of the targets by target, each target once. */
export function portData(
  snapshot: Snapshot,
  service: Service,
  view: View,
  selector: PortSelector,
  names: ZoneNames,
): { readonly data: Datum[]; readonly targets: ReadonlyMap<DnsName, PreparedAddresses> } {
  const data: Datum[] = [];
  const targets = new Map<DnsName, PreparedAddresses>();
  const hosts = new Map<string, DnsName | undefined>();
  for (const task of leaves(snapshot, service).flatMap((leaf) => selectTasks(leaf).tasks)) {
    const reached = reach(snapshot, task, view);
    const [first] = reached?.serviceAddresses ?? [];
    if (!reached || first === undefined) continue;
    for (const { taskPort, dial } of reached.ports) {
      if (!matchesPort(selector, taskPort)) continue;
      // The task's own name leads to its own address; the host's address needs a name of its own.
      const ownName = reached.via !== 'published' || reached.addresses.length > 0;
      if (!ownName && !hosts.has(first)) hosts.set(first, names.hostAddress(first));
      const target = ownName ? names.task(task) : hosts.get(first);
      if (!target) continue;
      const weight = Math.min(65535, task.weight * SRV_WEIGHT_UNIT);
      data.push({ type: TYPE.SRV, rdata: { kind: 'srv', priority: 0, weight, port: dial, target } });
      targets.set(target, fromTexts(reached.serviceAddresses));
    }
  }
  return { data, targets };
}
