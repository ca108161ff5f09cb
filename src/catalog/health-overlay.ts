import { type Health, type ServiceKey, type Task, serviceKey } from './model.js';

/** The result of checks for one task. */
export interface HealthReport {
  readonly health: Exclude<Health, 'draining' | 'stopped'>;
  /** The reason: `probe tcp 10.42.0.7:80: ECONNREFUSED ×3`. */
  readonly cause: string;
  /** `Task.startedAt` of the run that was checked. */
  readonly run?: number;
}

/** The largest time value of a Date in milliseconds (ECMA-262, "Time Values and Time Range"). */
export const LAST_DATE = 8.64e15;

/** What an operator drains: a task or a service. */
export type DrainTarget = { readonly task: string } | { readonly service: ServiceKey };

export interface DrainMark {
  readonly target: DrainTarget;
  /** When it was set; milliseconds since the epoch. */
  readonly at: number;
  /** When the drain ends by itself, {@link LAST_DATE} at most. Undefined: when the operator ends it. */
  readonly until?: number;
  /** The operator's note. */
  readonly note?: string;
}

/** The health part of the saved state, as plain data. */
export interface SavedHealth {
  readonly reports: Readonly<Record<string, HealthReport>>;
  readonly drains: readonly DrainMark[];
}

type Expect = (task: Task) => HealthReport | undefined;

/** The inputs for a task's health, and the result. */
interface Applied {
  /** The report or the expectation used instead. */
  readonly basis: HealthReport | Expect;
  readonly mark: DrainMark | undefined;
  readonly result: Task;
}

const nothing: Expect = () => undefined;

/**
 * What is known about tasks' health beyond their sources' facts: reports of checks and drains by operators. The overlay
 * applies when the catalog turns facts into tasks.
 *
 * - Definite states from a source always win: stopped, draining, paused, without an address.
 * - A drain makes a running task `draining`.
 * - A report counts if the source says `healthy`, or if the source only repeats the container's HEALTHCHECK
 *   (`healthFrom: 'check'`).
 */
export class HealthOverlay {
  readonly #reports = new Map<string, HealthReport>();
  readonly #drains = new Map<string, DrainMark>();
  /** An unchanged task keeps its object, so that the indexes recognize it as unchanged. */
  readonly #applied = new WeakMap<Task, Applied>();
  #expectation: Expect = nothing;
  /** Tasks that show their expected health. */
  readonly #expected = new Set<string>();

  constructor(saved?: SavedHealth) {
    if (saved) this.restore(saved);
  }

  /** Adds the state of an earlier process. Touches the tasks and services concerned. */
  restore({ reports, drains }: SavedHealth): void {
    for (const [task, report] of Object.entries(reports)) this.#reports.set(task, report);
    for (const mark of drains) this.#drains.set(keyOf(mark.target), mark);
  }

  /**
   * The assumed health of a task without a report. A task with a check must not be served before the check's first
   * result. The function must be pure, except for reading the clock. Setting it touches the {@link expected} tasks.
   */
  set expectation(expect: Expect) {
    this.#expectation = expect;
  }

  /** Tasks that show their expected health because no report exists yet. */
  get expected(): Iterable<string> {
    return [...this.#expected];
  }

  /**
   * Sets the report on a task, or withdraws it if undefined: the task is no longer checked. @returns whether anything
   * changed; if so, the task's id is touched
   */
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

  /** Sets or replaces a drain. Touches the task, or every task of the service. */
  drain(mark: DrainMark): void {
    this.#drains.set(keyOf(mark.target), mark);
  }

  /** Removes a drain. @returns whether there was one; if so, the task, or every task of the service, is touched */
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

  /** The task as the catalog shows it. Returns the same object for the same task until a report or drain changes. */
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

  /** @param isKnown whether the task exists; entries of other tasks are left out */
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

/** Adapts a report on an earlier run: a task that was healthy then must prove it again. */
function current(report: HealthReport, { startedAt }: Task): HealthReport {
  if (report.run === startedAt || report.health !== 'healthy') return report;
  return { ...report, health: 'reinitializing', cause: 'started again' };
}

/** `reason` comes first, because V8 gives an object that grows after a spread its own hidden class. */
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
