import { readU16 } from '../../wire/bytes.js';
import { CLASS, FLAG, MAX_MESSAGE_SIZE, RCODE, TYPE } from '../../wire/constants.js';
import { decodeMessage, type Message, type PlacedRecord } from '../../wire/message.js';
import { equalNames, isAtOrBelow, type DnsName } from '../../wire/name.js';
import { composeReply } from '../../wire/reply.js';

/** A longer chain is a loop or a mistake. */
const MAX_LINKS = 16;

export interface ScrubQuestion {
  readonly name: DnsName;
  readonly type: number;
  /** DO: the client wants signatures and proofs. */
  readonly dnssecOk: boolean;
}

export type Scrubbed =
  { readonly ok: true; readonly message: Message } | { readonly ok: false; readonly fault: 'loop' | 'size' };

/**
 * Extracts only what was asked for from an upstream's reply, so that nothing else is passed on or cached
 * (CVE-2025-11411, CVE-2025-40778):
 *
 * - the chain of CNAMEs from the question's name, in order
 * - the records of the type at the end of the chain
 * - for a denial, the SOA
 * - with DO, their signatures and the proofs
 *
 * A chain that reaches a name of ours ends there, whatever the upstream says about that name.
 *
 * Most replies contain nothing else, or only at the end, so their bytes are copied. Others are encoded again. The
 * result has one question and no OPT.
 * @param message a reply with its question, NOERROR or NXDOMAIN
 * @param ownNames lower case
 */
export function scrubReply(
  message: Message,
  question: ScrubQuestion,
  ownNames: readonly DnsName[],
): Scrubbed {
  const chain = followChain(message.answers, question, ownNames);
  if (chain === undefined) return { ok: false, fault: 'loop' };
  const own = chain.end === 'own';
  const authority = own ? [] : wantedAuthority(message.authority, chain, question, ownNames);
  // The response code belongs to the last name (RFC 6604 section 3). If that is ours, the upstream cannot know its
  // code.
  const rcode = own ? RCODE.NOERROR : message.rcode;
  const kept = { rcode, answers: chain.records, authority };
  const untouched =
    startsWith(message.authority, authority) &&
    (authority.length > 0
      ? sameRecords(message.answers, chain.records)
      : startsWith(message.answers, chain.records));
  return untouched ? { ok: true, message: copyPrefix(message, kept) } : rebuild(message, kept);
}

/**
 * A server without recursion names the servers that might know (RFC 2308 section 2.2). This is neither an answer nor a
 * denial.
 */
export function isReferral({ rcode, answers, authority }: Message): boolean {
  if (rcode !== RCODE.NOERROR || answers.length > 0) return false;
  return authority.some(({ type }) => type === TYPE.NS) && !authority.some(({ type }) => type === TYPE.SOA);
}

/** The same reply, but saying that the name has no such data. */
export function withoutData(message: Message): Message {
  // The removed data may have been authentic, but its absence is not.
  const flags = message.flags & ~FLAG.AD;
  return copyPrefix({ ...message, flags }, { rcode: RCODE.NOERROR, answers: [], authority: [] });
}

interface Chain {
  readonly records: readonly PlacedRecord[];
  /** The target of the last link. */
  readonly last: DnsName;
  /** What the chain ends in: records of the type, nothing, or a name of ours. */
  readonly end: 'data' | 'nothing' | 'own';
}

interface Kept {
  readonly rcode: number;
  readonly answers: readonly PlacedRecord[];
  readonly authority: readonly PlacedRecord[];
}

/** @returns undefined when the chain loops or is too long */
function followChain(
  answers: readonly PlacedRecord[],
  { name, type, dnssecOk }: ScrubQuestion,
  ownNames: readonly DnsName[],
): Chain | undefined {
  const records: PlacedRecord[] = [];
  const seen: DnsName[] = [];
  let last = name;
  const at = (wanted: number): PlacedRecord[] =>
    answers.filter((record) => {
      if (record.class !== CLASS.IN || !equalNames(record.owner, last)) return false;
      if (record.type === wanted || wanted === TYPE.ANY) return true;
      return dnssecOk && record.type === TYPE.RRSIG && coveredType(record) === wanted;
    });
  for (;;) {
    const data = at(type);
    if (data.some((record) => record.type === type || type === TYPE.ANY)) {
      records.push(...data);
      return { records, last, end: 'data' };
    }
    const [cname, ...signatures] = at(TYPE.CNAME).sort((a, b) => rank(a) - rank(b));
    if (cname?.rdata.kind !== 'cname') return { records, last, end: 'nothing' };
    if (dnssecOk) records.push(...redirections(answers, last));
    records.push(cname, ...signatures.filter((record) => record.type === TYPE.RRSIG));
    seen.push(last);
    last = cname.rdata.target;
    const target = last;
    if (ownNames.some((own) => isAtOrBelow(target, own))) return { records, last, end: 'own' };
    if (seen.length > MAX_LINKS || seen.some((passed) => equalNames(passed, target))) return undefined;
  }
}

