import type { Health } from './model.js';

/** One task's check as operators see it. Times are milliseconds since the epoch. */
export interface CheckRow {
  /** Task id. */
  readonly task: string;
  /** `tcp`, `http`, `grpc`, `dns`, `udp`, `exec`, `ttl`, `docker`. */
  readonly kind: string;
  /** `http 10.42.0.7:80/healthz`. */
  readonly check: string;
  /** Where it was written. */
  readonly from: string;
  /** Milliseconds from probe to probe; for `ttl` how long a beat counts. Absent: Fairlead does not probe itself. */
  readonly interval?: number;
  readonly health: Health;
  /** When `health` became what it is. */
  readonly since: number;
  /** Probes that passed, and that failed, in a row. */
  readonly passes: number;
  readonly failures: number;
  /** So many passes in a row make it healthy, so many failures unhealthy. */
  readonly rise: number;
  readonly fall: number;
  /** How the last probe went; absent: none has ended yet. */
  readonly last?: {
    readonly ok: boolean;
    readonly detail: string;
    readonly at: number;
    /** Milliseconds. */
    readonly took: number;
  };
  /** When the next probe begins; absent: none is planned (HEALTHCHECK, stopped). */
  readonly next?: number;
  /** It changed too often of late, and is not healthy before then. */
  readonly heldUntil?: number;
}

/** Times in milliseconds: how many were up to each bound, the last count of those above all; `sum` is of all times. */
export interface ProbeTimes {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
  readonly sum: number;
}

/** What became of the probes of one kind since the start. */
export interface ProbeCounts {
  readonly kind: string;
  readonly passed: number;
  readonly failed: number;
  /** Failed for a reason of this host's. */
  readonly local: number;
  readonly took: ProbeTimes;
}

/** Checks in numbers. */
export interface CheckCounts {
  /** Tasks that have a check. */
  readonly tasks: readonly { readonly kind: string; readonly health: Health; readonly count: number }[];
  /** Probes that ended since the start. */
  readonly probes: readonly ProbeCounts[];
  /** From when a probe was due to when it began. */
  readonly late: ProbeTimes;
  /** Probes under way, and those that are due and wait for their turn. */
  readonly running: number;
  readonly waiting: number;
}
