import { readU16 } from '../wire/bytes.js';
import { CLASS, FLAG, HEADER_SIZE, OPCODE, RCODE, TYPE } from '../wire/constants.js';
import { parseQuery, type Query, type ReplyHead } from '../wire/query.js';

export type Transport = 'udp' | 'tcp';

/** Why a packet gets no answer: it has no ID to answer to, or it is itself a reply (a reflection loop). */
export type SilentReason = 'short' | 'response';

export type Verdict =
  | { readonly action: 'drop'; readonly reason: SilentReason }
  /** Refused before any data is looked at. `ra`: the question was read and understood. */
  | { readonly action: 'reply'; readonly rcode: number; readonly ra: boolean; readonly head: ReplyHead }
  | { readonly action: 'query'; readonly query: Query };

/**
 * What becomes of a packet, on every transport alike (RFC 8906):
 * - shorter than a header, or QR set: silence
 * - opcode other than QUERY: NOTIMP, a bare header with ID and opcode, whatever follows; so NOTIMP comes before BADVERS
 * - not one question, unreadable question, records, trailing octets, bad OPT: FORMERR, with the question and the OPT as
 *   far as they could be read
 * - EDNS version above 0: BADVERS (RFC 6891 section 6.1.3)
 * - class other than IN: REFUSED; the server's version is never told
 * - meta types: OPT, TKEY, TSIG and AXFR over UDP FORMERR; MAILA and MAILB NOTIMP; AXFR and IXFR REFUSED
 * - all else is a query; AA, TC, RA, Z and RCODE in it mean nothing (RFC 8906 section 3.1.3)
 */
export function accept(packet: Uint8Array, transport: Transport): Verdict {
  if (packet.length < HEADER_SIZE) return { action: 'drop', reason: 'short' };
  const flags = readU16(packet, 2);
  if ((flags & FLAG.QR) !== 0) return { action: 'drop', reason: 'response' };
  const opcode = (flags >> 11) & 0xf;
  if (opcode !== OPCODE.QUERY) {
    const head = { id: readU16(packet, 0), opcode, rd: false, cd: false, ad: false };
    return { action: 'reply', rcode: RCODE.NOTIMP, ra: false, head };
  }
  const parsed = parseQuery(packet);
  if (!parsed.ok) return { action: 'reply', rcode: RCODE.FORMERR, ra: false, head: parsed.head };
  const { query } = parsed;
  if (query.edns !== undefined && query.edns.version > 0) {
    return { action: 'reply', rcode: RCODE.BADVERS, ra: false, head: query };
  }
  const rcode =
    query.question.class === CLASS.IN ? metaTypeRcode(query.question.type, transport) : RCODE.REFUSED;
  return rcode === undefined ? { action: 'query', query } : { action: 'reply', rcode, ra: true, head: query };
}

function metaTypeRcode(type: number, transport: Transport): number | undefined {
  switch (type) {
    case TYPE.OPT:
    case TYPE.TKEY:
    case TYPE.TSIG:
      return RCODE.FORMERR;
    case TYPE.MAILA:
    case TYPE.MAILB:
      return RCODE.NOTIMP;
    case TYPE.AXFR:
      return transport === 'udp' ? RCODE.FORMERR : RCODE.REFUSED;
    case TYPE.IXFR:
      return RCODE.REFUSED;
    default:
      return undefined;
  }
}
