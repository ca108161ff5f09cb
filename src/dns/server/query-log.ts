import { FLAG, RCODE, rcodeName, typeName } from '../../wire/constants.js';
import { readU16 } from '../../wire/bytes.js';
import { nameToText } from '../../wire/name-text.js';
import type { WireQuestion } from '../../wire/query.js';
import type { Transport } from '../accept.js';

/** How a query ended: with data (or a sign to ask over TCP), with NXDOMAIN or NODATA, or with another code. */
export type ReplyClass = 'success' | 'denial' | 'error';

export const REPLY_CLASSES: readonly ReplyClass[] = ['success', 'denial', 'error'];

/** One reply. Every text is printable ASCII, whatever the query had in it. */
export interface QueryLogEntry {
  readonly client: string;
  readonly transport: Transport;
  /** Presentation format (RFC 1035 section 5.1), in the case of the question; absent when it could not be read. */
  readonly name?: string;
  readonly type?: string;
  readonly rcode: string;
  readonly source: 'own' | 'upstream';
  /** Of the reply. */
  readonly octets: number;
  /** From the query to the reply, in ms. */
  readonly ms: number;
  readonly truncated: boolean;
}

export interface QueryLogOptions {
  readonly write: (entry: QueryLogEntry) => void;
  /** The share of the queries that is looked at, 0 to 1; all by default. */
  readonly sample?: number | undefined;
  /** All by default. */
  readonly classes?: readonly ReplyClass[] | undefined;
}

/** Whether a query is looked at. @param random from 0 up to, and without, 1 */
export function isSampled({ sample = 1 }: QueryLogOptions, random: () => number): boolean {
  return sample >= 1 || random() < sample;
}

/** Whether a reply that was looked at is written. */
export function isWanted(
  { classes = REPLY_CLASSES }: QueryLogOptions,
  rcode: number,
  reply: Uint8Array,
): boolean {
  return classes.includes(replyClass(rcode, reply));
}

/** @param rcode with the upper bits that the header has no room for */
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
