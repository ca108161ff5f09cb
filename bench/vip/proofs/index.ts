// What bench:vip proves beside what it measures: fairness, disruption, drain loss, fail-over.
import { benchDisruption, type DisruptionBench } from './disruption.js';
import { benchDrainLoss, type DrainBench } from './drain-loss.js';
import { benchFailOver, type FailOverBench } from './fail-over.js';
import { benchFairness, type FairnessBench } from './fairness.js';
import { startPlane } from './plane.js';

export interface Proofs {
  readonly fairness: FairnessBench;
  readonly disruption: DisruptionBench;
  readonly drain: DrainBench;
  readonly fail_over: FailOverBench;
}

export interface ProofScale {
  /** Connections for each scheduler. */
  readonly picks: number;
  /** Client addresses. */
  readonly clients: number;
}

/** @param own the script that is a task or a plane when it is told to */
export async function benchProofs(own: string, { picks, clients }: ProofScale): Promise<Proofs> {
  const plane = startPlane(own);
  try {
    const fairness = await benchFairness(plane, picks);
    const disruption = await benchDisruption(plane, clients);
    const drain = await benchDrainLoss(own, plane);
    await plane.stop();
    return { fairness, disruption, drain, fail_over: await benchFailOver(own) };
  } finally {
    await plane.stop();
  }
}

const percent = (part: number): string => `${(100 * part).toFixed(1)} %`;

/** The proofs in lines of text. */
export function proofTable({ fairness, disruption, drain, fail_over: failOver }: Proofs): string {
  return [
    'fairness: picks beside what the weights 1, 2, 3, 4 ask for (rr and lc: equal parts)',
    ...Object.entries(fairness).map(
      ([scheduler, each]) =>
        `  ${scheduler.padEnd(6)}${each.picks.join(', ').padEnd(26)}off by ${percent(each.max_deviation)} at most, chi-square ${each.chi_square.toFixed(2)}${each.fair ? '' : ': NOT fair'}`,
    ),
    'disruption: clients that come to another task when one of 10 leaves, or joins (needlessly)',
    ...Object.entries(disruption).flatMap(([scheduler, changes]) =>
      Object.entries(changes).map(
        ([change, { moved, ideal, needless }]) =>
          `  ${`${scheduler}, ${change}`.padEnd(12)}${percent(moved)}, ideal ${percent(ideal)} (${percent(needless)})`,
      ),
    ),
    `drain: ${drain.tasks_replaced} tasks replaced, lost ${drain.connections_lost} of ${drain.connections} new connections, ${drain.kept_requests_lost} of ${drain.kept_requests} requests on kept ones`,
    `fail-over: a task is killed and nobody tells the proxy, ${failOver.fairlead.deaths} times`,
    ...Object.entries(failOver).map(
      ([proxy, { ms, errors, own_lost: own, worst_ms: worst }]) =>
        `  ${proxy.padEnd(10)}${errors} errors, the last after ${ms.toFixed(1)} ms; ${own} requests died with their task; the slowest connection took ${worst.toFixed(1)} ms`,
    ),
  ].join('\n');
}
