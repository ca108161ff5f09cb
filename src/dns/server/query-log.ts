import { FLAG, RCODE, rcodeName, typeName } from '../../wire/constants.js';
import type { Upstream } from '../../net/upstream.js';
import { readU16 } from '../../wire/bytes.js';
import { nameToText } from '../../wire/name-text.js';
import type { WireQuestion } from '../../wire/query-message.js';
import type { Transport } from '../accept.js';

/**
 * How a query ended: with data (or TC, which makes the client ask over TCP), with NXDOMAIN or NODATA, or with another
 * code.
 */
export type ReplyClass = 'success' | 'denial' | 'error';

export const REPLY_CLASSES: readonly ReplyClass[] = ['success', 'denial', 'error'];

/** What of a query is kept to oneself: nothing, who asked, or also which name. */
export type QueryPrivacy = 'off' | 'no-clients' | 'no-names';

/** One reply. All texts are printable ASCII, whatever the query contained. */
export interface QueryLogEntry {
  /** Undefined: it is not logged. */
  readonly client?: string;
  readonly transport: Transport;
  /**
   * Presentation format (RFC 1035 section 5.1), with the case of the question. Undefined if it could not be read, or is
   * not logged.
   */
  readonly name?: string;
  readonly type?: string;
  readonly rcode: string;
  readonly source: 'own' | 'upstream';
  /** Size of the reply in bytes. */
  readonly octets: number;
  /** Time from the query to the reply, in ms. */
  readonly ms: number;
  readonly truncated: boolean;
}

export interface QueryLogOptions {
  readonly write: (entry: QueryLogEntry) => void;
  /** The share of queries to sample, 0 to 1; by default all. */
  readonly sample?: number | undefined;
  /** All by default. */
  readonly classes?: readonly ReplyClass[] | undefined;
}

/** Who looks at a reply. */
export interface Lookers {
  readonly log: boolean;
  readonly watch: boolean;
}

/**
 * Decides who looks at the reply to a query. The threads that answer draw for both together, with the larger share.
 * @param shares of the log and of the people who watch, 0 to 1
 * @param sampled what a thread has drawn; undefined: none has
 * @param random returns a number from 0 up to but excluding 1
 * @returns undefined: neither of them
 */
export function drawLookers(
  shares: { readonly log: number; readonly watch: number },
  sampled: boolean | undefined,
  random: () => number,
): Lookers | undefined {
  const most = Math.max(shares.log, shares.watch);
  if (most === 0 || sampled === false) return undefined;
  const scale = sampled === true ? most : 1;
  const isOpen = [shares.log, shares.watch].some((share) => share > 0 && share < scale);
  const drawn = isOpen ? random() * scale : 0;
  // One draw for both: the one with the larger share sees all that the other sees.
  const [log, watch] = [drawn < shares.log, drawn < shares.watch];
  return log || watch ? { log, watch } : undefined;
}

/** Whether to log a sampled reply. */
export function isWanted(
  { classes = REPLY_CLASSES }: QueryLogOptions,
  rcode: number,
  reply: Uint8Array,
): boolean {
  return classes.includes(replyClass(rcode, reply));
}

/** @param rcode including the upper bits that do not fit into the header */
export function replyClass(rcode: number, reply: Uint8Array): ReplyClass {
  if (rcode === RCODE.NXDOMAIN) return 'denial';
  if (rcode !== RCODE.NOERROR) return 'error';
  return readU16(reply, 6) > 0 || isTruncated(reply) ? 'success' : 'denial';
}

export interface LoggedReply {
  readonly client: { readonly address: string; readonly transport: Transport };
  readonly question?: WireQuestion | undefined;
  readonly rcode: number;
  readonly source: 'own' | 'upstream';
  /** Whether the answer of the upstream was known already. */
  readonly isCached?: boolean;
  /** The server that gave the answer, now or earlier. */
  readonly upstream?: Upstream | undefined;
  readonly message: Uint8Array;
  readonly ms: number;
}

export function queryLogEntry(
  { client, question, rcode, source, message, ms }: LoggedReply,
  privacy: QueryPrivacy = 'off',
): QueryLogEntry {
  return {
    ...(privacy === 'off' && { client: client.address }),
    transport: client.transport,
    ...(question && privacy !== 'no-names' && { name: nameToText(question.name) }),
    ...(question && { type: typeName(question.type) }),
    rcode: rcodeName(rcode),
    source,
    octets: message.length,
    ms,
    truncated: isTruncated(message),
  };
}

/** Whether TC is set. */
export function isTruncated(reply: Uint8Array): boolean {
  return (readU16(reply, 2) & FLAG.TC) !== 0;
}
