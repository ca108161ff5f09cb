import { isDeepStrictEqual } from 'node:util';
import { Map as PersistentMap } from 'immutable';
import type { CatalogEvent, ChangeSet } from './change.js';
import { EventTrail } from './events.js';
import type { FactDelta, Facts, FactSink } from './facts.js';
import { IndexBuilder } from './index-builder.js';
import type { SourceStatus } from './model.js';
import { Snapshot } from './snapshot.js';
import { SourceFacts, type Touched } from './source-facts.js';

/** What consumers see of the catalog. */
export interface CatalogReader {
  readonly snapshot: Snapshot;
  /** Called after each change, in order, with the snapshot that has it. @returns a function that ends it */
  onChange(listener: (change: ChangeSet, snapshot: Snapshot) => void): () => void;
  /** The newest events, oldest first; with `afterSeq` only those that came later. Bounded: old ones are forgotten. */
  events(afterSeq?: number): readonly CatalogEvent[];
  onEvent(listener: (event: CatalogEvent) => void): () => void;
}

export interface CatalogOptions {
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
  /** What happens to the error of a listener; a listener never breaks a source or another listener. */
  readonly onListenerError?: (error: unknown) => void;
}

const emptySnapshot = (at: number) =>
  new Snapshot(
    0,
    at,
    {
      tasks: PersistentMap(),
      services: PersistentMap(),
      stacks: PersistentMap(),
      names: PersistentMap(),
      nameSuffixes: PersistentMap(),
      addresses: PersistentMap(),
      vips: PersistentMap(),
      networks: PersistentMap(),
      clients: PersistentMap(),
      networksRevision: 0,
    },
    [],
    [],
  );

/**
 * The truth: merges the facts of all sources into a run of immutable snapshots. A change costs in proportion to what
 * changed. Sources that were registered earlier win where two tell of the same task, service, network or client.
 */
export class Catalog implements CatalogReader {
  #snapshot: Snapshot;
  readonly #sources: SourceFacts[] = [];
  readonly #clock: () => number;
  readonly #onListenerError: (error: unknown) => void;
  readonly #changeListeners = new Set<(change: ChangeSet, snapshot: Snapshot) => void>();
  readonly #trail: EventTrail;

  constructor(options: CatalogOptions = {}) {
    this.#clock = options.clock ?? Date.now;
    this.#onListenerError = options.onListenerError ?? (() => undefined);
    this.#trail = new EventTrail(this.#onListenerError);
    this.#snapshot = emptySnapshot(this.#clock());
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  onChange(listener: (change: ChangeSet, snapshot: Snapshot) => void): () => void {
    this.#changeListeners.add(listener);
    return () => this.#changeListeners.delete(listener);
  }

  events(afterSeq = 0): readonly CatalogEvent[] {
    return this.#trail.after(afterSeq);
  }

  onEvent(listener: (event: CatalogEvent) => void): () => void {
    return this.#trail.subscribe(listener);
  }

  /**
   * Registers a source and gives it the place to put its facts. The order of registration is the order of precedence.
   * @param restored what the source had last told an earlier process; served as `stale` until it speaks
   * @throws Error when the name is taken
   */
  sink(name: string, restored?: { readonly facts: Facts; readonly asOf: number }): FactSink {
    if (this.#sources.some((source) => source.name === name))
      throw new Error(`source ${name} is registered already`);
    const source = new SourceFacts(name);
    this.#sources.push(source);
    if (restored) {
      source.status = {
        name,
        state: 'stale',
        asOf: restored.asOf,
        error: 'restored from the state directory',
      };
      this.#apply(source, source.replace(restored.facts), 'restored');
    } else {
      this.#apply(source, { ...noTouch, meta: true });
    }
    return {
      replace: (facts, cause) => this.#apply(source, source.replace(facts), cause),
      update: (delta: FactDelta) => this.#apply(source, source.update(delta), delta.cause),
      status: (status) => this.#setStatus(source, { ...status, name }),
    };
  }

  /** Forgets a source and all that it said: it was taken out of the configuration. */
  dropSource(name: string): void {
    const at = this.#sources.findIndex((source) => source.name === name);
    const source = this.#sources[at];
    if (!source) return;
    const touched = source.replace({ tasks: [] });
    this.#sources.splice(at, 1);
    this.#apply(source, { ...touched, meta: true }, 'source removed');
  }

  /** Each source's facts as it told them, for the state directory. */
  exportFacts(): ReadonlyMap<string, { readonly facts: Facts; readonly asOf: number }> {
    const now = this.#clock();
    return new Map(
      this.#sources
        .filter((source) => source.status.state !== 'loading')
        .map((source) => [
          source.name,
          {
            facts: source.export(),
            asOf: source.status.state === 'live' ? now : (source.status.asOf ?? now),
          },
        ]),
    );
  }

  #setStatus(source: SourceFacts, told: SourceStatus): void {
    const before = source.status;
    // What an earlier process left is not forgotten because the source is still away.
    const status: SourceStatus =
      told.state === 'loading' && before.asOf !== undefined
        ? { ...told, state: 'stale', asOf: before.asOf }
        : told;
    if (isDeepStrictEqual(before, status)) return;
    source.status = status;
    if (before.state !== status.state || before.error !== status.error) {
      this.#trail.sourceState(before, status, this.#snapshot.revision, this.#clock());
    }
    this.#apply(source, { ...noTouch, meta: true });
  }

  #apply(source: SourceFacts, touched: Touched, cause?: string): void {
    const before = this.#snapshot;
    const builder = new IndexBuilder(before.indexes, this.#sources);
    builder.apply(touched);
    const { indexes, changes } = builder.finish();
    const meta = touched.meta || changes.clients;
    if (!meta && !changes.any) return;
    const at = this.#clock();
    const revision = before.revision + 1;
    this.#snapshot = new Snapshot(
      revision,
      at,
      indexes,
      this.#sources.map((each) => each.status),
      this.#sources.flatMap((each) => each.problems),
    );
    const change: ChangeSet = {
      revision,
      at,
      source: source.name,
      ...(cause === undefined ? {} : { cause }),
      services: changes.services,
      tasks: changes.tasks,
      networks: changes.networks,
      meta,
    };
    for (const listener of this.#changeListeners) {
      try {
        listener(change, this.#snapshot);
      } catch (error) {
        this.#onListenerError(error);
      }
    }
    this.#trail.record(change, before, this.#snapshot);
  }
}

const noTouch: Touched = { tasks: [], services: [], networks: [], clients: [], meta: false };
