/** One thing that was asked, and what was wrong with the answer. */
export interface Mismatch {
  /** What was asked: `10.0.0.1 mysql.rancher.internal. A`; `reply` for a packet. */
  readonly asked: string;
  /** `expected X, got Y` */
  readonly fault: string;
}

export interface CaseResult {
  readonly suite: string;
  readonly name: string;
  readonly mismatches: readonly Mismatch[];
}

/** `expected X, got Y` when two lists do not have the same members. */
export function listFault(expected: Iterable<string>, got: Iterable<string>): string | undefined {
  const [want, have] = [expected, got].map((list) => [...new Set(list)].sort().join(' ') || 'nothing');
  return want === have ? undefined : `expected ${want ?? ''}, got ${have ?? ''}`;
}
