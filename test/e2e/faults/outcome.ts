/** What became of the queries of a time. */
export interface Traffic {
  readonly sent: number;
  readonly unanswered: number;
  readonly wrong: number;
}

/** What a fault cost. */
export interface Outcome {
  readonly traffic?: Traffic;
  /** Of virtual IPs. */
  readonly connections?: { readonly opened: number; readonly lost: number };
  /** Answers that were wrong; 0 in each entry. */
  readonly wrong: number;
  /** Milliseconds until everything was as it should be. */
  readonly heal?: number;
}
