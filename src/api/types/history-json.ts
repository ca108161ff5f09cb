import type { HistoryRange, HistorySeries } from '../../net/history-figures.js';
import type { Timestamp } from './references.js';

/** `GET /v1/history`: figures over time. */
export interface HistoryJson {
  /** The daemon's time. */
  readonly now: Timestamp;
  readonly range: HistoryRange;
  /** Milliseconds from one value to the next: 5,000 for `1h`, 60,000 for `24h`. */
  readonly stepMs: number;
  /** The end of the last step: the last value is of the `stepMs` before it. */
  readonly end: Timestamp;
  /** A value of the figure `health` is a place in this list, from 0. The worst of a step counts. */
  readonly healths: readonly string[];
  /** Virtual IPs and tasks of which nothing is kept, because the memory for the history is used up. */
  readonly left: number;
  readonly series: readonly HistorySeries[];
}
