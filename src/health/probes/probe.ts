import { errorCode } from '../../net/error-message.js';
import { foreignLine } from '../../text/foreign-line.js';

/** The target of a probe. */
export interface ProbeTarget {
  /** Task id. */
  readonly task: string;
  readonly ip: string;
  /** 0 for probes that use no port. */
  readonly port: number;
  /** All addresses of the task. A probe never connects to any other address. */
  readonly addresses: readonly string[];
  /** The PROXY header that the port expects; absent: none. */
  readonly proxy?: 'v1' | 'v2';
}

export interface ProbeResult {
  readonly ok: boolean;
  /** The finding, for people: `connected`, `HTTP 503`, `ECONNREFUSED`, `timeout after 2 s (connecting)`. */
  readonly detail: string;
  /**
   * Whether it failed for a reason on this host, such as too many open files or a recent start. Then it says nothing
   * about the task.
   */
  readonly local?: true;
  /** The mistake in the check itself, and what to do: one line that follows "the health check". */
  readonly fault?: string;
}

/**
 * Checks a task once. Never rejects. When the signal is aborted, it ends at once with `signal.reason` as its detail,
 * and leaves nothing open.
 */
export type Probe = (target: ProbeTarget, signal: AbortSignal) => Promise<ProbeResult>;

export const passed = (detail: string): ProbeResult => ({ ok: true, detail });
export const failed = (detail: string): ProbeResult => ({ ok: false, detail });

/** Errors of connect(2), socket(2) and send(2) with a cause on this host, not on the other side. */
const localCodes: ReadonlySet<string> = new Set([
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
  'EAGAIN',
  'EADDRNOTAVAIL',
  'EADDRINUSE',
  'EACCES',
  'EPERM',
]);

/** The result for an error of a socket. @param when `connecting`, `waiting for an answer` */
export function failedWith(error: unknown, when?: string): ProbeResult {
  const code = oneLine(errorCode(error));
  const saysAll = when === undefined || code === 'ECONNREFUSED';
  const detail = saysAll ? code : `${code} (${when})`;
  return localCodes.has(code) ? { ok: false, detail, local: true } : failed(detail);
}

/** The result for an aborted probe. */
export function abortedWith(signal: AbortSignal, when?: string): ProbeResult {
  const reason = typeof signal.reason === 'string' ? signal.reason : 'stopped';
  return failed(when === undefined ? reason : `${reason} (${when})`);
}

/** @returns a refusal if the target is not one of the task's own addresses */
export function outside({ ip, addresses, port }: ProbeTarget): ProbeResult | undefined {
  if (!addresses.includes(ip)) return failed(`refused: ${ip} is not an address of the task`);
  return port > 0 && port <= 65535 ? undefined : failed(`refused: ${port} is not a port`);
}

/** A text from the other side, for people: at most 80 characters. */
export function oneLine(text: string): string {
  return foreignLine(text, 80);
}
