import type { ProbeCounts, ProbeTimes } from '../catalog/checks.js';
import type { ProbeSample } from './probe-runner.js';

/** Upper bounds in milliseconds. */
const BOUNDS_MS = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000] as const;

class Times {
  readonly counts: number[] = Array.from({ length: BOUNDS_MS.length + 1 }, () => 0);
  sum = 0;

  add(ms: number): void {
    let at = 0;
    while (ms > (BOUNDS_MS[at] ?? Infinity)) at++;
    this.counts[at] = (this.counts[at] ?? 0) + 1;
    this.sum += ms;
  }

  read(): ProbeTimes {
    return { bounds: BOUNDS_MS, counts: [...this.counts], sum: this.sum };
  }
}

/** Counts probes, for metrics. */
export class ProbeTally {
  readonly #kinds = new Map<string, { passed: number; failed: number; local: number; took: Times }>();
  readonly #late = new Times();

  observe({ kind, result, late, took }: ProbeSample): void {
    let counts = this.#kinds.get(kind);
    if (!counts) this.#kinds.set(kind, (counts = { passed: 0, failed: 0, local: 0, took: new Times() }));
    counts[result]++;
    counts.took.add(took);
    this.#late.add(late);
  }

  kinds(): readonly ProbeCounts[] {
    return [...this.#kinds].map(([kind, { took, ...counts }]) => ({ kind, ...counts, took: took.read() }));
  }

  /** From when a probe was due to when it began. */
  late(): ProbeTimes {
    return this.#late.read();
  }
}
