/** What one execution may use. */
export interface Limits {
  /** The most nodes and loop iterations. */
  steps: number;
  /** The most characters of output, and of any text or list that a function creates. */
  output: number;
  /** The deepest nesting of template calls. */
  depth: number;
}

export const DEFAULT_LIMITS: Limits = { steps: 20_000_000, output: 64 * 1024 * 1024, depth: 1000 };
