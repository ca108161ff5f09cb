import type { HealthReport } from '../catalog/health-overlay.js';
import type { Problem } from '../catalog/model.js';

/** A result of the checker about one task. */
export interface TaskReport {
  readonly task: string;
  /** Absent if the task is no longer checked. */
  readonly report?: HealthReport;
}

/** Receives the results of the checker. The methods must not throw. */
export interface HealthSink {
  /** Transitions in order; simultaneous ones are reported together. */
  report(reports: readonly TaskReport[]): void;
  /** All checks that cannot run, whenever they change. */
  problems(problems: readonly Problem[]): void;
}

/**
 * Collects reports until the end of the turn of the event loop, so that many of them make one change of the catalog.
 */
export class Outbox {
  readonly #sink: HealthSink;
  readonly #defer: (task: () => void) => void;
  /** By task; the last of several reports counts. */
  readonly #reports = new Map<string, TaskReport>();
  readonly #problems = new Map<string, readonly Problem[]>();
  #problemsChanged = false;
  #flushing = false;
  #closed = false;

  constructor(sink: HealthSink, defer: (task: () => void) => void) {
    this.#sink = sink;
    this.#defer = defer;
  }

  tell(report: TaskReport): void {
    this.#reports.delete(report.task);
    this.#reports.set(report.task, report);
    this.#flushSoon();
  }

  /** Replaces the problems of a task. */
  setProblems(task: string, problems: readonly Problem[]): void {
    if (problems.length === 0 && !this.#problems.has(task)) return;
    if (problems.length === 0) this.#problems.delete(task);
    else this.#problems.set(task, problems);
    this.#problemsChanged = true;
    this.#flushSoon();
  }

  /** Reports nothing from now on. */
  close(): void {
    this.#closed = true;
  }

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    this.#defer(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = false;
    if (this.#closed) return;
    const reports = [...this.#reports.values()];
    this.#reports.clear();
    if (reports.length > 0) this.#sink.report(reports);
    if (!this.#problemsChanged) return;
    this.#problemsChanged = false;
    this.#sink.problems([...this.#problems.values()].flat());
  }
}
