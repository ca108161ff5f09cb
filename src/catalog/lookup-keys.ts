import { type Indexes, type Index, Snapshot } from './snapshot.js';

/** One entry of one index of a snapshot: `services:production/shop/web`. Whatever depends on it is out of date when it changes. */
export type LookupKey = string;

export function lookupKey(index: keyof Indexes, key: string): LookupKey {
  return `${index}:${key}`;
}

/** More are reported as `all`: naming them would cost more than it saves. */
const MAX_KEYS = 10_000;

/** The entries that differ between two snapshots, as they are found. */
export class LookupLog {
  #keys: Set<LookupKey> | undefined = new Set();

  note(index: keyof Indexes, key: string): void {
    if (this.#keys === undefined) return;
    this.#keys.add(lookupKey(index, key));
    if (this.#keys.size > MAX_KEYS) this.#keys = undefined;
  }

  get keys(): ReadonlySet<LookupKey> | 'all' {
    return this.#keys ?? 'all';
  }
}

/** Receives what is looked at. */
export interface Watcher {
  readonly look: (key: LookupKey) => void;
  /** A reader goes through a whole index. */
  readonly scan: () => void;
}

/** One object an index and no closures: answers are compiled by the thousand. */
class WatchedIndex<V> implements Index<V> {
  readonly #name: keyof Indexes;
  readonly #index: Index<V>;
  readonly #watcher: Watcher;

  constructor(name: keyof Indexes, index: Index<V>, watcher: Watcher) {
    this.#name = name;
    this.#index = index;
    this.#watcher = watcher;
  }

  get(key: string): V | undefined {
    this.#watcher.look(lookupKey(this.#name, key));
    return this.#index.get(key);
  }

  has(key: string): boolean {
    this.#watcher.look(lookupKey(this.#name, key));
    return this.#index.has(key);
  }

  values(): Iterable<V> {
    this.#watcher.scan();
    return this.#index.values();
  }

  get size(): number {
    this.#watcher.scan();
    return this.#index.size;
  }
}

/**
 * The same snapshot, telling of every entry that is looked at, found or not: what was derived from it stays right until
 * one of them changes. Networks are told as one, by {@link Snapshot.networksRevision}.
 */
export function watched(snapshot: Snapshot, watcher: Watcher): Snapshot {
  const { indexes } = snapshot;
  const over = <V>(name: keyof Indexes, index: Index<V>): Index<V> => new WatchedIndex(name, index, watcher);
  return new Snapshot(
    snapshot.revision,
    snapshot.at,
    {
      tasks: over('tasks', indexes.tasks),
      services: over('services', indexes.services),
      stacks: over('stacks', indexes.stacks),
      names: over('names', indexes.names),
      nameSuffixes: over('nameSuffixes', indexes.nameSuffixes),
      aliases: over('aliases', indexes.aliases),
      addresses: over('addresses', indexes.addresses),
      vips: over('vips', indexes.vips),
      clients: over('clients', indexes.clients),
      networks: indexes.networks,
      networksRevision: indexes.networksRevision,
      isolation: indexes.isolation,
    },
    snapshot.sources,
    snapshot.problems,
  );
}
