import type { HistoryRange } from '../net/history-figures.js';

/** How long, and how finely, figures are kept. */
export interface Tier {
  readonly range: HistoryRange;
  readonly stepMs: number;
  readonly steps: number;
  /** Where its values begin in a row. */
  readonly from: number;
}

export const FINE: Tier = { range: '1h', stepMs: 5000, steps: 720, from: 0 };
export const COARSE: Tier = { range: '24h', stepMs: 60_000, steps: 1440, from: 720 };

const ROW = FINE.steps + COARSE.steps;
/** Fine steps in a coarse one. */
const FINE_STEPS = COARSE.stepMs / FINE.stepMs;

/** The values of one figure: those of both tiers, each a ring. */
export type Row = Float32Array | Uint8Array;

/** Numbers, with NaN for what is not known. */
export function numberRow(): Float32Array {
  return new Float32Array(ROW).fill(Number.NaN);
}

/** Small whole numbers, with 0 for what is not known. */
export function codeRow(): Uint8Array {
  return new Uint8Array(ROW);
}

export function rowBytes(isCode: boolean): number {
  return isCode ? ROW : ROW * Float32Array.BYTES_PER_ELEMENT;
}

/** The place of a step in a row. @param step counted from the epoch */
export function placeOf({ steps, from }: Tier, step: number): number {
  return from + (step % steps);
}

/** Forgets the values of the steps after `last` up to `next`. */
export function clearSteps(row: Row, tier: Tier, last: number, next: number): void {
  const unknown = row instanceof Uint8Array ? 0 : Number.NaN;
  const first = Math.max(last + 1, next - tier.steps + 1);
  for (let step = first; step <= next; step++) row[placeOf(tier, step)] = unknown;
}

/** What the fine steps of a coarse one say together: the mean of numbers, the greatest code. */
export function foldFine(row: Row, coarseStep: number): number {
  const first = coarseStep * FINE_STEPS;
  let sum = 0;
  let known = 0;
  let greatest = 0;
  for (let step = first; step < first + FINE_STEPS; step++) {
    const value = row[placeOf(FINE, step)] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    sum += value;
    known += 1;
    greatest = Math.max(greatest, value);
  }
  if (row instanceof Uint8Array) return greatest;
  return known === 0 ? Number.NaN : sum / known;
}

/** The latest values of a tier, oldest first. @param end the last step */
export function* valuesOf(row: Row, tier: Tier, end: number, last: number): Generator<number> {
  for (let step = end - Math.min(last, tier.steps) + 1; step <= end; step++)
    yield row[placeOf(tier, step)] ?? Number.NaN;
}
