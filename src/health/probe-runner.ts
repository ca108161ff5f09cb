import { duration } from './check.js';
import type { CheckedTask } from './checked-task.js';
import { failed, type ProbeResult, type ProbeTarget } from './probes/probe.js';
import type { TimerWheel } from '../runtime/timer-wheel.js';

/** One probe, for metrics. Times are milliseconds. */
export interface ProbeSample {
  readonly kind: string;
  /** `local`: it failed for a reason on this host. */
  readonly result: 'passed' | 'failed' | 'local';
  /** Delay between its due time and its start. */
  readonly late: number;
  readonly took: number;
}

export interface ProbeRunnerOptions {
  readonly wheel: TimerWheel;
  readonly now: () => number;
  readonly concurrency: number;
  /** Where to probe a task now. */
  readonly aim: (entry: CheckedTask) => ProbeTarget | undefined;
  /** Called when a probe has ended; its result is in `last`. The task then has no planned probe. */
  readonly onResult: (entry: CheckedTask) => void;
  readonly observe?: (sample: ProbeSample) => void;
}

/**
 * Starts due probes, a limited number at a time; the others wait in order. A task has at most one probe, running or
 * waiting, so that nothing piles up behind a slow one.
 */
export class ProbeRunner {
  readonly #options: ProbeRunnerOptions;
  /** A set keeps the order, and removing a cancelled task is cheap. */
  readonly #queue = new Set<CheckedTask>();
  #running = 0;

  constructor(options: ProbeRunnerOptions) {
    this.#options = options;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#queue.size;
  }

  /** Plans the next probe. */
  schedule(entry: CheckedTask, at: number): void {
    entry.again = false;
    entry.dueAt = Math.max(at, this.#options.now());
    this.#options.wheel.schedule(entry.dueTimer, entry.dueAt);
  }

  /** Probes as soon as there is a free place, after a running probe of the task. */
  now(entry: CheckedTask): void {
    if (entry.running) entry.again = true;
    else if (!entry.queued) {
      this.#options.wheel.cancel(entry.dueTimer);
      entry.dueAt = this.#options.now();
      this.due(entry);
    }
  }

  due(entry: CheckedTask): void {
    if (this.#running < this.#options.concurrency) {
      this.#begin(entry);
      return;
    }
    entry.queued = true;
    this.#queue.add(entry);
  }

  /** The probe has timed out. */
  timeOut(entry: CheckedTask): void {
    entry.running?.abort(`timeout after ${duration(entry.check.timeout)}`);
  }

  /** Cancels the running probe, and starts another one instead. */
  abandon(entry: CheckedTask): void {
    if (!entry.running) return;
    this.#let(entry);
    this.schedule(entry, this.#options.now());
  }

  /** Afterwards no probe of the task runs, waits or is planned. */
  cancel(entry: CheckedTask): void {
    this.#options.wheel.cancel(entry.dueTimer);
    entry.dueAt = undefined;
    entry.again = false;
    entry.queued = false;
    this.#queue.delete(entry);
    if (entry.running) this.#let(entry);
  }

  #let(entry: CheckedTask): void {
    const { running } = entry;
    this.#options.wheel.cancel(entry.timeoutTimer);
    entry.running = undefined;
    running?.abort('cancelled');
  }

  #begin(entry: CheckedTask): void {
    const { wheel, now, aim } = this.#options;
    const controller = new AbortController();
    const begunAt = now();
    const late = begunAt - (entry.dueAt ?? begunAt);
    entry.running = controller;
    entry.begunAt = begunAt;
    entry.dueAt = undefined;
    this.#running++;
    wheel.schedule(entry.timeoutTimer, begunAt + entry.check.timeout);
    const { probe } = entry;
    const target = aim(entry);
    const found: Promise<ProbeResult> =
      probe && target ? probe(target, controller.signal) : Promise.resolve(failed('the task has no address'));
    found.then(
      (result) => this.#end(entry, controller, result, late),
      // Probes should never reject. If one does, it counts as failed, so that the task does not stay in a running
      // probe.
      (error: unknown) =>
        this.#end(entry, controller, failed(`the probe failed unexpectedly: ${String(error)}`), late),
    );
  }

  #end(entry: CheckedTask, controller: AbortController, result: ProbeResult, late: number): void {
    const { wheel, now, observe, onResult } = this.#options;
    this.#running--;
    if (entry.running === controller) {
      const at = now();
      const took = at - entry.begunAt;
      entry.running = undefined;
      wheel.cancel(entry.timeoutTimer);
      entry.last = { result, at, took };
      // A missing report is not a fault of this host, so operators need not see it as one.
      const isLocal = result.local === true && entry.check.kind !== 'ttl';
      const outcome = result.ok ? 'passed' : isLocal ? 'local' : 'failed';
      observe?.({ kind: entry.check.kind, result: outcome, late, took });
      onResult(entry);
    }
    this.#next();
  }

  #next(): void {
    while (this.#running < this.#options.concurrency) {
      const [first] = this.#queue;
      if (first === undefined) return;
      this.#queue.delete(first);
      first.queued = false;
      this.#begin(first);
    }
  }
}
