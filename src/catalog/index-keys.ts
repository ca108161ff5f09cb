import type { Map as PersistentMap } from 'immutable';
import { reverseLabels } from '../net/ip.js';
import { HOST_NETWORK, OTHER_HOST, type Task } from './model.js';
import { aliasKey, linkKey, nameKey, reverseSuffixKey, suffixKey, type Ids } from './snapshot.js';

/** Keys of one task in one index, each once. */
export type Keys = readonly string[];

/** Calls back with 1 for each added key and -1 for each removed key. */
export function difference(
  before: Keys | undefined,
  after: Keys | undefined,
  change: (key: string, step: 1 | -1) => void,
): void {
  if (before === undefined || after === undefined) {
    for (const key of before ?? []) change(key, -1);
    for (const key of after ?? []) change(key, 1);
    return;
  }
  const [had, has] = [new Set(before), new Set(after)];
  for (const key of before) if (!has.has(key)) change(key, -1);
  for (const key of after) if (!had.has(key)) change(key, 1);
}

function distinct(keys: Keys): Keys {
  return keys.length < 2 ? keys : [...new Set(keys)];
}

export function nameKeysOf({ names }: Task): Keys {
  // If a name equals its key, reuse its string. This saves one string per task.
  return distinct(
    names.map((name) => {
      const key = nameKey(name);
      return key === name ? name : (names.find((other) => other === key) ?? key);
    }),
  );
}

const noKeys: Keys = [];

/** Keys of a task's network aliases and links. Most tasks have neither. */
export function aliasKeysOf({ aliases, links }: Task): Keys {
  const linked = Object.keys(links);
  if (aliases === undefined && linked.length === 0) return noKeys;
  const keys = linked.map(linkKey);
  for (const { network, names } of aliases ?? [])
    for (const name of names) keys.push(aliasKey(network, name));
  return distinct(keys);
}

/**
 * Host-mode tasks share the host's address with everything else on the host, so the address identifies none of them. So
 * it is with tasks of another host, whose addresses on its networks may also be those of tasks here.
 */
export function addressesOf({ endpoints, clientAddresses = [] }: Task): Keys {
  const addresses: string[] = [];
  for (const { network, ip } of endpoints) {
    if (network === OTHER_HOST) return [];
    if (network !== HOST_NETWORK) addresses.push(ip);
  }
  return distinct(clientAddresses.length === 0 ? addresses : [...addresses, ...clientAddresses]);
}

/** The suffixes of all multi-label names and of the reverse names of all addresses, each once per task. */
export function suffixKeysOf(task: Task): Keys {
  const { environment, names } = task;
  const addresses = addressesOf(task);
  const [first] = addresses;
  // Most tasks have one address, and names of one label.
  if (first !== undefined && addresses.length === 1 && !names.some((name) => name.includes('.')))
    return reverseSuffixKeysOf(environment, first);
  const keys = addresses.flatMap((ip) => reverseSuffixKeysOf(environment, ip));
  for (const name of names) {
    for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
      keys.push(suffixKey(environment, name.slice(dot + 1)));
    }
  }
  return distinct(keys);
}

/** The parent names of an address's reverse name, excluding `in-addr.arpa` and `ip6.arpa` themselves. */
export function reverseSuffixKeysOf(environment: string, ip: string): Keys {
  // The last byte of an IPv4 address is in none of them, and addresses of one network come one after the other.
  const network = ip.includes(':') ? ip : ip.slice(0, ip.lastIndexOf('.'));
  if (network !== last.network || environment !== last.environment)
    last = { environment, network, keys: makeReverseSuffixKeys(environment, ip) };
  return last.keys;
}

let last: { readonly environment: string; readonly network: string; readonly keys: Keys } = {
  environment: '',
  network: '',
  keys: [],
};

function makeReverseSuffixKeys(environment: string, ip: string): Keys {
  const labels = reverseLabels(ip);
  const keys: string[] = [];
  let suffix = labels.slice(-2).join('.');
  for (let at = labels.length - 3; at > 0; at--) {
    suffix = `${labels[at] ?? ''}.${suffix}`;
    keys.push(reverseSuffixKey(environment, suffix));
  }
  return keys;
}

type IdMap = PersistentMap<string, Ids>;

export function putId(map: IdMap, key: string, id: string): IdMap {
  const ids = map.get(key);
  if (ids === undefined) return map.set(key, id);
  return map.set(key, typeof ids === 'string' ? [ids, id] : [...ids, id]);
}

export function dropId(map: IdMap, key: string, id: string): IdMap {
  const ids = map.get(key);
  if (ids === undefined || typeof ids === 'string') return map.delete(key);
  const [first, ...more] = ids.filter((other) => other !== id);
  return first === undefined ? map.delete(key) : map.set(key, more.length === 0 ? first : [first, ...more]);
}
