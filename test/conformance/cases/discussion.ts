import type { ConformanceCase, ReferenceName } from '../model.js';

type Notes = NonNullable<ConformanceCase['differs']>;

/** What references do otherwise at a row, and why the row stands. */
export function but(differs: Notes): { readonly differs: Notes } {
  return { differs };
}

/** A row that only a resolver can be asked. */
export const resolversOnly: { readonly unasked: Notes } = {
  unasked: { knot: 'it is authoritative only' },
};

/** The same note for several references. */
export function all(note: string, ...names: readonly ReferenceName[]): Notes {
  return Object.fromEntries(names.map((name) => [name, note]));
}

// Notes that several rows share. Each says what the reference does, then why the expectation stands.

export const UNREADABLE_SILENT =
  'Silent. A bare FORMERR spares a client with a bug the whole of its time-out; it is smaller than the query and so of no use to a reflector.';

export const UNREADABLE_SENT_BACK =
  'FORMERR with the unreadable question behind the header, so that the reply cannot be read either. A bare header can (RFC 8906 section 3).';

export const ECHOES =
  'The same code, and echoes the question. Both are in use; what was not looked at is not sent back.';

export const OPCODE_ECHOED =
  'NOTIMP with the question and RD echoed. RD has no meaning outside QUERY (RFC 1035 section 4.1.1), and genreport’s "opcodeflg" test counts it as a fault.';

export const LENIENT_SECTIONS =
  'Answers, and passes over the record. A query has none there; to look at it is work that only an attacker asks for (miekg/dns refuses it too).';

export const LENIENT_TRAILING =
  'Answers, and passes over the octets. Nothing that was not read may be forwarded or come into a cache key.';

export const ODD_OPT_ECHOED =
  'FORMERR with RA and an OPT, though the query had none that could be read. An OPT answers an OPT (RFC 6891 section 7).';

export const RECORDS_ECHOED = 'FORMERR with the records of the query sent back. A refusal carries nothing.';

export const NO_RA =
  'The same, without RA. RA says what the server offers, not what this query got (RFC 1035 section 4.1.1); a reply with neither RA nor AA looks lame to glibc and Go.';

export const TELLS_VERSION = 'Answers. Version and host name are nobody’s business but the operator’s.';

export const NO_EDE = 'The same code without an extended error, which is optional (RFC 8914 section 2).';

export const TC_EMPTY =
  'TC without records. Both are legal (RFC 2181 section 9); musl before 1.2.4 knows no TCP and uses what there is.';

export const ONE_RRSET =
  'One RRset (RFC 8482 section 4.1). HINFO (section 4.2) is the other legal answer, and the smallest for every name.';

export const NO_CHASE =
  'The CNAME alone: an authoritative answer ends at the zone’s edge. A stub cannot go on by itself, so a server that offers recursion follows it.';

export const ASKS_UPSTREAM =
  'Asks upstream. These names have no meaning there, and what they are asked for tells others what runs here.';

export const LOOP_NOERROR =
  'NOERROR with the CNAMEs. A stub takes it for a name without addresses; SERVFAIL says that something is wrong.';

export const DS_AT_PARENT =
  'Asks the parent, whose record DS is (RFC 4035 section 3.1.4.1). Nobody delegates `rancher.internal`, so there is no parent to ask; the question may not leave.';

export const NO_COOKIES =
  'Does not do cookies here, so that the option is one of those that are passed over.';
