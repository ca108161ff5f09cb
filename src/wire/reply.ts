import { EDNS_OPTION, EDNS_UDP_SIZE, FLAG, MAX_MESSAGE_SIZE, PLAIN_UDP_SIZE, RCODE } from './constants.js';
import { optSize, type Edns, type EdnsOption } from './edns.js';
import { equalNames } from './name.js';
import type { ReplyHead } from './query-message.js';
import type { ResourceRecord } from './resource-record.js';
import { MessageWriter } from './writer.js';

/** An extended DNS error (RFC 8914). Its text is cut to 64 octets. */
export interface ExtendedError {
  readonly code: number;
  readonly text?: string;
}

export interface ReplyBody {
  /** Extended codes require a client with EDNS. */
  readonly rcode: number;
  readonly aa?: boolean | undefined;
  /** Recursion available. True in every reply to a question that was processed. */
  readonly ra?: boolean | undefined;
  readonly ad?: boolean | undefined;
  readonly answers?: readonly ResourceRecord[] | undefined;
  readonly authority?: readonly ResourceRecord[] | undefined;
  /** Optional data. */
  readonly additionals?: readonly ResourceRecord[] | undefined;
  readonly ede?: ExtendedError | undefined;
}

export interface Reply {
  readonly message: Buffer;
  /** Whether TC is set because answers or authority did not fit. */
  readonly truncated: boolean;
}

const MAX_EDE_TEXT = 64;

/**
 * The largest reply for a client: over UDP 512 bytes without EDNS, otherwise the requested size up to 1232; over TCP
 * 65535.
 */
export function replyLimit(transport: 'udp' | 'tcp', edns: Edns | undefined): number {
  if (transport === 'tcp') return MAX_MESSAGE_SIZE;
  return edns === undefined
    ? PLAIN_UDP_SIZE
    : Math.min(Math.max(edns.udpSize, PLAIN_UDP_SIZE), EDNS_UDP_SIZE);
}

/**
 * The second word of a reply's header, with opcode, RD and CD as in the query (RFC 1035 section 4.1.1, RFC 6840 section
 * 5.9).
 */
export function replyFlags(
  head: ReplyHead,
  body: Pick<ReplyBody, 'aa' | 'ra' | 'ad'>,
  rcode: number,
): number {
  return (
    FLAG.QR |
    ((head.opcode & 0xf) << 11) |
    (head.rd ? FLAG.RD : 0) |
    (head.cd ? FLAG.CD : 0) |
    (body.aa ? FLAG.AA : 0) |
    (body.ra ? FLAG.RA : 0) |
    (body.ad ? FLAG.AD : 0) |
    (rcode & 0xf)
  );
}

const NO_OPTIONS: readonly EdnsOption[] = [];

/**
 * The OPT of a reply: our size and version, DO as in the query (RFC 3225 section 3), without the client's own options.
 */
export function replyOpt(
  asked: Edns,
  rcode: number,
  options: readonly EdnsOption[] = NO_OPTIONS,
  ede?: ExtendedError,
): Edns {
  return {
    udpSize: EDNS_UDP_SIZE,
    extendedRcode: rcode >> 4,
    version: 0,
    dnssecOk: asked.dnssecOk,
    options: ede ? [...options, edeOption(ede)] : options,
  };
}

function edeOption({ code, text = '' }: ExtendedError): EdnsOption {
  const data = Buffer.alloc(2 + MAX_EDE_TEXT);
  data.writeUInt16BE(code, 0);
  return { code: EDNS_OPTION.EDE, data: data.subarray(0, 2 + data.write(text, 2, 'utf8')) };
}

const writer = new MessageWriter();

/**
 * Writes a reply of at most `limit` octets (512 or more), with an OPT if and only if the query had one (RFC 6891
 * section 7). If it does not fit, parts are dropped in this order:
 *
 * 1. the extended error
 * 2. additionals, in whole sets and without TC (RFC 2181 section 9)
 * 3. answers, starting with the last one, with TC
 * @param options for a client with EDNS, in addition to the extended error; at most 200 bytes, so that they always fit
 */
export function composeReply(
  head: ReplyHead,
  body: ReplyBody,
  limit: number,
  options: readonly EdnsOption[] = NO_OPTIONS,
): Reply {
  const { edns } = head;
  if (edns !== undefined && body.ede !== undefined) {
    const full = attempt(head, body, limit, replyOpt(edns, body.rcode, options, body.ede));
    if (full.complete) return full;
  }
  return attempt(head, body, limit, edns && replyOpt(edns, body.rcode, options));
}

/**
 * A reply without data and with TC, which makes the client ask again over TCP. @param options as in {@link
 * composeReply}
 */
export function truncatedReply(
  head: ReplyHead,
  body: Pick<ReplyBody, 'rcode' | 'ra'>,
  options: readonly EdnsOption[] = NO_OPTIONS,
): Buffer {
  const rcode = rcodeFor(head, body.rcode);
  writer.start(head.id, replyFlags(head, body, rcode), PLAIN_UDP_SIZE);
  if (head.question) writer.question(head.question);
  if (head.edns) writer.opt(replyOpt(head.edns, rcode, options));
  return writer.finish({ truncated: true });
}

/** The upper bits of an extended code are in the OPT. */
function rcodeFor({ edns }: ReplyHead, rcode: number): number {
  return rcode > 0xf && edns === undefined ? RCODE.SERVFAIL : rcode;
}

function attempt(
  head: ReplyHead,
  body: ReplyBody,
  limit: number,
  opt: Edns | undefined,
): Reply & { complete: boolean } {
  const rcode = rcodeFor(head, body.rcode);
  writer.start(head.id, replyFlags(head, body, rcode), limit - (opt ? optSize(opt.options) : 0));
  if (head.question) writer.question(head.question);
  const fits =
    (body.answers ?? []).every((record) => writer.record('answer', record)) &&
    (body.authority ?? []).every((record) => writer.record('authority', record));
  let complete = fits;
  if (fits) {
    for (const set of recordSets(body.additionals ?? []))
      complete = writer.group('additional', set) && complete;
  }
  if (opt) writer.opt(opt);
  return { message: writer.finish({ truncated: !fits }), truncated: !fits, complete };
}

/** Runs of records with the same owner and type. A client would take half a set for the whole. */
function recordSets(records: readonly ResourceRecord[]): ResourceRecord[][] {
  const sets: ResourceRecord[][] = [];
  for (const record of records) {
    const set = sets.at(-1);
    const [first] = set ?? [];
    if (set && first?.type === record.type && equalNames(first.owner, record.owner)) set.push(record);
    else sets.push([record]);
  }
  return sets;
}
