// How evenly connections are spread: picks over tasks beside what the weights ask for, through the whole proxy.
import type { Socket } from 'node:net';
import type { SchedulerName } from '../../../src/net/balancing.js';
import { backend, PLANE_PORT, type Plane } from './plane.js';
import { listen, portOf } from './task.js';
import { addresses, visit } from './visit.js';

const WEIGHTS = [1, 2, 3, 4] as const;
/** So many stay open while others come, so that there is a load to compare. */
const OPEN = 200;
/** Of chi-square with as many degrees of freedom as there are tasks less one: one in a thousand fair runs is above it. */
const CHI_SQUARE_LIMIT = 16.27;

/** What of a scheduler is to be in proportion to the weights; the others pay them no heed. */
const SCHEDULERS = { rr: false, wrr: true, lc: false, sh: true, mh: true, twos: true } as const;

export interface Fairness {
  readonly picks: readonly number[];
  readonly expected: readonly number[];
  /** The largest difference from what was expected, as a part of that. */
  readonly max_deviation: number;
  readonly chi_square: number;
  readonly fair: boolean;
}

export type FairnessBench = Readonly<Record<keyof typeof SCHEDULERS, Fairness>>;

/** @param count connections for each scheduler, each from an address of its own */
export async function benchFairness(plane: Plane, count: number): Promise<FairnessBench> {
  const tasks = await Promise.all(WEIGHTS.map((_, index) => listen(String(index))));
  const backends = tasks.map((task, index) => backend(String(index), portOf(task), WEIGHTS[index]));
  const result: [string, Fairness][] = [];
  try {
    for (const [scheduler, isWeighted] of Object.entries(SCHEDULERS)) {
      await plane.carry(scheduler as SchedulerName, backends);
      result.push([scheduler, judge(await picksOf(count), isWeighted)]);
    }
  } finally {
    for (const task of tasks) task.close();
  }
  return Object.fromEntries(result) as FairnessBench;
}

async function picksOf(count: number): Promise<number[]> {
  const picks = WEIGHTS.map(() => 0);
  const open: Socket[] = [];
  for (const address of addresses(count)) {
    const { task, socket } = await visit(PLANE_PORT, address);
    picks[Number(task)] = (picks[Number(task)] ?? 0) + 1;
    open.push(socket);
    if (open.length > OPEN) open.shift()?.destroy();
  }
  for (const socket of open) socket.destroy();
  return picks;
}

function judge(picks: readonly number[], isWeighted: boolean): Fairness {
  const count = picks.reduce((sum, each) => sum + each, 0);
  const weights = isWeighted ? WEIGHTS : WEIGHTS.map(() => 1);
  const all = weights.reduce<number>((sum, each) => sum + each, 0);
  const expected = weights.map((weight) => (count * weight) / all);
  const differences = picks.map(
    (each, index) => [Math.abs(each - (expected[index] ?? 0)), expected[index] ?? 1] as const,
  );
  const chiSquare = differences.reduce((sum, [difference, wanted]) => sum + difference ** 2 / wanted, 0);
  return {
    picks,
    expected,
    max_deviation: Math.max(...differences.map(([difference, wanted]) => difference / wanted)),
    chi_square: chiSquare,
    fair: chiSquare <= CHI_SQUARE_LIMIT,
  };
}
