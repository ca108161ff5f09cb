import { readU16 } from '../wire/bytes.js';
import { CLASS, EDNS_OPTION, FLAG, HEADER_SIZE, OPCODE, RCODE, TYPE } from '../wire/constants.js';
import { isCookieLength } from '../wire/cookie.js';
import { findOption, type Edns } from '../wire/edns.js';
import { parseQuery, type Query, type ReplyHead } from '../wire/query-message.js';

export type Transport = 'udp' | 'tcp';

/** Why a packet gets no answer: it has no ID to answer to, or it is itself a reply (a reflection loop). */
export type SilentReason = 'short' | 'response';

export type Verdict =
  | { readonly action: 'drop'; readonly reason: SilentReason }
  /** Refused before any lookup. `ra`: the question was read and understood. */
  | { readonly action: 'reply'; readonly rcode: number; readonly ra: boolean; readonly head: ReplyHead }
  /** No question, but a cookie: the client only wants a server cookie (RFC 7873 section 5.4). */
  | { readonly action: 'cookie'; readonly head: ReplyHead }
  | { readonly action: 'query'; readonly query: Query };

/**
 * Classifies a packet, in the same way for every transport (RFC 8906):
 * - shorter than a header, or QR set: silence
 * - opcode other than QUERY: NOTIMP, a bare header with ID and opcode, whatever follows; so NOTIMP comes before BADVERS
 * - no single question, unreadable question, records, trailing bytes, bad OPT: FORMERR, with the question and the OPT
 *   if they could be read
 * - no question, but an OPT with a cookie: the cookie is answered
 * - EDNS version above 0: BADVERS (RFC 6891 section 6.1.3)
 * - a cookie of an invalid length: FORMERR (RFC 7873 section 5.2.2)
 * - class other than IN: REFUSED; the server's version is never revealed
 * - meta types: OPT, TKEY, TSIG and AXFR over UDP FORMERR; MAILA and MAILB NOTIMP; AXFR and IXFR REFUSED
 * - everything else is a query; its AA, TC, RA, Z and RCODE are ignored (RFC 8906 section 3.1.3)
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
  if (!parsed.ok) {
    const { head, fault } = parsed;
    const asksForCookie = fault === 'no-question' && head.edns?.version === 0;
    if (asksForCookie && cookieFault(head.edns) === 'none') return { action: 'cookie', head };
    return { action: 'reply', rcode: RCODE.FORMERR, ra: false, head };
  }
  const { query } = parsed;
  if (query.edns !== undefined && query.edns.version > 0) {
    return { action: 'reply', rcode: RCODE.BADVERS, ra: false, head: query };
  }
  if (cookieFault(query.edns) === 'length') {
    return { action: 'reply', rcode: RCODE.FORMERR, ra: false, head: query };
  }
  const rcode =
    query.question.class === CLASS.IN ? metaTypeRcode(query.question.type, transport) : RCODE.REFUSED;
  return rcode === undefined ? { action: 'query', query } : { action: 'reply', rcode, ra: true, head: query };
}

function cookieFault(edns: Edns | undefined): 'absent' | 'length' | 'none' {
  const cookie = findOption(edns, EDNS_OPTION.COOKIE);
  if (cookie === undefined) return 'absent';
  return isCookieLength(cookie.length) ? 'none' : 'length';
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
