import type { FactDelta, Facts, FactSink } from '../catalog/facts.js';
import type { SourceStatus } from '../catalog/model.js';
import type { Pace, Paced } from '../runtime/pace.js';

/**
 * A sink that takes changes at the daemon's pace. A single change is taken at the end of the turn of the event loop.
 * Changes in quick succession are taken together, in order, each as its own change. One by one they would cost three
 * times as much, because the processor's caches fill with other data in between. A full list of facts, or a status,
 * comes after all changes before it.
 */
export class PacedSink implements FactSink {
  readonly #sink: FactSink;
  readonly #onFault: (error: unknown) => void;
  readonly #intake: Paced;
  #pending: FactDelta[] = [];
  /** How many of them are done. */
  #taken = 0;
  /** When the source last reported something of its own accord, milliseconds since the epoch; undefined: not yet. */
  heardAt: number | undefined;

  /** @param onFault receives the error of a change that failed; the changes after it are still taken */
  constructor(sink: FactSink, pace: Pick<Pace, 'intake'>, onFault: (error: unknown) => void) {
    this.#sink = sink;
    this.#intake = pace.intake((deadline) => this.#takeUntil(deadline));
    this.#onFault = onFault;
  }

  get isRestored(): boolean {
    return this.#sink.isRestored === true;
  }

  update(delta: FactDelta): void {
    this.heardAt = Date.now();
    this.#pending.push(delta);
    this.#intake.due();
  }

  replace(facts: Facts, cause?: string): void {
    this.flush();
    this.#sink.replace(facts, cause);
  }

  status(status: Omit<SourceStatus, 'name' | 'isRemote'>): void {
    this.flush();
    this.#sink.status(status);
  }

  /** Takes all pending changes now. */
  flush(): void {
    this.#takeUntil(Infinity);
  }

  /** Takes all pending changes, and accepts no more. */
  close(): void {
    this.flush();
    this.#intake.stop();
  }

  /** @param deadline of performance.now() @returns whether there are more */
  #takeUntil(deadline: number): boolean {
    let delta: FactDelta | undefined;
    while ((delta = this.#pending[this.#taken]) !== undefined) {
      this.#taken++;
      try {
        this.#sink.update(delta);
      } catch (error) {
        this.#onFault(error);
      }
      if (performance.now() >= deadline) break;
    }
    if (this.#taken < this.#pending.length) return true;
    this.#pending = [];
    this.#taken = 0;
    return false;
  }
}
