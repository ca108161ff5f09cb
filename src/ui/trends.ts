import type { StatusJson } from '../api/types/status-json.js';

/** What the tiles of the overview show, at one moment. */
export interface TrendPoint {
  /** Milliseconds since the epoch, by the daemon's clock. */
  readonly at: number;
  /** DNS queries a second. */
  readonly queries: number;
  /** The share of replies that are NXDOMAIN or SERVFAIL, in percent; undefined: there were no replies. */
  readonly errors: number | undefined;
  /** Milliseconds within which 99 of 100 queries were answered; undefined: there were none. */
  readonly p99: number | undefined;
  /** Open connections of virtual IPs. */
  readonly connections: number;
  /** New ones a second. */
  readonly opened: number;
  readonly unhealthy: number;
}

/** Five minutes, one point a second. */
const MOST = 300;

/** The last minutes, from the counters that the daemon sends. */
export class Trends {
  #points: readonly TrendPoint[] = [];
  #last: StatusJson | undefined;

  get points(): readonly TrendPoint[] {
    return this.#points;
  }

  add(status: StatusJson): void {
    const before = this.#last;
    this.#last = status;
    // Counters of a new process begin with 0.
    if (!before || before.startedAt !== status.startedAt) return;
    const at = Date.parse(status.now);
    const seconds = (at - Date.parse(before.now)) / 1000;
    if (seconds <= 0) return;
    this.#points = [...this.#points.slice(1 - MOST), point(before, status, at, seconds)];
  }
}

function point(before: StatusJson, status: StatusJson, at: number, seconds: number): TrendPoint {
  const of = (counts: Readonly<Record<string, number>>, names = Object.keys(counts)): number =>
    names.reduce((sum, name) => sum + (counts[name] ?? 0), 0);
  const [old, now] = [before.dns.counters, status.dns.counters];
  const replies = of(now.replies) - of(old.replies);
  const failed = of(now.replies, FAILURES) - of(old.replies, FAILURES);
  const { bounds, counts } = status.dns.answering.times;
  const fresh = counts.map((count, index) => count - (before.dns.answering.times.counts[index] ?? 0));
  const p99 = quantile(bounds, fresh, 0.99);
  return {
    at,
    queries: (of(now.queries) - of(old.queries)) / seconds,
    errors: replies > 0 ? (100 * failed) / replies : undefined,
    p99: p99 === undefined ? undefined : p99 / 1000,
    connections: status.vips.carried.active,
    opened: (status.vips.carried.total - before.vips.carried.total) / seconds,
    unhealthy: status.catalog.health.unhealthy ?? 0,
  };
}

const FAILURES = ['NXDOMAIN', 'SERVFAIL'];

/** The bound of a histogram below which that share of the values is; undefined if there are no values. */
export function quantile(
  bounds: readonly number[],
  counts: readonly number[],
  share: number,
): number | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total <= 0) return undefined;
  let sum = 0;
  for (const [index, count] of counts.entries()) {
    sum += count;
    if (sum >= share * total) return bounds[index] ?? bounds.at(-1);
  }
  return bounds.at(-1);
}
