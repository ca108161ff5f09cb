import type { DrainMark, DrainTarget } from '../catalog/health-overlay.js';
import type { Catalog } from '../catalog/catalog.js';
import type { FactSink } from '../catalog/facts.js';
import type { Problem } from '../catalog/model.js';
import type { CheckBook } from './check-book.js';
import type { CheckCounts, CheckRow } from '../catalog/checks.js';
import { Checker } from './checker.js';
import { DrainKeeper } from './drain-keeper.js';
import { expectFrom } from './first-health.js';
import { ProbeTally } from './probe-tally.js';
import type { ExecPort } from './probes/exec.js';
import { probeMaker } from './probes/make.js';
import { TtlBoard } from './probes/ttl.js';
import { systemTimers } from '../runtime/timers.js';

/** Connects the checks of this host's tasks and the drains of its operators with the catalog and the API. */
export class HealthKeeper {
  readonly #catalog: Catalog;
  readonly #checker: Checker;
  readonly #board = new TtlBoard(() => systemTimers.now());
  readonly #drains: DrainKeeper;
  readonly #saveDrains: () => Promise<void>;
  readonly #tally = new ProbeTally();
  /** Checks that cannot run are problems, reported like those of a source once there are any. */
  #facts: FactSink | undefined;

  /** @param saveDrains resolves when the drains of the catalog are on disk */
  constructor(catalog: Catalog, book: CheckBook, exec: ExecPort, saveDrains: () => Promise<void>) {
    this.#catalog = catalog;
    this.#saveDrains = saveDrains;
    this.#checker = new Checker({
      catalog,
      book,
      probeFor: probeMaker({ ttl: this.#board, exec }),
      previous: (task) => catalog.reportOf(task),
      observe: (sample) => this.#tally.observe(sample),
      sink: {
        report: (reports) => {
          for (const { task, report } of reports) if (!report) this.#board.forget(task);
          catalog.reportHealth(reports);
        },
        problems: (problems) => this.#tell(problems),
      },
    });
    this.#board.onBeat = (task) => this.#checker.probeNow(task);
    this.#drains = new DrainKeeper(catalog, systemTimers);
    this.#expect(book);
  }

  start(): void {
    this.#checker.start();
    this.#drains.refresh();
  }

  reload(book: CheckBook): void {
    this.#expect(book);
    this.#checker.reload(book);
  }

  stop(): void {
    this.#checker.stop();
    this.#drains.stop();
  }

  rows(): Iterable<CheckRow> {
    return this.#checker.rows();
  }

  counts(): CheckCounts {
    const { running, waiting } = this.#checker.stats;
    const probes = this.#tally.kinds();
    return { tasks: this.#checker.tally(), probes, late: this.#tally.late(), running, waiting };
  }

  beat(task: string, ok: boolean, note: string): 'taken' | 'no-task' | 'not-ttl' {
    if (!this.#catalog.snapshot.task(task)) return 'no-task';
    if (this.#checker.row(task)?.kind !== 'ttl') return 'not-ttl';
    this.#board.beat(task, ok, note);
    return 'taken';
  }

  checkNow(task: string): boolean {
    return this.#checker.probeNow(task);
  }

  /** Records a client's failed connection to a task; passive checks count it. */
  observeFailure(task: string, detail: string): void {
    this.#checker.observeFailure(task, detail);
  }

  drain(target: DrainTarget, options: { readonly until?: number; readonly note?: string }): boolean {
    const found = this.#catalog.drain(target, options);
    this.#drains.refresh();
    return found;
  }

  undrain(target: DrainTarget): boolean {
    const found = this.#catalog.undrain(target);
    this.#drains.refresh();
    return found;
  }

  /**
   * Resolves when the active drains are on disk.
   * @throws Error with one line: the drains are active, but a restart would forget them
   */
  drainsSaved(): Promise<void> {
    return this.#saveDrains();
  }

  drains(): readonly DrainMark[] {
    return this.#catalog.drains;
  }

  #tell(problems: readonly Problem[]): void {
    if (!this.#facts && problems.length === 0) return;
    this.#facts ??= this.#catalog.sink('health');
    this.#facts.replace({ tasks: [], problems });
    this.#facts.status({ state: 'live', detail: 'checks of tasks' });
  }

  #expect(book: CheckBook): void {
    this.#catalog.expectation = expectFrom(book);
  }
}
