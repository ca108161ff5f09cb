import type { Instant } from '../net/instant.js';
import { isDeepStrictEqual } from 'node:util';
import { Map as PersistentMap } from 'immutable';
import { CONFIGURATION, HEALTH, OPERATOR, type CatalogEvent, type ChangeSet } from './change.js';
import { EventTrail } from './event-trail.js';
import type { FactDelta, Facts, FactSink } from './facts.js';
import {
  describeDrain,
  HealthOverlay,
  LAST_DATE,
  type DrainMark,
  type DrainTarget,
  type HealthReport,
  type SavedHealth,
} from './health-overlay.js';
import { IndexBuilder, type PersistentIndexes } from './index-builder.js';
import type { VipLease } from './leases.js';
import { poolProblems } from './pool-conflicts.js';
import type { Network, Problem, SourceStatus, Task } from './model.js';
import { ServiceMaker, type CatalogSettings } from './service-maker.js';
import { Snapshot } from './snapshot.js';
import { tasksOfNode } from './first-hand.js';
import { SourceFacts, type SourcePlace, type Touched } from './source-facts.js';

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
  /** Milliseconds that only grow. */
  readonly now?: () => number;
  /** What happens to the error of a listener; a listener never breaks a source or another listener. */
  readonly onListenerError?: (error: unknown) => void;
}

const emptyIndexes: PersistentIndexes = {
  tasks: PersistentMap(),
  services: PersistentMap(),
  stacks: PersistentMap(),
  names: PersistentMap(),
  nameSuffixes: PersistentMap(),
  aliases: PersistentMap(),
  addresses: PersistentMap(),
  vips: PersistentMap(),
  networks: PersistentMap(),
  clients: PersistentMap(),
  networksRevision: 0,
  isolation: 'docker',
};

/**
 * The truth: merges the facts of all sources, what checks found out and what operators drain into a run of immutable
 * snapshots. A change costs in proportion to what changed. Sources that were registered earlier win where two tell of
 * the same task, service, network or client.
 */
export class Catalog implements CatalogReader {
  #snapshot: Snapshot;
  #indexes = emptyIndexes;
  readonly #sources: SourceFacts[] = [];
  readonly #clock: () => number;
  readonly #now: () => number;
  readonly #onListenerError: (error: unknown) => void;
  readonly #changeListeners = new Set<(change: ChangeSet, snapshot: Snapshot) => void>();
  readonly #trail: EventTrail;
  readonly #overlay = new HealthOverlay();
  readonly #maker = new ServiceMaker();
  #poolProblems: readonly Problem[] = [];

