import { reach } from '../../catalog/reach.js';
import { selectTasks } from '../../catalog/selection.js';
import { vipAccess, vipRule } from '../../catalog/vip-access.js';
import type { Service } from '../../catalog/model.js';
import type { Snapshot } from '../../catalog/snapshot.js';
import type { View } from '../../catalog/view.js';
import { ipBytes } from '../../net/ip.js';

/** What a service's name gives: what its endpoint mode says, always the tasks, or always the virtual IP. */
export type Give = 'mode' | 'tasks' | 'vip';

/** Addresses as rdata, one after the other. */
export interface PreparedAddresses {
  /** 4 bytes each. */
  readonly a: Uint8Array;
  /** 16 bytes each. */
  readonly aaaa: Uint8Array;
}

const none = new Uint8Array();
const nothing: PreparedAddresses = { a: none, aaaa: none };

interface Prepared {
  readonly networksRevision: number;
  readonly byNetworks: Map<string, PreparedAddresses>;
  /** The virtual IP, for those who may use it. */
  readonly vipByNetworks: Map<string, PreparedAddresses>;
}

/**
 * Address sets prepared per (service, networks). They hang on the service's own value: a change makes a new value, and
 * with it the old answers are gone; nothing has to be invalidated. Made when first asked for.
 */
const prepared = new WeakMap<Service, Prepared>();

/**
 * What a service's name gives to those on a set of networks. A virtual IP is one address for all who may use it, and for
 * others there is none: its connections are refused by the same rule.
 * @param service any kind but `alias`, whose data are its targets'
 */
export function preparedAddresses(
  snapshot: Snapshot,
  service: Service,
  view: Pick<View, 'networks' | 'networksKey'>,
  give: Give = 'mode',
): PreparedAddresses {
  let entry = prepared.get(service);
  if (entry?.networksRevision !== snapshot.networksRevision) {
    entry = {
      networksRevision: snapshot.networksRevision,
      byNetworks: new Map(),
      vipByNetworks: new Map(),
    };
    prepared.set(service, entry);
  }
  const vip = vipGiven(service, give);
  if (vip !== undefined) {
    let given = entry.vipByNetworks.get(view.networksKey);
    if (!given) {
      given = vipRule(snapshot, vipAccess(snapshot, service), view.networks) ? fromTexts([vip]) : nothing;
      entry.vipByNetworks.set(view.networksKey, given);
    }
    return given;
  }
  if (give === 'vip') return nothing;
  let addresses = entry.byNetworks.get(view.networksKey);
  if (!addresses) {
    addresses = fromTexts(addressTexts(snapshot, service, view));
    entry.byNetworks.set(view.networksKey, addresses);
  }
  return addresses;
}

/** The virtual IP that a service's name gives in place of its tasks; undefined when it gives the tasks. */
export function vipGiven({ vip, endpointMode }: Service, give: Give): string | undefined {
  return give === 'vip' || (give === 'mode' && endpointMode === 'vip') ? vip : undefined;
}

/** Canonical addresses to the two families of rdata. */
export function fromTexts(texts: Iterable<string>): PreparedAddresses {
  const a: Uint8Array[] = [];
  const aaaa: Uint8Array[] = [];
  for (const text of texts) (text.includes(':') ? aaaa : a).push(ipBytes(text));
  return { a: joined(a), aaaa: joined(aaaa) };
}

/** One copy in memory of its own: a buffer of the shared pool would keep the whole pool alive. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  if (!first) return none;
  const whole = new Uint8Array(parts.length * first.length);
  for (const [at, part] of parts.entries()) whole.set(part, at * part.length);
  return whole;
}

function addressTexts(snapshot: Snapshot, service: Service, view: Pick<View, 'networks'>): Set<string> {
  const texts = new Set(service.externalIps);
  for (const task of selectTasks(service).tasks) {
    for (const ip of reach(snapshot, task, view)?.addresses ?? []) texts.add(ip);
  }
  return texts;
}
