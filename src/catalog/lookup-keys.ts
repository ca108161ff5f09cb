import { type Indexes, type Index, Snapshot } from './snapshot.js';

/**
 * One entry of one index of a snapshot: `services:production/shop/web`. When it changes, everything derived from it is
 * out of date.
 */
export type LookupKey = string;

export function lookupKey(index: keyof Indexes, key: string): LookupKey {
  return `${index}:${key}`;
}

/** More keys than this are reported as `all`, because listing them would cost more than it saves. */
const MAX_KEYS = 10_000;

/** Collects the entries that differ between two snapshots. */
export class LookupLog {
  #keys: Set<LookupKey> | undefined = new Set();

  /** To be called before so many tasks change: listing their entries for nothing would cost much of a first sync. */
  expect(tasks: number): void {
    if (tasks > MAX_KEYS / 4) this.#keys = undefined;
  }

  note(index: keyof Indexes, key: string): void {
    if (this.#keys === undefined) return;
    this.#keys.add(lookupKey(index, key));
    if (this.#keys.size > MAX_KEYS) this.#keys = undefined;
  }

  get keys(): ReadonlySet<LookupKey> | 'all' {
    return this.#keys ?? 'all';
  }
}

/** Is notified of each access. */
export interface Watcher {
  readonly look: (key: LookupKey) => void;
  /** Called when a reader iterates over a whole index. */
  readonly scan: () => void;
}

/** One object per index and no closures, because answers are compiled by the thousand. */
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
 * The same snapshot, but it reports each entry that is looked up, found or not. A derived result stays valid until one
 * of these entries changes. All networks count as one entry, by {@link Snapshot.networksRevision}.
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
