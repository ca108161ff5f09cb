import type { TargetStatus } from '../render/template-target.js';

type Written = Pick<TargetStatus, 'destination' | 'renders'>;

/** Counts how often files were rendered, across reloads, after which each file counts from 0 again. */
export class RenderCount {
  readonly #written: () => readonly Written[];
  #seen = new Map<string, number>();
  #count = 0;

  constructor(written: () => readonly Written[]) {
    this.#written = written;
  }

  /** Since the daemon was started. What is rendered between the last reading and a reload is lost. */
  count(): number {
    const seen = new Map<string, number>();
    for (const { destination, renders } of this.#written()) {
      const before = this.#seen.get(destination) ?? 0;
      this.#count += renders < before ? renders : renders - before;
      seen.set(destination, renders);
    }
    this.#seen = seen;
    return this.#count;
  }
}
