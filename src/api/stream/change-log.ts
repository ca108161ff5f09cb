import type { ChangeSet, KeyChanges } from '../../catalog/change.js';

/** The keys that differ between two revisions; what became of each is in the later snapshot. */
export interface TouchedKeys {
  readonly services: ReadonlySet<string>;
  readonly tasks: ReadonlySet<string>;
  readonly networks: ReadonlySet<string>;
  /** Sources, problems or drains differ. */
  readonly meta: boolean;
}

export interface ChangeLogLimits {
  readonly changes: number;
  /** Keys of all changes together. */
  readonly keys: number;
}

/** About 4 MB where every change is as small as changes usually are. */
const LIMITS: ChangeLogLimits = { changes: 8192, keys: 65_536 };

/**
 * The keys that the last changes touched, so that a client which was away can catch up in proportion to what it missed.
 * It holds no values: the present snapshot has those.
 */
export class ChangeLog {
  readonly #limits: ChangeLogLimits;
  /** In the order of their revisions, which follow each other without a gap. */
  #changes: ChangeSet[] = [];
  #keys = 0;
  /** The oldest revision from which everything is here. */
  #floor: number;

  /** @param revision that of the snapshot that the log begins from */
  constructor(revision: number, limits: ChangeLogLimits = LIMITS) {
    this.#floor = revision;
    this.#limits = limits;
  }

  add(change: ChangeSet): void {
    this.#changes.push(change);
    this.#keys += sizeOf(change);
    if (this.#changes.length > this.#limits.changes || this.#keys > this.#limits.keys) this.#forget();
  }

  /** What was touched after a revision; undefined: some of it is forgotten, or there was no such revision. */
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

  /** Forgets down to half of what is allowed, so that forgetting costs little for each change. */
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

/** How many keys a change touches. */
export function sizeOf({ services, tasks, networks }: ChangeSet): number {
  return [services, tasks, networks].reduce(
    (sum, { added, changed, removed }) => sum + added.length + changed.length + removed.length,
    0,
  );
}
