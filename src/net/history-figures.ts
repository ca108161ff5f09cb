/** Figures that are kept over time, and what the API shows of them. */

export const HISTORY_RANGES = ['1h', '24h'] as const;
export type HistoryRange = (typeof HISTORY_RANGES)[number];

/** What figures are of: the daemon, the ports of virtual IPs, or tasks. */
export const HISTORY_KINDS = ['daemon', 'vips', 'tasks'] as const;
export type HistoryKind = (typeof HISTORY_KINDS)[number];

/**
 * - `queries`: DNS queries a second; `rcode.NOERROR` and so on: replies a second by response code; `p50`, `p99`:
 *   microseconds that an answer took
 * - `renders`: files that were rendered, a second
 */
export const DAEMON_FIGURES = [
  'queries',
  'rcode.NOERROR',
  'rcode.NXDOMAIN',
  'rcode.SERVFAIL',
  'rcode.REFUSED',
  'rcode.other',
  'p50',
  'p99',
  'renders',
] as const;

/** `open`: open connections; `connections`: new ones a second; `bytesIn`, `bytesOut`: bytes a second. */
export const CARRIED_FIGURES = ['open', 'connections', 'bytesIn', 'bytesOut'] as const;

export const HISTORY_FIGURES = [...DAEMON_FIGURES, ...CARRIED_FIGURES, 'health'] as const;
export type HistoryFigure = (typeof HISTORY_FIGURES)[number];

/** What a value of `health` means, from 0: the later, the worse. */
export const HISTORY_HEALTHS = [
  'healthy',
  'initializing',
  'reinitializing',
  'draining',
  'stopped',
  'unhealthy',
] as const;

/** What a series is about. */
export interface HistorySubject {
  /** The id of a task. */
  readonly id?: string;
  /** The name of a task, or that of a service below the domain: `web.shop`. */
  readonly name: string;
  readonly environment: string;
  readonly stack: string;
  readonly service?: string;
  readonly sidekick?: string;
  /** Of a virtual IP. */
  readonly port?: number;
  readonly protocol?: 'tcp' | 'udp';
}

export interface HistorySeries {
  readonly figure: HistoryFigure;
  /** Absent from those of the daemon. */
  readonly of?: HistorySubject;
  /** One for each step, oldest first; `null` where nothing is known. */
  readonly values: readonly (number | null)[];
}

/** Which figures are read. */
export interface HistoryWishes {
  readonly range: HistoryRange;
  readonly kind: HistoryKind;
  /** All by default. */
  readonly figure?: HistoryFigure | undefined;
  /** The latest steps; all by default. */
  readonly last?: number | undefined;
  /** For virtual IPs and tasks. */
  readonly fits: (of: HistorySubject) => boolean;
}

export interface HistoryRead {
  readonly stepMs: number;
  /** The end of the last step, milliseconds since the epoch. */
  readonly end: number;
  /** Virtual IPs and tasks for which there was no room. */
  readonly left: number;
  /** Made one by one. */
  readonly series: Iterable<HistorySeries>;
}
