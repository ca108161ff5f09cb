import { isDeepStrictEqual } from 'node:util';
import type { CatalogReader } from '../catalog/catalog.js';
import type { ChangeSet } from '../catalog/change.js';
import type { CheckCounts, CheckRow } from '../catalog/checks.js';
import type { HealthReport } from '../catalog/health-overlay.js';
import type { Health, Task } from '../catalog/model.js';
import type { Snapshot } from '../catalog/snapshot.js';
import { checkFault, sameDefinition, type CheckBook } from './check-book.js';
import { rowOf } from './check-row.js';
import type { HealthCheck, HealthCheckKind } from './check.js';
import { CheckedTask } from './checked-task.js';
import { firstCause, firstHealth } from './first-health.js';
import { Outbox, type HealthSink } from './outbox.js';
import { ProbeRunner, type ProbeSample } from './probe-runner.js';
import type { Probe } from './probes/probe.js';
import { expectedHeader } from './proxy-header.js';
import { firstDelay, nextDelay } from './schedule.js';
import { expiresAt, firstState, step, type HealthEvent } from './state-machine.js';
import { sameTarget, targetOf } from './probe-target.js';
import { TimerWheel, WheelTimer } from '../runtime/timer-wheel.js';
import { systemTimers, type Timers } from '../runtime/timers.js';

export interface CheckerOptions {
  readonly catalog: Pick<CatalogReader, 'snapshot' | 'onChange'>;
  readonly book: Pick<CheckBook, 'checkOf'>;
  readonly probeFor: (check: HealthCheck) => Probe | undefined;
  readonly sink: HealthSink;
  /** Results of an earlier process. A task that it knew continues in its state. */
  readonly previous?: (task: string) => HealthReport | undefined;
  readonly timers?: Timers;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
  /** 0 <= x < 1. */
  readonly random?: () => number;
  /** Runs something soon, after the current work. */
  readonly defer?: (task: () => void) => void;
  /** The most concurrent probes; 1024 by default, because a task that hangs occupies a place until the timeout. */
  readonly concurrency?: number;
  /** Called with each probe, for metrics. */
  readonly observe?: (sample: ProbeSample) => void;
}

/**
 * Checks the tasks of a catalog. It follows the snapshots, probes each task with a check when due, and reports every
 * change of health with its cause. The cost is proportional to the due probes and the changes.
 */
export class Checker {
  readonly #options: CheckerOptions;
  readonly #timers: Timers;
  readonly #clock: () => number;
  readonly #random: () => number;
  readonly #wheel: TimerWheel;
  readonly #runner: ProbeRunner;
  readonly #outbox: Outbox;
  readonly #entries = new Map<string, CheckedTask>();
  #book: Pick<CheckBook, 'checkOf'>;
  #unsubscribe: (() => void) | undefined;

