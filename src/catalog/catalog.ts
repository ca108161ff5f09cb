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

/** The catalog as its consumers see it. */
export interface CatalogReader {
  readonly snapshot: Snapshot;
  /**
   * Calls the listener after each change, in order, with the snapshot that contains it. @returns a function that
   * removes the listener
   */
  onChange(listener: (change: ChangeSet, snapshot: Snapshot) => void): () => void;
  /** The newest events, oldest first. With `afterSeq`, only later ones. Limited in number: old events are dropped. */
  events(afterSeq?: number): readonly CatalogEvent[];
  /** The number of the oldest event that is kept; that of the next one if there is none. */
  readonly firstEvent: number;
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
 * The single source of truth. It merges the facts of all sources, the results of checks and the operators' drains into
 * a series of immutable snapshots. The cost of a change is proportional to its size. If several sources report the same
 * task, service, network or client, the one registered first wins.
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

  get firstEvent(): number {
    return this.#trail.first;
  }

  /** Adds an event to the trail that does not change the catalog, such as what an operator has done. */
  note(event: Pick<CatalogEvent, 'type' | 'subject' | 'message' | 'place'>): void {
    this.#trail.note(event, this.#snapshot.revision, this.#clock(), OPERATOR);
  }

  onEvent(listener: (event: CatalogEvent) => void): () => void {
    return this.#trail.subscribe(listener);
  }

  /**
   * Registers a source and returns the sink for its facts. Of sources with equal rank, the one registered first wins.
   * @param restored what the source last reported to an earlier process; served as `stale` until the source reports
   * @throws Error when the name is taken
   */
  sink(
    name: string,
    restored?: { readonly facts: Facts; readonly asOf: number },
    place: SourcePlace = {},
  ): FactSink {
    if (this.#sources.some((source) => source.name === name))
      throw new Error(`source ${name} is already registered`);
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

  /** Removes a source and all its facts, because it was removed from the configuration. */
  dropSource(name: string): void {
    const at = this.#sources.findIndex((source) => source.name === name);
    const source = this.#sources[at];
    if (!source) return;
    const touched = source.replace({ tasks: [] });
    this.#sources.splice(at, 1);
    this.#apply(name, this.#withHearsay(source, { ...touched, meta: true }), 'source removed');
  }

  /**
   * Applies results of checks. An entry without `report` withdraws the previous one. Reports on unknown tasks are
   * dropped. Each task's event carries the report's own cause.
   */
  reportHealth(reports: readonly { readonly task: string; readonly report?: HealthReport }[]): void {
    const tasks = new Set<string>();
    for (const { task, report } of reports) {
      if (report !== undefined && this.#snapshot.task(task) === undefined) continue;
      if (this.#overlay.report(task, report)) tasks.add(task);
    }
    this.#apply(HEALTH, { ...noTouch, tasks });
  }

  /** The last report on a task, from this process or an earlier one. */
  reportOf(task: string): HealthReport | undefined {
    return this.#overlay.reportOf(task);
  }

  /**
   * The assumed health of a task without a report; undefined: what its source says. Tasks already in rotation stay
   * there until their first report. New tasks start with the assumed health.
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
      // Ignore a time outside the range of dates.
      ...(until !== undefined && Math.abs(until) <= LAST_DATE && { until }),
      ...(note !== undefined && { note }),
    };
    this.#overlay.drain(mark);
    this.#applyDrains([target], describeDrain(mark));
    return true;
  }

  /** @returns false if it was not drained */
  undrain(target: DrainTarget): boolean {
    if (!this.#overlay.undrain(target)) return false;
    this.#applyDrains([target], 'drain ended by an operator');
    return true;
  }

  /** The active drains, in the order in which they were set. */
  get drains(): readonly DrainMark[] {
    return this.#overlay.drains;
  }

  /** Ends drains whose time is over; one that was replaced or taken back meanwhile is left alone. */
  endDrains(marks: readonly DrainMark[]): void {
    const over = marks.filter((mark) => this.#overlay.end(mark)).map(({ target }) => target);
    if (over.length > 0) this.#applyDrains(over, 'drain expired');
  }

  /** Reports and drains, for the state directory. */
  exportHealth(): SavedHealth {
    return this.#overlay.export((task) => this.#snapshot.task(task) !== undefined);
  }

  /**
   * Restores the health that an earlier process saved, so that a restart does not change the health of tasks. Call this
   * before adding the first source.
   */
  restoreHealth(saved: SavedHealth): void {
    this.#overlay.restore(saved);
  }

  /** Applies the configured settings of all services. The cost is proportional to the number of services. */
  configure(settings: CatalogSettings): void {
    if (!this.#maker.configure(settings)) return;
    this.#checkPool(this.#indexes.networks.values());
    const services = [...this.#indexes.services.keys()];
    this.#apply(CONFIGURATION, { ...noTouch, services, meta: true }, 'configuration changed');
  }

  /** The virtual IP of each service, including removed services, for the state directory. */
  exportVips(): readonly VipLease[] {
    return this.#maker.leases.export();
  }

  /** Restores the leases of an earlier process. Call this before adding the first source. */
  restoreVips(saved: readonly VipLease[]): void {
    this.#maker.leases.restore(saved, this.#instant());
  }

  /** Each source's facts as reported, for the state directory. */
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
    // Keep the restored facts even though the source is still away.
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

  /**
   * When a source that observes a node directly appears, reports or leaves, what others report about that node starts
   * or stops to count.
   */
  #withHearsay({ node }: SourceFacts, touched: Touched): Touched {
    if (node === undefined) return touched;
    return { ...touched, tasks: new Set([...touched.tasks, ...tasksOfNode(node, this.#sources)]) };
  }

  /** Drains are part of the saved state, even if they change no task. */
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
