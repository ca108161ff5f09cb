import { EDNS_UDP_SIZE, HEADER_SIZE, PLAIN_UDP_SIZE, TYPE } from '../../wire/constants.js';
import { decodeMessage, type Message, type PlacedRecord } from '../../wire/message.js';
import { equalNames } from '../../wire/name.js';
import type { ReplyHead } from '../../wire/query.js';
import type { ResourceRecord } from '../../wire/records.js';
import { composeReply, type ReplyBody } from '../../wire/reply.js';
import { rotateSets, type RandomBelow } from '../rotate.js';

/** A reply after its question, and how it may be varied. */
export interface Form {
  /** The second word of the header. */
  readonly flags: number;
  readonly answers: number;
  readonly authority: number;
  readonly additionals: number;
  /** What is in front of the rotating set, or everything. */
  readonly octets: Uint8Array;
  /** The set that may begin anywhere; empty for none. */
  readonly records: readonly Uint8Array[];
}

/** A reply, compiled. */
export interface Forms {
  /** Groups of the same number of forms each; later groups are for clients that have less room. */
  readonly groups: readonly (readonly Form[])[];
  /** Bytes after the question to the SOA's serial. */
  readonly serialAt?: number;
}

/** The room that clients without EDNS, and with, have for a reply; an OPT of ours must fit too. */
const OPT_SIZE = 11;
const LIMITS = [EDNS_UDP_SIZE - OPT_SIZE, PLAIN_UDP_SIZE - OPT_SIZE] as const;

/** No limit: larger replies than these are not compiled. */
const MOST = 16_384;

/** Places at which a set that cannot rotate by itself begins. */
const MAX_BEGINNINGS = 16;

/** Records of a set that rotates by itself. */
const MAX_SET = 512;

const ADDRESS_TYPES: ReadonlySet<number> = new Set([TYPE.A, TYPE.AAAA]);

/**
 * Compiles a reply of our own: the forms are what the pipeline itself would write for this head, at every limit and begun at every
 * place.
 * @param head without an OPT
 * @returns undefined when it is too large, or of a shape that cannot be varied in place
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

/** A reply whose bytes are as they are: what an upstream said. */
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

/** The addresses that an answer ends in, when nothing comes after them and nothing else could rotate. */
function rotatingSet({ answers, authority, additionals }: Message): RotatingSet | undefined {
  const last = answers.at(-1);
  if (!last || authority.length + additionals.length > 0 || !ADDRESS_TYPES.has(last.type)) return undefined;
  const from = answers.findIndex((each) => each.type === last.type);
  const records = answers.slice(from);
  const isSet = records.every((each) => each.type === last.type && equalNames(each.owner, last.owner));
  // CNAMEs are alone under their owners, so what is in front does not rotate.
  if (!isSet || records.length < 2 || records.length > MAX_SET) return undefined;
  const [, second] = records;
  const [first] = records;
  if (!first || !second) return undefined;
  const size = second.end - first.end;
  const begin = first.end - size;
  const isEven = records.every((each, at) => each.end === begin + (at + 1) * size);
  // All owners are pointers to one place, or the records could not change theirs.
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

/** For each beginning a choice of places: the same share of every set. */
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

/** Where the serial of the one SOA is. */
function serialOf({
  answers,
  authority,
  additionals,
  questionsEnd,
}: Message): number | 'several' | undefined {
  const all = [...answers, ...authority, ...additionals].filter(({ type }) => type === TYPE.SOA);
  const [only, ...more] = all;
  if (!only) return undefined;
  // Five numbers of 32 bits end an SOA's rdata (RFC 1035 section 3.3.13); the serial is the first.
  return more.length > 0 ? 'several' : only.end - 20 - questionsEnd;
}
