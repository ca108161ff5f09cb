import { carryOut } from './exchange.js';
import { judge } from './judge.js';
import type { ConformanceCase } from './model.js';
import type { Target } from './targets/target.js';

/** What became of one row at one target. */
export type RowResult =
  /** As expected. */
  | { readonly kind: 'agrees' }
  /** Not as expected; `note` says why the expectation stands, where that is discussed. */
  | { readonly kind: 'differs'; readonly faults: readonly string[]; readonly note?: string }
  /** As expected, though the row says that this reference differs. */
  | { readonly kind: 'stale-note'; readonly note: string }
  /** Not put to this target. */
  | { readonly kind: 'unasked'; readonly why: string };

/** Puts a row to a target, unless the row says that it has no meaning for that one. */
export async function runRow(row: ConformanceCase, target: Target): Promise<RowResult> {
  const { server = 'open' } = row;
  const reference = target.name === 'fairlead' ? undefined : target.name;
  const why = reference && row.unasked?.[reference];
  if (why !== undefined) return { kind: 'unasked', why };
  const port = target.port(server);
  if (port === undefined) return { kind: 'unasked', why: `no ${server} variant` };
  const faults = judge(row, await carryOut(row, port), { recursion: target.recursion(server) });
  const note = reference && row.differs?.[reference];
  if (faults.length > 0) return { kind: 'differs', faults, ...(note !== undefined && { note }) };
  return note === undefined ? { kind: 'agrees' } : { kind: 'stale-note', note };
}

export type Results = ReadonlyMap<ConformanceCase, RowResult>;

/** Puts rows to a target one after another. */
export async function runTable(rows: readonly ConformanceCase[], target: Target): Promise<Results> {
  const results = new Map<ConformanceCase, RowResult>();
  for (const row of rows) results.set(row, await runRow(row, target));
  return results;
}

/** Whether a result is in order: as expected, or a difference that is discussed. */
export function inOrder(result: RowResult): boolean {
  return (
    result.kind === 'agrees' ||
    result.kind === 'unasked' ||
    (result.kind === 'differs' && result.note !== undefined)
  );
}
