import type { FactDelta, Facts, FactSink } from '../catalog/facts.js';
import type { SourceStatus } from '../catalog/model.js';
import type { Pace, Paced } from '../runtime/pace.js';

/**
 * A sink that takes changes at the daemon's pace: one that comes alone at the end of the turn of the event loop, and many
 * that follow each other together, in their order, each as the change that it is. A processor whose caches are full of
 * other data takes three times as long for changes that come one by one. A full list of facts, or a status, comes after
 * all changes before it.
 */
export class PacedSink implements FactSink {
  readonly #sink: FactSink;
  readonly #onFault: (error: unknown) => void;
  readonly #intake: Paced;
  #pending: FactDelta[] = [];
  /** How many of them are taken. */
  #taken = 0;

  /** @param onFault receives the error of a change that could not be taken; the changes behind it are taken */
  constructor(sink: FactSink, pace: Pick<Pace, 'intake'>, onFault: (error: unknown) => void) {
    this.#sink = sink;
    this.#intake = pace.intake((deadline) => this.#takeUntil(deadline));
    this.#onFault = onFault;
  }

  get isRestored(): boolean {
    return this.#sink.isRestored === true;
  }

  update(delta: FactDelta): void {
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

  /** Takes what was told, now. */
  flush(): void {
    this.#takeUntil(Infinity);
  }

  /** Takes what was told, and nothing more. */
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