const rank = ({ type }: PlacedRecord): number => (type === TYPE.CNAME ? 0 : 1);

/**
 * The DNAME from which a CNAME was synthesized, for validating clients: the CNAME itself is not signed (RFC 6672
 * section 3.1).
 */
function redirections(answers: readonly PlacedRecord[], name: DnsName): PlacedRecord[] {
  return answers.filter(
    (record) =>
      record.class === CLASS.IN &&
      (record.type === TYPE.DNAME || (record.type === TYPE.RRSIG && coveredType(record) === TYPE.DNAME)) &&
      isAtOrBelow(name, record.owner),
  );
}

const PROOFS: ReadonlySet<number> = new Set([TYPE.SOA, TYPE.NSEC, TYPE.NSEC3]);

function wantedAuthority(
  authority: readonly PlacedRecord[],
  { last, end }: Chain,
  { dnssecOk }: ScrubQuestion,
  ownNames: readonly DnsName[],
): readonly PlacedRecord[] {
  // A denial is valid for a zone that contains the name (RFC 2308 section 5).
  const soa = authority.find((record) => record.type === TYPE.SOA && isAtOrBelow(last, record.owner));
  const denial = end === 'nothing' ? soa : undefined;
  if (!dnssecOk) return denial?.class === CLASS.IN ? [denial] : [];
  return authority.filter((record) => {
    if (record.class !== CLASS.IN || ownNames.some((own) => isAtOrBelow(record.owner, own))) return false;
    if (record.type === TYPE.SOA) return record === denial;
    if (record.type === TYPE.RRSIG) return PROOFS.has(coveredType(record) ?? 0);
    return PROOFS.has(record.type);
  });
}

/** A signature's data begins with the covered type (RFC 4034 section 3.1). */
function coveredType({ rdata }: PlacedRecord): number | undefined {
  return rdata.kind === 'raw' && rdata.bytes.length > 2 ? readU16(rdata.bytes, 0) : undefined;
}

function startsWith(all: readonly PlacedRecord[], some: readonly PlacedRecord[]): boolean {
  return sameRecords(all.slice(0, some.length), some);
}

function sameRecords(a: readonly PlacedRecord[], b: readonly PlacedRecord[]): boolean {
  return a.length === b.length && a.every((record, at) => record === b[at]);
}

/** Compression pointers lead backwards, so a message that is cut after a record is complete. */
function copyPrefix(message: Message, { rcode, answers, authority }: Kept): Message {
  const { id, questions, questionsEnd } = message;
  const end = authority.at(-1)?.end ?? answers.at(-1)?.end ?? questionsEnd;
  const wire = new Uint8Array(message.wire.subarray(0, end));
  const flags = (message.flags & ~0xf & ~FLAG.TC) | rcode;
  const view = new DataView(wire.buffer);
  view.setUint16(2, flags);
  view.setUint16(6, answers.length);
  view.setUint16(8, authority.length);
  view.setUint16(10, 0);
  return { wire, id, flags, opcode: 0, rcode, questions, questionsEnd, answers, authority, additionals: [] };
}

function rebuild(message: Message, { rcode, answers, authority }: Kept): Scrubbed {
  const [question] = message.questions;
  const head = {
    id: message.id,
    opcode: 0,
    rd: true,
    cd: (message.flags & FLAG.CD) !== 0,
    ad: true,
    question,
  };
  const body = { rcode, ra: true, ad: (message.flags & FLAG.AD) !== 0, answers, authority };
  const reply = composeReply(head, body, MAX_MESSAGE_SIZE);
  const decoded = reply.truncated ? undefined : decodeMessage(reply.message);
  return decoded?.ok ? { ok: true, message: decoded.message } : { ok: false, fault: 'size' };
}
