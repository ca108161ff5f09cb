/** The nearest-rank percentile (no interpolation: every figure is one that was measured), rounded to 0.01. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length));
  const value = sorted[rank - 1];
  if (value === undefined) throw new Error('a percentile of no values');
  return Math.round(value * 100) / 100;
}
