/**
 * One moment, as two clocks tell it. Stamps that are shown or stored are those of the wall clock. Intervals are
 * counted by the other one: a program that sets the host's clock would make a minute last for hours.
 */
export interface Instant {
  /** Milliseconds since the epoch; it may be set back. */
  readonly at: number;
  /** Milliseconds that only grow. */
  readonly now: number;
}
