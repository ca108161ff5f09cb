/** A histogram: how many values were up to each bound, the last count of those above all. */
export interface Counted {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
}

/** What came between two readings of a histogram that only grows. One that was begun again has all of it. */
export function countedSince(now: Counted, before: Counted | undefined): Counted {
  if (before?.counts.length !== now.counts.length) return now;
  const counts = now.counts.map((count, index) => count - (before.counts[index] ?? 0));
  return counts.some((count) => count < 0) ? now : { bounds: now.bounds, counts };
}

/**
 * The value below which a share of all values lies, as far as the histogram tells: between two bounds it is taken to
 * grow evenly. NaN without values.
 */
export function percentile({ bounds, counts }: Counted, share: number): number {
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (all === 0) return Number.NaN;
  let wanted = all * share;
  for (const [index, count] of counts.entries()) {
    const below = bounds[index - 1] ?? 0;
    const bound = bounds[index];
    // Of values above all bounds only the bound is known.
    if (bound === undefined) return below;
    if (wanted <= count && count > 0) return below + (bound - below) * (wanted / count);
    wanted -= count;
  }
  return bounds.at(-1) ?? Number.NaN;
}
