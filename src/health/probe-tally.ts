import type { ProbeCounts, ProbeTimes } from '../catalog/checks.js';
import { TimeHistogram } from '../runtime/time-histogram.js';
import type { ProbeSample } from './probe-runner.js';

/** Upper bounds in milliseconds. */
const BOUNDS_MS = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000] as const;

/** Counts probes, for metrics. */
export class ProbeTally {
  readonly #kinds = new Map<string, { passed: number; failed: number; local: number; took: TimeHistogram }>();
  readonly #late = new TimeHistogram(BOUNDS_MS);

  observe({ kind, result, late, took }: ProbeSample): void {
    let counts = this.#kinds.get(kind);
    if (!counts)
      this.#kinds.set(
        kind,
        (counts = { passed: 0, failed: 0, local: 0, took: new TimeHistogram(BOUNDS_MS) }),
      );
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
