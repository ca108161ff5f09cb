import type { CatalogReader } from '../../catalog/catalog.js';
import type { CatalogEvent, ChangeSet, KeyChanges } from '../../catalog/change.js';
import { placeOfProblem, ScopedSnapshot } from './scoped-snapshot.js';
import type { Snapshot } from '../../catalog/snapshot.js';
import type { Task } from '../../catalog/model.js';
import { isInScope, placeOfTask, type Scope } from './access-scope.js';

/** A catalog that ends where a scope ends: what is outside is not there, and comes and goes unseen. */
export class ScopedCatalog implements CatalogReader {
  readonly #base: CatalogReader;
  readonly #scope: Scope;
  readonly #listeners = new Set<(change: ChangeSet, snapshot: Snapshot) => void>();
  readonly #unsubscribe: () => void;
  /** How many tasks of the scope are on each network. */
  readonly #onNetwork = new Map<string, number>();
  #snapshot: ScopedSnapshot;

  constructor(base: CatalogReader, scope: Scope) {
    this.#base = base;
    this.#scope = scope;
    for (const task of base.snapshot.tasks()) this.#count(task, 1);
    this.#snapshot = this.#snapshotOf(base.snapshot);
    this.#unsubscribe = base.onChange((change, snapshot) => this.#take(change, snapshot));
  }

  close(): void {
    this.#unsubscribe();
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  get firstEvent(): number {
    return this.#base.firstEvent;
  }

  onChange(listener: (change: ChangeSet, snapshot: Snapshot) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  events(afterSeq?: number): readonly CatalogEvent[] {
    return this.#base.events(afterSeq).filter((event) => this.#isSeen(event));
  }

  onEvent(listener: (event: CatalogEvent) => void): () => void {
    return this.#base.onEvent((event) => {
      if (this.#isSeen(event)) listener(event);
    });
  }

  /** How current the sources are concerns everybody. */
  #isSeen({ place, type }: CatalogEvent): boolean {
    return place === undefined ? type === 'source.state' : isInScope(this.#scope, place);
  }

  #take(change: ChangeSet, base: Snapshot): void {
    const before = this.#snapshot;
    const networks = new Set(keysOf(change.networks));
    for (const id of keysOf(change.tasks)) {
      for (const network of [...this.#count(before.task(id), -1), ...this.#count(base.task(id), 1)])
        networks.add(network);
    }
    const after = this.#snapshotOf(base);
    this.#snapshot = after;
    const scoped: ChangeSet = {
      ...change,
      services: compared(keysOf(change.services), before.hasKey, after.hasKey),
      tasks: compared(keysOf(change.tasks), before.hasTask, after.hasTask),
      networks: compared([...networks], before.hasNetwork, after.hasNetwork),
    };
    const { cause, ...rest } = scoped;
    const isWhole =
      sizeOf(scoped.tasks) === sizeOf(change.tasks) && sizeOf(scoped.services) === sizeOf(change.services);
    const seen = isWhole && cause !== undefined ? scoped : rest;
    for (const listener of this.#listeners) listener(seen, after);
  }

  /** @returns the networks that are seen now and were not, or the other way round */
  #count(task: Task | undefined, by: 1 | -1): string[] {
    if (!task || !isInScope(this.#scope, placeOfTask(task))) return [];
    return [...new Set(task.endpoints.map(({ network }) => network))].filter((network) => {
      const count = (this.#onNetwork.get(network) ?? 0) + by;
      if (count === 0) this.#onNetwork.delete(network);
      else this.#onNetwork.set(network, count);
      return count === 0 || (count === 1 && by === 1);
    });
  }

  #snapshotOf(base: Snapshot): ScopedSnapshot {
    const problems = base.problems.filter((problem) => {
      const place = placeOfProblem(problem, base);
      return place !== undefined && isInScope(this.#scope, place);
    });
    return new ScopedSnapshot(base, this.#scope, new Set(this.#onNetwork.keys()), problems);
  }
}

function keysOf({ added, changed, removed }: KeyChanges): readonly string[] {
  return [...added, ...changed, ...removed];
}

function sizeOf({ added, changed, removed }: KeyChanges): number {
  return added.length + changed.length + removed.length;
}

function compared(
  keys: readonly string[],
  was: (key: string) => boolean,
  is: (key: string) => boolean,
): KeyChanges {
  return {
    added: keys.filter((key) => !was(key) && is(key)),
    changed: keys.filter((key) => was(key) && is(key)),
    removed: keys.filter((key) => was(key) && !is(key)),
  };
}
