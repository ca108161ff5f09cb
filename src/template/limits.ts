/** What one execution may use. */
export interface Limits {
  /** Nodes and rounds of loops. */
  steps: number;
  /** Characters of output, and of any text or list that a function makes. */
  output: number;
  /** Templates within templates. */
  depth: number;
}

export const DEFAULT_LIMITS: Limits = { steps: 20_000_000, output: 64 * 1024 * 1024, depth: 1000 };
