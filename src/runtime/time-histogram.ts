/** Times in milliseconds: how many were up to each bound, the last count of those above all; `sum` is of all times. */
export interface TimesMs {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
  readonly sum: number;
}

/** The times of several histograms with the same bounds; undefined: of none. */
export function sumTimes(all: readonly (TimesMs | undefined)[]): TimesMs | undefined {
  return all.reduce((total, each) => {
    if (!total || !each) return total ?? each;
    const counts = total.counts.map((count, at) => count + (each.counts[at] ?? 0));
    return { bounds: total.bounds, counts, sum: total.sum + each.sum };
  }, undefined);
}

/** Counts times by their size, for metrics. */
export class TimeHistogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;

  /** @param bounds upper bounds in milliseconds, ascending */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  add(ms: number): void {
    let at = 0;
    while (ms > (this.#bounds[at] ?? Infinity)) at++;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#sum += ms;
  }

  get isEmpty(): boolean {
    return this.#counts.every((count) => count === 0);
  }

  read(): TimesMs {
    return { bounds: this.#bounds, counts: [...this.#counts], sum: this.#sum };
  }
}
