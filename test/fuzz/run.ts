import type { FuzzCase, TargetName } from './fuzz-case.js';
import { generate } from './generate.js';
import { broken, type Violation } from './invariants.js';
import { minimise } from './minimise.js';
import { createBench, type Bench } from './targets.js';

export interface FuzzOptions {
  readonly seed: number;
  /** In all; they are dealt out to the targets in turn. */
  readonly packets: number;
  readonly targets: readonly TargetName[];
  /** A packet that takes longer, in ms, is a failure; absent: none is. */
  readonly slowMs?: number;
  /** Asked now and then; true ends the run early. */
  readonly isOver?: () => boolean;
  readonly onProgress?: (packets: number) => void;
}

export interface Failure {
  readonly index: number;
  readonly violation: Violation;
  readonly fuzzCase: FuzzCase;
  readonly minimised: FuzzCase;
}

export interface FuzzReport {
  readonly packets: number;
  /** By target and outcome. */
  readonly outcomes: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** As the daemon counts them. */
  readonly faults: number;
  /** The run ends with the first. */
  readonly failure?: Failure;
}

/** Packets between two looks at the clock. */
const ROUND = 500;

/** Puts generated packets to the code under test; the same options give the same packets. */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const { seed, packets, targets, slowMs = Infinity } = options;
  const bench = createBench();
  const outcomes = new Map<TargetName, Map<string, number>>();
  const report = (done: number, failure?: Failure): FuzzReport => ({
    packets: done,
    outcomes: Object.fromEntries(
      [...outcomes].map(([target, counts]) => [target, Object.fromEntries(counts)]),
    ),
    faults: bench.faults(),
    ...(failure && { failure }),
  });
  let index = 0;
  for (; index < packets; index++) {
    if (index % ROUND === 0) {
      options.onProgress?.(index);
      if (options.isOver?.()) break;
    }
    const target = targets[index % targets.length];
    if (!target) break;
    const fuzzCase = generate(target, seed, index);
    const { outcome, violation } = await judge(bench, fuzzCase, slowMs);
    const counts = outcomes.get(target) ?? new Map<string, number>();
    outcomes.set(target, counts.set(outcome, (counts.get(outcome) ?? 0) + 1));
    if (violation) return report(index + 1, await explainFailure(bench, index, fuzzCase, violation, slowMs));
  }
  return report(index);
}

async function judge(bench: Bench, fuzzCase: FuzzCase, slowMs: number) {
  const started = performance.now();
  const verdict = await bench.run(fuzzCase);
  const ms = performance.now() - started;
  if (verdict.violation || ms <= slowMs) return verdict;
  return { ...verdict, violation: broken('bounded work', `${Math.round(ms)} ms`) };
}

async function explainFailure(
  bench: Bench,
  index: number,
  fuzzCase: FuzzCase,
  violation: Violation,
  slowMs: number,
): Promise<Failure> {
  const packet = await minimise(fuzzCase.packet, async (candidate) => {
    const again = await judge(bench, { ...fuzzCase, packet: candidate }, slowMs);
    return again.violation?.rule === violation.rule;
  });
  return { index, violation, fuzzCase, minimised: { ...fuzzCase, packet } };
}