  constructor(options: CatalogOptions = {}) {
    this.#clock = options.clock ?? Date.now;
    this.#now = options.now ?? options.clock ?? (() => performance.now());
    this.#onListenerError = options.onListenerError ?? (() => undefined);
    this.#trail = new EventTrail(this.#onListenerError);
    this.#snapshot = new Snapshot(0, this.#clock(), this.#indexes, [], []);
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
   * Registers a source and gives it the place to put its facts. Of sources of one rank, the one registered first wins.
   * @param restored what the source had last told an earlier process; served as `stale` until it speaks
   * @throws Error when the name is taken
   */
  sink(
    name: string,
    restored?: { readonly facts: Facts; readonly asOf: number },
    place: SourcePlace = {},
  ): FactSink {
    if (this.#sources.some((source) => source.name === name))
      throw new Error(`source ${name} is registered already`);
    const source = new SourceFacts(name, place);
    this.#sources.push(source);
    this.#sources.sort((a, b) => a.rank - b.rank);
    if (restored) {
      const { asOf } = restored;
      source.status = source.statusOf({ state: 'stale', asOf, error: 'restored from the state directory' });
      this.#apply(name, this.#withHearsay(source, source.replace(restored.facts)), 'restored');
    } else {
      this.#apply(name, this.#withHearsay(source, { ...noTouch, meta: true }));
    }
    return {
      isRestored: restored !== undefined,
      replace: (facts, cause) => this.#apply(name, source.replace(facts), cause),
      update: (delta: FactDelta) => this.#apply(name, source.update(delta), delta.cause),
      status: (status) => this.#setStatus(source, source.statusOf(status)),
    };
  }

  /** Forgets a source and all that it said: it was taken out of the configuration. */
  dropSource(name: string): void {
    const at = this.#sources.findIndex((source) => source.name === name);
    const source = this.#sources[at];
    if (!source) return;
    const touched = source.replace({ tasks: [] });
    this.#sources.splice(at, 1);
    this.#apply(name, this.#withHearsay(source, { ...touched, meta: true }), 'source removed');
  }

  /**
   * What checks found out. A report without `report` takes back the one before; one on a task that is not here is
   * dropped. Each task's event has the report's own cause.
   */
  reportHealth(reports: readonly { readonly task: string; readonly report?: HealthReport }[]): void {
    const tasks = new Set<string>();
    for (const { task, report } of reports) {
      if (report !== undefined && this.#snapshot.task(task) === undefined) continue;
      if (this.#overlay.report(task, report)) tasks.add(task);
    }
    this.#apply(HEALTH, { ...noTouch, tasks });
  }

  /** What was last reported of a task, in this process or the one before. */
  reportOf(task: string): HealthReport | undefined {
    return this.#overlay.reportOf(task);
  }

  /**
   * What a task that nothing was reported of is taken for; undefined: what its source says. Tasks that are in the
   * rotation already stay there until they are reported on; those that come are held to it.
   */
  set expectation(expect: (task: Task) => HealthReport | undefined) {
    this.#overlay.expectation = expect;
    this.#apply(HEALTH, { ...noTouch, tasks: this.#overlay.expected }, 'checks changed');
  }

  /**
   * Takes a task, or all that a service has and will have, out of new traffic while they run.
   * @param options `until`: when it ends, milliseconds since the epoch, by {@link endDrains}; `note`: why, in words
   * @returns false when there is no such task or service
   */
  drain(target: DrainTarget, options: { readonly until?: number; readonly note?: string } = {}): boolean {
    const { snapshot } = this;
    const isKnown =
      'task' in target
        ? snapshot.task(target.task) !== undefined
        : snapshot.serviceByKey(target.service) !== undefined;
    if (!isKnown) return false;
    const { until, note } = options;
    const mark: DrainMark = {
      target,
      at: this.#clock(),
      // A time that no calendar has is none.
      ...(until !== undefined && Math.abs(until) <= LAST_DATE && { until }),
      ...(note !== undefined && { note }),
    };
    this.#overlay.drain(mark);
    this.#applyDrains([target], describeDrain(mark));
    return true;
  }

  /** @returns false when nobody drains it */
  undrain(target: DrainTarget): boolean {
    if (!this.#overlay.undrain(target)) return false;
    this.#applyDrains([target], 'drain taken back by an operator');
    return true;
  }

  /** Those in force, in the order in which they were set. */
  get drains(): readonly DrainMark[] {
    return this.#overlay.drains;
  }

  /** Ends drains whose time is over; one that was replaced or taken back meanwhile is left alone. */
  endDrains(marks: readonly DrainMark[]): void {
    const over = marks.filter((mark) => this.#overlay.end(mark)).map(({ target }) => target);
    if (over.length > 0) this.#applyDrains(over, 'the time of the drain is over');
  }

  /** Reports and drains, for the state directory. */
  exportHealth(): SavedHealth {
    return this.#overlay.export((task) => this.#snapshot.task(task) !== undefined);
  }

  /** Takes up what an earlier process knew: a restart changes nobody's health. To be called before the first source. */
  restoreHealth(saved: SavedHealth): void {
    this.#overlay.restore(saved);
  }

  /** Puts what the configuration says of all services in force. Costs as much as there are services. */
  configure(settings: CatalogSettings): void {
    if (!this.#maker.configure(settings)) return;
    this.#checkPool(this.#indexes.networks.values());
    const services = [...this.#indexes.services.keys()];
    this.#apply(CONFIGURATION, { ...noTouch, services, meta: true }, 'configuration changed');
  }

  /** Who has which virtual IP, those that are gone included; for the state directory. */
  exportVips(): readonly VipLease[] {
    return this.#maker.leases.export();
  }

  /** Takes up what an earlier process leased. To be called before the first source. */
  restoreVips(saved: readonly VipLease[]): void {
    this.#maker.leases.restore(saved, this.#instant());
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

  #instant(): Instant {
    return { at: this.#clock(), now: this.#now() };
  }

  #checkPool(networks: Iterable<Network>): void {
    const { pool } = this.#maker.leases;
    const found = pool === undefined ? [] : poolProblems(pool, networks);
    if (!isDeepStrictEqual(found, this.#poolProblems)) this.#poolProblems = found;
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
    const begins = (before.state === 'loading') !== (status.state === 'loading');
    const touched: Touched = { ...noTouch, meta: true };
    this.#apply(source.name, begins ? this.#withHearsay(source, touched) : touched);
  }

  /** When a source that sees a node itself comes, speaks or goes, what others say of that node counts or no longer does. */
  #withHearsay({ node }: SourceFacts, touched: Touched): Touched {
    if (node === undefined) return touched;
    return { ...touched, tasks: new Set([...touched.tasks, ...tasksOfNode(node, this.#sources)]) };
  }

  /** Drains are part of the saved state even where they change no task. */
  #applyDrains(targets: readonly DrainTarget[], cause: string): void {
    const tasks = targets.flatMap((target) =>
      'task' in target
        ? [target.task]
        : (this.#snapshot.serviceByKey(target.service)?.tasks ?? []).map((task) => task.id),
    );
    this.#apply(OPERATOR, { ...noTouch, tasks: new Set(tasks), meta: true }, cause);
  }

  #apply(source: string, touched: Touched, cause?: string): void {
    const before = this.#snapshot;
    const instant = this.#instant();
    const { at } = instant;
    const builder = new IndexBuilder(this.#indexes, this.#sources, this.#overlay, this.#maker, instant);
    const ownProblems = [this.#poolProblems, this.#maker.problems];
    builder.apply(touched);
    const { indexes, changes } = builder.finish();
    if (indexes.networksRevision !== this.#indexes.networksRevision)
      this.#checkPool(indexes.networks.values());
    const isTold = ownProblems[0] === this.#poolProblems && ownProblems[1] === this.#maker.problems;
    const meta = touched.meta || changes.clients || changes.drains || !isTold;
    if (!meta && !changes.any) return;
    const revision = before.revision + 1;
    this.#indexes = indexes;
    this.#snapshot = new Snapshot(
      revision,
      at,
      indexes,
      this.#sources.map((each) => each.status),
      [...this.#sources.flatMap((each) => each.problems), ...this.#poolProblems, ...this.#maker.problems],
    );
    const change: ChangeSet = {
      revision,
      at,
      source,
      ...(cause === undefined ? {} : { cause }),
      services: changes.services,
      tasks: changes.tasks,
      networks: changes.networks,
      lookups: changes.lookups,
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
