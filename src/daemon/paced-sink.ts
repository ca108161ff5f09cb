import { setImmediate as turn } from 'node:timers/promises';
import type { FactDelta, Facts, FactSink } from '../catalog/facts.js';
import type { SourceStatus } from '../catalog/model.js';
import { Pacer } from '../runtime/pacer.js';

/** ms of taking changes after which everything else has its turn. */
const SLICE_MS = 5;

/**
 * A sink that takes a change at the end of the turn of the event loop in which it is told, and many that follow close upon each other
 * together, in their order, each as the change that it is: a core whose caches are full of something else takes three times as long
 * for one by one. Whatever else is told comes after all changes before it.
 */
export class PacedSink implements FactSink {
  readonly #sink: FactSink;
  readonly #onFault: (error: unknown) => void;
  readonly #pacer = new Pacer(() => this.#take());
  #pending: FactDelta[] = [];
  /** How many of them are taken. */
  #taken = 0;

  /** @param onFault is told what a change that could not be taken was thrown for; those behind it are taken */
  constructor(sink: FactSink, onFault: (error: unknown) => void) {
    this.#sink = sink;
    this.#onFault = onFault;
  }

  update(delta: FactDelta): void {
    this.#pending.push(delta);
    this.#pacer.due();
  }

  replace(facts: Facts, cause?: string): void {
    this.flush();
    this.#sink.replace(facts, cause);
  }

  status(status: Omit<SourceStatus, 'name'>): void {
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
    this.#pacer.stop();
  }

  #take(): void | Promise<void> {
    this.#takeUntil(performance.now() + SLICE_MS);
    return this.#pending.length > 0 ? this.#takeRest() : undefined;
  }

  async #takeRest(): Promise<void> {
    while (this.#pending.length > 0) {
      await turn();
      this.#takeUntil(performance.now() + SLICE_MS);
    }
  }

  /** @param deadline of performance.now() */
  #takeUntil(deadline: number): void {
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
    if (this.#taken < this.#pending.length) return;
    this.#pending = [];
    this.#taken = 0;
  }
}
