import { networkHolding } from '../../catalog/view.js';
import { serviceName, type Network } from '../../catalog/model.js';
import type { Snapshot } from '../../catalog/snapshot.js';
import { ipFromReverseLabels, parseCidr, type Cidr } from '../../net/ip.js';
import { localZoneOf } from './local-zones.js';
import { taskName } from './task-name.js';
import { below, type Located, type LocateContext } from './located.js';

/** The number of labels at the zone cut: /24 and /64, including the two labels of the suffix. */
const CUT = { 4: 5, 6: 18 } as const;

/** The number of labels of a complete reverse name. */
const WHOLE = { 4: 6, 6: 34 } as const;

type Family = keyof typeof CUT;

/**
 * The meaning of a complete or partial reverse name: the task or service with the address, a denial in a known network,
 * or an empty non-terminal above either.
 * @returns undefined when it has nothing to do with our addresses
 */
export function locateReverse(context: LocateContext, labels: readonly string[]): Located | undefined {
  const family = familyOf(labels);
  if (!family) return undefined;
  const whole = labels.slice(-WHOLE[family]);
  const ip = ipFromReverseLabels(whole);
  if (ip === undefined)
    return labels.length < WHOLE[family] ? locatePart(context, labels, family) : undefined;
  const found = locateAddress(context, whole, ip, family);
  if (!found || labels.length === whole.length) return found;
  return { kind: 'absent', zone: found.zone ?? whole, rule: `below the reverse name of ${ip}` };
}

function familyOf(labels: readonly string[]): Family | undefined {
  if (below(labels, ['in-addr', 'arpa'])) return 4;
  return below(labels, ['ip6', 'arpa']) ? 6 : undefined;
}

function locateAddress(
  { snapshot, view, domain }: LocateContext,
  labels: readonly string[],
  ip: string,
  family: Family,
): Located | undefined {
  const network = networkHolding(snapshot, ip);
  const cut = labels.slice(-CUT[family]);
  const zone = network ? cut : (localZoneOf(labels) ?? cut);
  if (ip === '127.0.0.1' || ip === '::1')
    return { kind: 'pointer', target: ['localhost'], zone, certain: true, rule: 'the address of localhost' };
  for (const task of snapshot.tasksAt(ip)) {
    if (task.environment !== view.environment) continue;
    const name = taskName(snapshot, task);
    if (name === undefined) continue;
    const target = [...name.split('.'), ...domain];
    return { kind: 'pointer', target, task, zone, rule: `the address of ${task.name}` };
  }
  const service = snapshot.serviceAt(ip);
  if (service && service.environment === view.environment) {
    const name = serviceName(service);
    const target = [...name.split('.'), ...domain];
    return { kind: 'pointer', target, zone, rule: `the virtual IP of ${name}` };
  }
  if (network)
    return { kind: 'absent', zone, rule: `an address of network ${network.name} that no task has` };
  return undefined;
}

/** The name of a subnet. It belongs to no task, but names of tasks may be below it. */
function locatePart(
  { snapshot, view }: LocateContext,
  labels: readonly string[],
  family: Family,
): Located | undefined {
  const local = localZoneOf(labels);
  // The top of a zone that is ours anyway.
  if (local?.length === labels.length) return undefined;
  const meets = meeting(snapshot, labels, family);
  const isAbove = snapshot.isReverseSuffix(view.environment, labels.join('.'));
  if (labels.length > CUT[family]) {
    const zone = meets ? labels.slice(-CUT[family]) : local;
    if (!zone) return undefined;
    if (isAbove || meets?.isBelow) return { kind: 'empty', zone, rule: 'addresses exist below it' };
    return meets && { kind: 'absent', zone, rule: `a part of network ${meets.network.name} without a task` };
  }
  if (meets && labels.length === CUT[family])
    return { kind: 'apex', zone: labels, rule: `the reverse zone of network ${meets.network.name}` };
  return local && (isAbove || meets) && { kind: 'empty', zone: local, rule: 'addresses exist below it' };
}

interface Subnet {
  readonly range: Cidr;
  readonly base: string;
  readonly bits: number;
}

const subnets = new WeakMap<Network, readonly Subnet[]>();

function subnetOf(text: string): Subnet | undefined {
  const range = parseCidr(text);
  if (!range) return undefined;
  const [base = '', bits] = range.text.split('/');
  return { range, base, bits: Number(bits) };
}

/** A network that contains all addresses below a partial reverse name, or some of them. */
function meeting(
  snapshot: Snapshot,
  labels: readonly string[],
  family: Family,
): { readonly network: Network; readonly isBelow: boolean } | undefined {
  const missing = Array.from({ length: WHOLE[family] - labels.length }, () => '0');
  const base = ipFromReverseLabels([...missing, ...labels]);
  if (base === undefined) return undefined;
  const bits = (labels.length - 2) * (family === 4 ? 8 : 4);
  const part = parseCidr(`${base}/${bits}`);
  for (const network of snapshot.networks()) {
    let own = subnets.get(network);
    if (!own) {
      own = network.subnets.map(subnetOf).filter((each) => each !== undefined);
      subnets.set(network, own);
    }
    for (const subnet of own) {
      const isBelow = subnet.bits > bits;
      if (isBelow ? part?.contains(subnet.base) : subnet.range.contains(base)) return { network, isBelow };
    }
  }
  return undefined;
}
