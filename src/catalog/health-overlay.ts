import { type Health, type ServiceKey, type Task, serviceKey } from './model.js';

/** What checks found out about one task. */
export interface HealthReport {
  readonly health: Exclude<Health, 'draining' | 'stopped'>;
  /** Why: `probe tcp 10.42.0.7:80: ECONNREFUSED ×3`. */
  readonly cause: string;
  /** `Task.startedAt` of the run that it is about. */
  readonly run?: number;
}

/** The last millisecond that a Date can be (ECMA-262, "Time Values and Time Range"). */
export const LAST_DATE = 8.64e15;

/** What an operator drains. */
export type DrainTarget = { readonly task: string } | { readonly service: ServiceKey };

export interface DrainMark {
  readonly target: DrainTarget;
  /** When it was set; milliseconds since the epoch. */
  readonly at: number;
  /** When it ends by itself, {@link LAST_DATE} at most; absent: when it is taken back. */
  readonly until?: number;
  /** The operator's words. */
  readonly note?: string;
}

/** For the state directory: plain data. */
export interface SavedHealth {
  readonly reports: Readonly<Record<string, HealthReport>>;
  readonly drains: readonly DrainMark[];
}

type Expect = (task: Task) => HealthReport | undefined;

/** What a task was made of, and what came of it. */
interface Applied {
  /** The report, or what stood in for it. */
  readonly basis: HealthReport | Expect;
  readonly mark: DrainMark | undefined;
  readonly result: Task;
}

const nothing: Expect = () => undefined;

/**
 * What is known of tasks' health besides what their sources say: reports of checks and drains of operators. It lies over
 * the sources' facts where the catalog makes its tasks of them.
 *
 * - What a source knows for certain stays: stopped, draining, paused, without an address.
 * - A drain makes a running task `draining`.
 * - A report counts where the source says `healthy`, and where its word is only that of the container's HEALTHCHECK
 *   (`healthFrom: 'check'`).
 */
export class HealthOverlay {
  readonly #reports = new Map<string, HealthReport>();
  readonly #drains = new Map<string, DrainMark>();
  /** So that an unchanged task keeps its object, by which the indexes know that it did not change. */
  readonly #applied = new WeakMap<Task, Applied>();
  #expectation: Expect = nothing;
  /** Tasks that are shown as they are expected to be. */
  readonly #expected = new Set<string>();

  constructor(saved?: SavedHealth) {
    if (saved) this.restore(saved);
  }

  /** Adds what an earlier process knew. What it is about is touched. */
  restore({ reports, drains }: SavedHealth): void {
    for (const [task, report] of Object.entries(reports)) this.#reports.set(task, report);
    for (const mark of drains) this.#drains.set(keyOf(mark.target), mark);
  }

  /**
   * What a task is taken for that nothing was reported of: a task that has a check must not be served before that check
   * had a word. Must be pure but for the clock. The tasks that are {@link expected} are touched.
   */
  set expectation(expect: Expect) {
    this.#expectation = expect;
  }

  /** The tasks that are shown as they are expected to be, because nothing was reported of them yet. */
  get expected(): Iterable<string> {
    return [...this.#expected];
  }

  /** @returns whether anything differs; the task's id is touched then. No report: it is not checked any more. */
  report(task: string, report: HealthReport | undefined): boolean {
    const before = this.#reports.get(task);
    if (report === undefined) return this.#reports.delete(task);
    this.#expected.delete(task);
    if (before?.health === report.health && before.cause === report.cause && before.run === report.run)
      return false;
    this.#reports.set(task, report);
    return true;
  }

  /** The task is gone from every source. @returns whether a drain of it ended with it */
  forget(task: string): boolean {
    this.#reports.delete(task);
    this.#expected.delete(task);
    return this.#drains.size > 0 && this.#drains.delete(keyOf({ task }));
  }

  /** Whether an operator drains this very task, rather than its service. */
  hasDrain(task: string): boolean {
    return this.#drains.size > 0 && this.#drains.has(keyOf({ task }));
  }

  reportOf(task: string): HealthReport | undefined {
    return this.#reports.get(task);
  }

  /** Sets or replaces a drain. The task, or every task of the service, is touched. */
  drain(mark: DrainMark): void {
    this.#drains.set(keyOf(mark.target), mark);
  }

  /** @returns whether there was one; the task, or every task of the service, is touched then */
  undrain(target: DrainTarget): boolean {
    return this.#drains.delete(keyOf(target));
  }

  /** Ends a drain if it is still in force. @returns whether it was; what it is about is touched then */
  end(mark: DrainMark): boolean {
    return this.#drains.get(keyOf(mark.target)) === mark && this.undrain(mark.target);
  }

  get drains(): readonly DrainMark[] {
    return [...this.#drains.values()];
  }

  /** The task as the catalog shows it. The same object for the same task, until a report or drain of it changes. */
  apply(task: Task): Task {
    if (task.health === 'stopped' || task.health === 'draining') return task;
    const basis = this.#reports.get(task.id) ?? this.#expectation;
    const mark = this.#markOf(task);
    if (basis === nothing && mark === undefined) return task;
    const known = this.#applied.get(task);
    if (known?.basis === basis && known.mark === mark) return known.result;
    const shown = this.#shown(task, basis, mark);
    if (shown === undefined) return task;
    const isSame = known?.result.health === shown.health && known.result.reason === shown.cause;
    const result = isSame ? known.result : withHealth(task, shown.health, shown.cause);
    this.#applied.set(task, { basis, mark, result });
    return result;
  }

  #shown(
    task: Task,
    basis: HealthReport | Expect,
    mark: DrainMark | undefined,
  ): { readonly health: Health; readonly cause: string } | undefined {
    if (mark) return { health: 'draining', cause: describeDrain(mark) };
    if (task.health !== 'healthy' && task.healthFrom !== 'check') return undefined;
    if (typeof basis !== 'function') return current(basis, task);
    const expected = basis(task);
    if (expected) this.#expected.add(task.id);
    return expected;
  }

  /** @param isKnown whether there is such a task: what is about others is left out */
  export(isKnown: (task: string) => boolean = () => true): SavedHealth {
    return {
      reports: Object.fromEntries([...this.#reports].filter(([task]) => isKnown(task))),
      drains: this.drains.filter(({ target }) => 'service' in target || isKnown(target.task)),
    };
  }

  #markOf({ id, service }: Task): DrainMark | undefined {
    if (this.#drains.size === 0) return undefined;
    return (
      this.#drains.get(keyOf({ task: id })) ??
      (service && this.#drains.get(keyOf({ service: serviceKey(service) })))
    );
  }
}

/** A report on an earlier run: a task that was healthy then has to show it again. */
function current(report: HealthReport, { startedAt }: Task): HealthReport {
  if (report.run === startedAt || report.health !== 'healthy') return report;
  return { ...report, health: 'reinitializing', cause: 'started again' };
}

/** `reason` in front: an object that grows after a spread gets a hidden class of its own. */
function withHealth(task: Task, health: Health, why: string): Task {
  const reason = { reason: why };
  return { ...reason, ...task, health, ...reason };
}

/** `drained by an operator until 2026-01-02T03:04:05.000Z: new disk` */
export function describeDrain({ target, until, note }: DrainMark): string {
  const what = 'service' in target ? 'drained with its service' : 'drained';
  const end = until === undefined ? '' : ` until ${new Date(until).toISOString()}`;
  return `${what} by an operator${end}${note === undefined ? '' : `: ${note}`}`;
}

function keyOf(target: DrainTarget): string {
  return 'task' in target ? `task ${target.task}` : `service ${target.service}`;
}
