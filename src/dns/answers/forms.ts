import { EDNS_UDP_SIZE, HEADER_SIZE, PLAIN_UDP_SIZE, TYPE } from '../../wire/constants.js';
import { decodeMessage, type Message, type PlacedRecord } from '../../wire/message.js';
import { equalNames } from '../../wire/name.js';
import type { ReplyHead } from '../../wire/query-message.js';
import type { ResourceRecord } from '../../wire/resource-record.js';
import { composeReply, type ReplyBody } from '../../wire/reply.js';
import { rotateSets, type RandomBelow } from '../rotate.js';

/** The part of a reply after its question, and how it may vary. */
export interface Form {
  /** The second word of the header. */
  readonly flags: number;
  readonly answers: number;
  readonly authority: number;
  readonly additionals: number;
  /** The bytes in front of the rotating set, or all bytes. */
  readonly octets: Uint8Array;
  /** The set that may start anywhere; empty if there is none. */
  readonly records: readonly Uint8Array[];
}

/** A reply, compiled. */
export interface Forms {
  /** Groups with the same number of forms; later groups are for clients that accept less. */
  readonly groups: readonly (readonly Form[])[];
  /** Bytes after the question to the SOA's serial. */
  readonly serialAt?: number;
}

/** The reply sizes that clients accept without and with EDNS. Our OPT must fit too. */
const OPT_SIZE = 11;
const LIMITS = [EDNS_UDP_SIZE - OPT_SIZE, PLAIN_UDP_SIZE - OPT_SIZE] as const;

/** No limit; larger replies than these are not compiled. */
const MOST = 16_384;

/** The number of starting places of a set that cannot rotate by itself. */
const MAX_BEGINNINGS = 16;

/** Records of a set that rotates by itself. */
const MAX_SET = 512;

const ADDRESS_TYPES: ReadonlySet<number> = new Set([TYPE.A, TYPE.AAAA]);

/**
 * Compiles one of our own replies. The forms are what the pipeline would write for this head, for every limit and every
 * starting place.
 * @param head without an OPT
 * @returns undefined if it is too large, or its shape cannot be varied in place
 */
export function compileForms(head: ReplyHead, body: ReplyBody, randomBelow: RandomBelow): Forms | undefined {
  const whole = compose(head, body, MOST);
  if (!whole) return undefined;
  const serialAt = serialOf(whole);
  if (serialAt === 'several') return undefined;
  const placed = serialAt === undefined ? {} : { serialAt };
  const set = rotatingSet(whole);
  if (set) return { groups: [[rotating(whole, set)]], ...placed };
  const { answers = [] } = body;
  const beginnings = beginningsOf(answers, randomBelow);
  const groups: Form[][] = [];
  for (const limit of [MOST, ...LIMITS]) {
    if (groups.length > 0 && fits(groups.at(-1), head, limit)) continue;
    const forms: Form[] = [];
    for (const begin of beginnings) {
      const message = compose(head, { ...body, answers: rotateSets(answers, begin) }, limit);
      if (!message) return undefined;
      forms.push(plain(message));
    }
    groups.push(forms);
  }
  return { groups, ...placed };
}

/** A reply with fixed bytes, from an upstream. */
export function compileWhole(
  wire: Uint8Array,
): { readonly forms: Forms; readonly message: Message } | undefined {
  const decoded = decodeMessage(wire);
  if (!decoded.ok || wire.length > MOST) return undefined;
  return { forms: { groups: [[plain(decoded.message)]] }, message: decoded.message };
}

function compose(head: ReplyHead, body: ReplyBody, limit: number): Message | undefined {
  const { message, truncated } = composeReply(head, body, limit);
  if (truncated && limit === MOST) return undefined;
  const decoded = decodeMessage(new Uint8Array(message));
  return decoded.ok ? decoded.message : undefined;
}

function plain(message: Message): Form {
  const { flags, answers, authority, additionals, wire, questionsEnd } = message;
  return {
    flags,
    answers: answers.length,
    authority: authority.length,
    additionals: additionals.length,
    octets: wire.subarray(questionsEnd),
    records: [],
  };
}

interface RotatingSet {
  readonly begin: number;
  readonly records: readonly PlacedRecord[];
}

/** The addresses at the end of an answer, if nothing follows them and nothing else could rotate. */
function rotatingSet({ answers, authority, additionals }: Message): RotatingSet | undefined {
  const last = answers.at(-1);
  if (!last || authority.length + additionals.length > 0 || !ADDRESS_TYPES.has(last.type)) return undefined;
  const from = answers.findIndex((each) => each.type === last.type);
  const records = answers.slice(from);
  const isSet = records.every((each) => each.type === last.type && equalNames(each.owner, last.owner));
  // A CNAME is the only record of its owner, so the records in front do not rotate.
  if (!isSet || records.length < 2 || records.length > MAX_SET) return undefined;
  const [, second] = records;
  const [first] = records;
  if (!first || !second) return undefined;
  const size = second.end - first.end;
  const begin = first.end - size;
  const isEven = records.every((each, at) => each.end === begin + (at + 1) * size);
  // All owners must be pointers to one place, or the records could not change places.
  return isEven && size % 4 === 0 ? { begin, records } : undefined;
}

function rotating({ flags, answers, wire, questionsEnd }: Message, { begin, records }: RotatingSet): Form {
  const size = (records.at(-1)?.end ?? begin) - begin;
  const each = size / records.length;
  return {
    flags,
    answers: answers.length,
    authority: 0,
    additionals: 0,
    octets: wire.subarray(questionsEnd, begin),
    records: records.map((_, at) => wire.subarray(begin + at * each, begin + (at + 1) * each)),
  };
}

/** Chooses starting places: the same share of every set. */
function beginningsOf(answers: readonly ResourceRecord[], randomBelow: RandomBelow): RandomBelow[] {
  const counts = new Map<number, number>();
  for (const { type } of answers) counts.set(type, (counts.get(type) ?? 0) + 1);
  const most = Math.max(1, ...[...counts].filter(([type]) => type !== TYPE.CNAME).map(([, count]) => count));
  const count = Math.min(most, MAX_BEGINNINGS);
  const offset = count < most ? randomBelow(most) : 0;
  return Array.from(
    { length: count },
    (_, i) => (bound) => (Math.floor((i * bound) / count) + offset) % bound,
  );
}

function fits(forms: readonly Form[] | undefined, head: ReplyHead, limit: number): boolean {
  const question = HEADER_SIZE + (head.question ? head.question.name.length + 4 : 0);
  return (forms ?? []).every(({ octets }) => question + octets.length <= limit);
}

/** The offset of the serial of the only SOA. */
function serialOf({
  answers,
  authority,
  additionals,
  questionsEnd,
}: Message): number | 'several' | undefined {
  const all = [...answers, ...authority, ...additionals].filter(({ type }) => type === TYPE.SOA);
  const [only, ...more] = all;
  if (!only) return undefined;
  // Five 32-bit numbers end an SOA's rdata (RFC 1035 section 3.3.13); the serial is the first.
  return more.length > 0 ? 'several' : only.end - 20 - questionsEnd;
}
