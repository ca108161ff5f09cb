import type { ChangeSet, KeyChanges } from '../../catalog/change.js';

/** The keys that differ between two revisions; the later snapshot has their values. */
export interface TouchedKeys {
  readonly services: ReadonlySet<string>;
  readonly tasks: ReadonlySet<string>;
  readonly networks: ReadonlySet<string>;
  /** Whether sources, problems or drains differ. */
  readonly meta: boolean;
}

export interface ChangeLogLimits {
  readonly changes: number;
  /** The total number of keys in all changes. */
  readonly keys: number;
}

/** About 4 MB with changes of the usual small size. */
const LIMITS: ChangeLogLimits = { changes: 8192, keys: 65_536 };

/**
 * The keys touched by the last changes. A client that was away can catch up with an effort in proportion to what it
 * missed. The log holds no values, because the current snapshot has them.
 */
export class ChangeLog {
  readonly #limits: ChangeLogLimits;
  /** In the order of their revisions, without gaps. */
  #changes: ChangeSet[] = [];
  #keys = 0;
  /** The oldest revision from which all changes are here. */
  #floor: number;

  /** @param revision the revision of the snapshot at which the log begins */
  constructor(revision: number, limits: ChangeLogLimits = LIMITS) {
    this.#floor = revision;
    this.#limits = limits;
  }

  add(change: ChangeSet): void {
    this.#changes.push(change);
    this.#keys += sizeOf(change);
    if (this.#changes.length > this.#limits.changes || this.#keys > this.#limits.keys) this.#forget();
  }

  /** The keys touched after a revision; undefined if some of them are forgotten, or the revision never existed. */
  since(revision: number): TouchedKeys | undefined {
    const last = this.#changes.at(-1)?.revision ?? this.#floor;
    if (revision < this.#floor || revision > last) return undefined;
    const services = new Set<string>();
    const tasks = new Set<string>();
    const networks = new Set<string>();
    let meta = false;
    for (const change of this.#changes.slice(revision - this.#floor)) {
      for (const key of keysOf(change.services)) services.add(key);
      for (const key of keysOf(change.tasks)) tasks.add(key);
      for (const key of keysOf(change.networks)) networks.add(key);
      meta ||= change.meta;
    }
    return { services, tasks, networks, meta };
  }

  /** Forgets entries until half of the limit is left, so that the cost per change stays low. */
  #forget(): void {
    const { changes, keys } = this.#limits;
    let from = 0;
    for (const change of this.#changes) {
      if (this.#changes.length - from <= changes / 2 && this.#keys <= keys / 2) break;
      this.#keys -= sizeOf(change);
      this.#floor = change.revision;
      from += 1;
    }
    this.#changes = this.#changes.slice(from);
  }
}

export function keysOf({ added, changed, removed }: KeyChanges): readonly string[] {
  return added.length + removed.length === 0 ? changed : [...added, ...changed, ...removed];
}

/** The number of keys that a change touches. */
export function sizeOf({ services, tasks, networks }: ChangeSet): number {
  return [services, tasks, networks].reduce(
    (sum, { added, changed, removed }) => sum + added.length + changed.length + removed.length,
    0,
  );
}
