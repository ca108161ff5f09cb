import { needsPortMap, reach } from '../../catalog/reach.js';
import { selectTasks } from '../../catalog/selection.js';
import { vipAccess, vipRule } from '../../catalog/vip-access.js';
import type { Service } from '../../catalog/model.js';
import type { Snapshot } from '../../catalog/snapshot.js';
import type { View } from '../../catalog/view.js';
import { ipBytes } from '../../net/ip.js';

/** What a service's name resolves to: as its endpoint mode says, always the tasks, or always the virtual IP. */
export type Give = 'mode' | 'tasks' | 'vip';

/** Addresses as rdata, concatenated. */
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
  /** The virtual IP for clients that may use it. */
  readonly vipByNetworks: Map<string, PreparedAddresses>;
}

/**
 * Prepared address sets by service and networks. They are keyed by the service's own value: a change makes a new value,
 * and the old answers disappear without explicit invalidation. Created on first use.
 */
const prepared = new WeakMap<Service, Prepared>();

/**
 * The addresses of a service's name for clients on a set of networks. All clients that may use a virtual IP get the
 * same address. Other clients get none, and the same rule refuses their connections.
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

/** The virtual IP that a service's name resolves to. Undefined if it resolves to the tasks. */
export function vipGiven(service: Service, give: Give): string | undefined {
  if (service.vip === undefined || give === 'tasks') return undefined;
  return give === 'vip' || service.endpointMode === 'vip' || needsPortMap(service) ? service.vip : undefined;
}

/** Converts canonical addresses to rdata of the two families. */
export function fromTexts(texts: Iterable<string>): PreparedAddresses {
  const a: Uint8Array[] = [];
  const aaaa: Uint8Array[] = [];
  for (const text of texts) (text.includes(':') ? aaaa : a).push(ipBytes(text));
  return { a: joined(a), aaaa: joined(aaaa) };
}

/** Copies the parts into memory of its own, because a buffer from the shared pool would keep the whole pool alive. */
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