  constructor(options: CheckerOptions) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    this.#clock = options.clock ?? Date.now;
    this.#random = options.random ?? Math.random;
    this.#book = options.book;
    this.#outbox = new Outbox(options.sink, options.defer ?? ((task) => void setImmediate(task)));
    this.#wheel = new TimerWheel({ timers: this.#timers });
    this.#runner = new ProbeRunner({
      wheel: this.#wheel,
      now: () => this.#timers.now(),
      concurrency: options.concurrency ?? 1024,
      aim: ({ task, check, target }) => {
        const proxy = expectedHeader(task, check, options.catalog.snapshot);
        return target && proxy ? { ...target, proxy } : target;
      },
      onResult: (entry) => this.#onResult(entry),
      ...(options.observe && { observe: options.observe }),
    });
  }

  /** Starts to follow the catalog. Call it once. */
  start(): void {
    const { catalog } = this.#options;
    this.#unsubscribe = catalog.onChange((change, snapshot) => this.#onChange(change, snapshot));
    this.#follow(catalog.snapshot.tasks(), catalog.snapshot, { served: true });
  }

  /**
   * Continues with other definitions after a reload of the configuration. Tasks that keep their check keep their state.
   */
  reload(book: Pick<CheckBook, 'checkOf'>): void {
    this.#book = book;
    const { snapshot } = this.#options.catalog;
    this.#follow(snapshot.tasks(), snapshot, { served: true, afresh: true });
  }

  /** Stops for good. Afterwards nothing is probed or reported, and no socket or timer is left. */
  stop(): void {
    this.#unsubscribe?.();
    for (const entry of this.#entries.values()) this.#runner.cancel(entry);
    this.#entries.clear();
    this.#outbox.close();
    this.#wheel.clear();
  }

  /** Every task with a check. */
  *rows(): Iterable<CheckRow> {
    const now = this.#timers.now();
    const at = this.#clock();
    for (const entry of this.#entries.values()) yield rowOf(entry, now, at - now);
  }

  row(task: string): CheckRow | undefined {
    const entry = this.#entries.get(task);
    const now = this.#timers.now();
    const at = this.#clock();
    return entry && rowOf(entry, now, at - now);
  }

  get stats(): { readonly running: number; readonly waiting: number } {
    return { running: this.#runner.running, waiting: this.#runner.waiting };
  }

  /** How many tasks have a check of which kind and are in which health. */
  tally(): CheckCounts['tasks'] {
    const counts = new Map<string, { kind: HealthCheckKind; health: Health; count: number }>();
    for (const entry of this.#entries.values()) {
      const { kind } = entry.check;
      const { health } = entry;
      const found = counts.get(`${kind} ${health}`);
      if (found) found.count++;
      else counts.set(`${kind} ${health}`, { kind, health, count: 1 });
    }
    return [...counts.values()];
  }

  /** Probes a task now, for a client or after a report of the task. @returns false if it has no check that probes */
  probeNow(task: string): boolean {
    const entry = this.#entries.get(task);
    if (entry?.probe === undefined || entry.state.phase === 'stopped') return false;
    this.#runner.now(entry);
    return true;
  }

  /** Records that a client's connection to a task failed before an answer. It counts if the check is `passive`. */
  observeFailure(task: string, detail: string): void {
    const entry = this.#entries.get(task);
    if (entry?.check.passive !== true || entry.state.phase === 'stopped') return;
    // A probe is already running, and its result decides.
    if (entry.running || entry.queued) return;
    this.#step(entry, { type: 'passive', detail: `client of the VIP: ${detail}` });
    this.probeNow(task);
  }

  #onChange(change: ChangeSet, snapshot: Snapshot): void {
    for (const id of change.tasks.removed) {
      this.#outbox.setProblems(id, []);
      this.#drop(id);
    }
    const ids = [...change.tasks.added, ...change.tasks.changed];
    const tasks = ids.map((id) => snapshot.task(id)).filter((task) => task !== undefined);
    this.#follow(tasks, snapshot);
  }

  /**
   * @param served whether tasks that are new here were in the rotation before
   * @param again whether to look up every definition again
   */
  #follow(tasks: Iterable<Task>, snapshot: Snapshot, { served = false, afresh = false } = {}): void {
    const newcomers: CheckedTask[] = [];
    const changed: CheckedTask[] = [];
    const update = (entry: CheckedTask, task: Task, check: HealthCheck): void => {
      if (this.#update(entry, task, check, snapshot)) changed.push(entry);
    };
    for (const task of tasks) {
      const entry = this.#entries.get(task.id);
      if (entry && !afresh && sameDefinition(entry.task, task)) {
        if (entry.task !== task) update(entry, task, entry.check);
        continue;
      }
      const { check, problems } = this.#book.checkOf(task);
      this.#outbox.setProblems(task.id, problems);
      // No state carries over between our own probes and Docker's.
      const anew = check === undefined || (check.kind === 'docker') !== (entry?.check.kind === 'docker');
      if (anew) this.#drop(task.id);
      if (check === undefined) continue;
      const kept = entry && !anew ? entry : this.#add(task, check, snapshot, served);
      kept.problems = problems;
      // The next probe will report it again.
      kept.fault = undefined;
      if (kept === entry) update(entry, task, check);
      else newcomers.push(kept);
    }
    const now = this.#timers.now();
    for (const entry of newcomers) {
      if (entry.probe === undefined || entry.state.phase === 'stopped') continue;
      this.#runner.schedule(entry, now + firstDelay(entry.check, newcomers.length, this.#random));
    }
    for (const entry of changed) {
      const soon = now + firstDelay(entry.check, changed.length, this.#random);
      this.#runner.schedule(entry, Math.min(entry.dueAt ?? soon, soon));
    }
  }

  #add(task: Task, check: HealthCheck, snapshot: Snapshot, served: boolean): CheckedTask {
    const now = this.#timers.now();
    const entry: CheckedTask = new CheckedTask(task, check, {
      dueTimer: new WheelTimer(() => this.#runner.due(entry)),
      timeoutTimer: new WheelTimer(() => this.#runner.timeOut(entry)),
      phaseTimer: new WheelTimer(() => this.#step(entry, { type: 'tick' })),
    });
    this.#entries.set(task.id, entry);
    entry.probe = this.#options.probeFor(check);
    entry.target = targetOf(task, check, snapshot);
    const known = this.#options.previous?.(task.id);
    const first = firstHealth(task, check, this.#clock(), served);
    entry.state = firstState(now, known?.health ?? first);
    entry.cause = known?.cause ?? firstCause[first];
    if (known && known.run !== task.startedAt) {
      const { state, probedCause } = step(entry.state, { type: 'start' }, check, now);
      entry.state = state;
      if (probedCause !== '') entry.cause = probedCause;
    }
    this.#applyPhase(entry);
    this.#watchPhase(entry);
    if (entry.state.phase !== 'stopped') this.#tell(entry);
    return entry;
  }

  /** @returns whether the planned time belongs to the previous check or address */
  #update(entry: CheckedTask, task: Task, check: HealthCheck, snapshot: Snapshot): boolean {
    const { task: before, target, health, state } = entry;
    entry.task = task;
    // Reading the configuration again creates new objects with the same content.
    const isOther = check !== entry.check && !isDeepStrictEqual(check, entry.check);
    if (isOther) {
      entry.check = check;
      entry.probe = this.#options.probeFor(check);
      if (entry.probe === undefined) this.#runner.cancel(entry);
    }
    entry.target = targetOf(task, check, snapshot);
    const isElsewhere = isOther || !sameTarget(target, entry.target);
    // The result of a probe of the old address says nothing about the new one.
    if (isElsewhere) this.#runner.abandon(entry);
    const runs = task.health !== 'stopped';
    const starts = runs && (before.startedAt !== task.startedAt || entry.state.phase === 'stopped');
    if (starts) this.#step(entry, { type: 'start' });
    this.#applyPhase(entry);
    this.#watchPhase(entry);
    // Results from the engine's own checks and from the source do not cause events here.
    if (entry.health !== health && entry.state.since === state.since)
      entry.state = { ...entry.state, since: this.#timers.now() };
    if (!runs) this.#runner.cancel(entry);
    else if (entry.probe && !entry.running && !entry.queued) {
      if (starts || entry.dueAt === undefined) this.#runner.schedule(entry, this.#timers.now());
      else return isElsewhere;
    }
    return false;
  }

  #drop(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    this.#runner.cancel(entry);
    this.#wheel.cancel(entry.phaseTimer);
    this.#outbox.tell({ task: id });
  }

  /** Follows the task's phase in the catalog. */
  #applyPhase(entry: CheckedTask): void {
    const { health, reason = health } = entry.task;
    const { phase } = entry.state;
    if (health === 'stopped') {
      if (phase !== 'stopped') this.#step(entry, { type: 'stop', detail: reason });
    } else if (health === 'draining') {
      if (phase !== 'draining') this.#step(entry, { type: 'drain', detail: reason });
    } else if (phase === 'draining') this.#step(entry, { type: 'resume' });
  }

  #onResult(entry: CheckedTask): void {
    const { last } = entry;
    if (last === undefined) return;
    const { ok, detail, local, fault } = last.result;
    if (fault !== entry.fault) {
      entry.fault = fault;
      const faults = fault === undefined ? [] : [checkFault(entry.task, fault)];
      this.#outbox.setProblems(entry.task.id, [...entry.problems, ...faults]);
    }
    // A failure on this host says nothing about the task.
    const told = `probe ${entry.description}: ${detail}`;
    if (local === true) this.#step(entry, { type: 'inconclusive', detail: told });
    else this.#step(entry, { type: 'result', ok, detail: told });
    const delay = nextDelay(entry.check, entry.state, this.#random);
    this.#runner.schedule(entry, entry.again ? this.#timers.now() : entry.begunAt + delay);
  }

  #step(entry: CheckedTask, event: HealthEvent): void {
    const { state, changed, probedCause } = step(entry.state, event, entry.check, this.#timers.now());
    entry.state = state;
    this.#watchPhase(entry);
    if (probedCause !== '') entry.cause = probedCause;
    // The phase came from the catalog, which therefore knows it. But after a start the known results belong to an
    // earlier run.
    if (probedCause !== '' || (changed && event.type === 'start')) this.#tell(entry);
  }

  /** Plans the end of a state that ends by itself. */
  #watchPhase(entry: CheckedTask): void {
    const at = entry.probe && expiresAt(entry.state, entry.check);
    if (at === undefined) this.#wheel.cancel(entry.phaseTimer);
    else this.#wheel.schedule(entry.phaseTimer, at);
  }

  #tell({ task, check, state, cause }: CheckedTask): void {
    if (check.kind === 'docker') return;
    const run = task.startedAt === undefined ? {} : { run: task.startedAt };
    this.#outbox.tell({ task: task.id, report: { health: state.probed, cause, ...run } });
  }
}
