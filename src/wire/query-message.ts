import { readU16 } from './bytes.js';
import { EDNS_UDP_SIZE, FLAG, HEADER_SIZE, OPCODE } from './constants.js';
import { optSize, readOpt, writeOpt, type Edns, type EdnsOption } from './edns.js';
import { readName, type DnsName } from './name.js';

export interface WireQuestion {
  /** As sent, keeping case (draft-vixie-dnsext-dns0x20). A view of the packet, if it was read from one. */
  readonly name: DnsName;
  readonly type: number;
  readonly class: number;
}

/** What a reply repeats from the message that it answers. */
export interface ReplyHead {
  readonly id: number;
  readonly opcode: number;
  readonly rd: boolean;
  readonly cd: boolean;
  /** Whether the client wants to see AD (RFC 6840 section 5.7). */
  readonly ad: boolean;
  /** Undefined if the question could not be read. The reply then has none. */
  readonly question?: WireQuestion | undefined;
  /** Set if the message had a readable OPT. The reply then has one too. */
  readonly edns?: Edns | undefined;
}

/** A well-formed query. Names and options are views of the packet; see {@link copyQuery}. */
export interface Query extends ReplyHead {
  readonly question: WireQuestion;
  /** The offset after QNAME, where QTYPE begins. */
  readonly nameEnd: number;
}

/**
 * Why a message is not a valid query.
 * - `no-question`: only an OPT; RFC 7873 section 5.4 gives that a meaning
 * - `question-count`: not exactly one question (RFC 9619)
 * - `question`: QNAME or what follows it cannot be read; a compression pointer in QNAME is always wrong
 * - `sections`: records in sections that are empty in a query
 * - `additional`: the additional record is missing, or is not an OPT of the root
 * - `options`: malformed EDNS options, or too many of them
 * - `trailing`: octets after the last counted record
 */
export type QueryFault =
  'no-question' | 'question-count' | 'question' | 'sections' | 'additional' | 'options' | 'trailing';

export type QueryResult =
  | { readonly ok: true; readonly query: Query }
  /** `head` contains the question and the OPT as far as they could be read. */
  | { readonly ok: false; readonly fault: QueryFault; readonly head: ReplyHead };

/**
 * Reads a query of opcode QUERY: header, one question, at most one OPT, nothing else. @param packet 12 bytes or more
 */
export function parseQuery(packet: Uint8Array): QueryResult {
  const id = readU16(packet, 0);
  const flags = readU16(packet, 2);
  const questions = readU16(packet, 4);
  const records = readU16(packet, 6) + readU16(packet, 8);
  const additionals = readU16(packet, 10);
  const opcode = OPCODE.QUERY;
  const rd = (flags & FLAG.RD) !== 0;
  const cd = (flags & FLAG.CD) !== 0;
  const ad = (flags & FLAG.AD) !== 0;
  const fail = (fault: QueryFault, question?: WireQuestion, edns?: Edns): QueryResult => ({
    ok: false,
    fault,
    head: { id, opcode, rd, cd, ad, question, edns },
  });
  if (questions !== 1) {
    const opt =
      questions === 0 && records === 0 && additionals === 1 ? readOpt(packet, HEADER_SIZE) : undefined;
    if (!opt?.ok) return fail('question-count');
    return fail(opt.end === packet.length ? 'no-question' : 'question-count', undefined, opt.edns);
  }
  const qname = readName(packet, HEADER_SIZE, { pointers: false });
  if (!qname.ok || qname.end + 4 > packet.length) return fail('question');
  const nameEnd = qname.end;
  const question = { name: qname.name, type: readU16(packet, nameEnd), class: readU16(packet, nameEnd + 2) };
  if (records !== 0 || additionals > 1) return fail('sections', question);
  let end = nameEnd + 4;
  let edns: Edns | undefined;
  if (additionals === 1) {
    const opt = readOpt(packet, end);
    if (!opt.ok)
      return opt.fault === 'options' ? fail('options', question, opt.edns) : fail('additional', question);
    edns = opt.edns;
    end = opt.end;
  }
  if (end !== packet.length) return fail('trailing', question, edns);
  return { ok: true, query: { id, opcode, rd, cd, ad, question, edns, nameEnd } };
}

/** A copy of the query without views of its packet, for a later answer. */
export function copyQuery(query: Query): Query {
  const question = { ...query.question, name: new Uint8Array(query.question.name) };
  if (query.edns === undefined) return { ...query, question };
  const options = query.edns.options.map(({ code, data }) => ({ code, data: new Uint8Array(data) }));
  return { ...query, question, edns: { ...query.edns, options } };
}

export interface QueryFields {
  readonly id: number;
  readonly question: WireQuestion;
  readonly rd?: boolean;
  readonly ad?: boolean;
  readonly cd?: boolean;
  /** Undefined: no OPT. */
  readonly edns?: { readonly dnssecOk: boolean; readonly options: readonly EdnsOption[] };
}

/** The wire form of a query. It advertises a UDP size of 1232. */
export function encodeQuery({ id, question, rd = true, ad = false, cd = false, edns }: QueryFields): Buffer {
  const nameEnd = HEADER_SIZE + question.name.length;
  const buffer = Buffer.alloc(nameEnd + 4 + (edns ? optSize(edns.options) : 0));
  buffer.writeUInt16BE(id, 0);
  buffer.writeUInt16BE((rd ? FLAG.RD : 0) | (ad ? FLAG.AD : 0) | (cd ? FLAG.CD : 0), 2);
  buffer.writeUInt16BE(1, 4);
  buffer.set(question.name, HEADER_SIZE);
  buffer.writeUInt16BE(question.type, nameEnd);
  buffer.writeUInt16BE(question.class, nameEnd + 2);
  if (edns) {
    buffer.writeUInt16BE(1, 10);
    writeOpt(buffer, nameEnd + 4, { ...edns, udpSize: EDNS_UDP_SIZE, extendedRcode: 0, version: 0 });
  }
  return buffer;
}
