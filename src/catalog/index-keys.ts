import type { Map as PersistentMap } from 'immutable';
import { reverseLabels } from '../net/ip.js';
import { HOST_NETWORK, OTHER_HOST, type Task } from './model.js';
import { aliasKey, linkKey, nameKey, reverseSuffixKey, suffixKey, type Ids } from './snapshot.js';

/** Calls back with 1 for each added key and -1 for each removed key. */
export function difference(
  before: ReadonlySet<string> | undefined,
  after: ReadonlySet<string> | undefined,
  change: (key: string, step: 1 | -1) => void,
): void {
  for (const key of before ?? []) if (!after?.has(key)) change(key, -1);
  for (const key of after ?? []) if (!before?.has(key)) change(key, 1);
}

export function nameKeysOf({ names }: Task): Set<string> {
  // If a name equals its key, reuse its string. This saves one string per task.
  return new Set(names.map(nameKey).map((key) => names.find((name) => name === key) ?? key));
}

const noKeys: ReadonlySet<string> = new Set();

/** Keys of a task's network aliases and links. Most tasks have neither. */
export function aliasKeysOf({ aliases, links }: Task): ReadonlySet<string> {
  const linked = Object.keys(links);
  if (aliases === undefined && linked.length === 0) return noKeys;
  const keys = new Set(linked.map(linkKey));
  for (const { network, names } of aliases ?? []) for (const name of names) keys.add(aliasKey(network, name));
  return keys;
}

/**
 * Host-mode tasks share the host's address with everything else on the host, so the address identifies none of them. So
 * it is with tasks of another host, whose addresses on its networks may also be those of tasks here.
 */
export function addressesOf(task: Task): Set<string> {
  if (task.endpoints.some(({ network }) => network === OTHER_HOST)) return new Set();
  const served = task.endpoints
    .filter((endpoint) => endpoint.network !== HOST_NETWORK)
    .map((endpoint) => endpoint.ip);
  return new Set([...served, ...(task.clientAddresses ?? [])]);
}

/** The suffixes of all multi-label names and of the reverse names of all addresses, each once per task. */
export function suffixKeysOf(task: Task): Set<string> {
  const { environment, names } = task;
  const keys = new Set<string>();
  for (const ip of addressesOf(task)) for (const key of reverseSuffixKeysOf(environment, ip)) keys.add(key);
  for (const name of names) {
    for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
      keys.add(suffixKey(environment, name.slice(dot + 1)));
    }
  }
  return keys;
}

/** The parent names of an address's reverse name, excluding `in-addr.arpa` and `ip6.arpa` themselves. */
export function reverseSuffixKeysOf(environment: string, ip: string): string[] {
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
