import { FLAG, RCODE, rcodeName, typeName } from '../../wire/constants.js';
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

/** One reply. All texts are printable ASCII, whatever the query contained. */
export interface QueryLogEntry {
  readonly client: string;
  readonly transport: Transport;
  /** Presentation format (RFC 1035 section 5.1), with the case of the question. Undefined if it could not be read. */
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

/** Whether to sample a query. @param random returns a number from 0 up to but excluding 1 */
export function isSampled({ sample = 1 }: QueryLogOptions, random: () => number): boolean {
  return sample >= 1 || random() < sample;
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
  readonly message: Uint8Array;
  readonly ms: number;
}

export function queryLogEntry({ client, question, rcode, source, message, ms }: LoggedReply): QueryLogEntry {
  return {
    client: client.address,
    transport: client.transport,
    ...(question && { name: nameToText(question.name), type: typeName(question.type) }),
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
