import * as wire from '../../wire/constants.js';
import { Clients } from './clients.js';
import * as entryShape from './entry.js';
import type { Store } from './store.js';
import type { Tally } from './tally.js';
import type { Versions } from './versions.js';

// An imported value is looked up at each use, but V8 compiles a constant of this file into the code.
const { EDNS_UDP_SIZE, PLAIN_UDP_SIZE } = wire;
const { ANSWER_BODY, FORM, HEAD, lowerWord, mix, NEVER, WISH } = entryShape;

/** The result of {@link Answerer.answer} if the main thread has to answer. */
export const MISS = 0;

/** The second word of a header with one question and no answers, as it lies in memory (little-endian). */
const ONE_QUESTION = 0x00000100;
/** The third word: no authority, one additional record. */
const ONE_ADDITIONAL = 0x01000000;
/** ARCOUNT + 1, in the third word. */
const ONE_MORE = 0x01000000;
/** QR and OPCODE, in the first word. */
const NOT_A_QUERY = 0x00f80000;
/** TC, in the first word. */
const TRUNCATED = 0x00020000;

const HEADER = 12;
const OPT = 11;
const MAX_NAME = 255;
const TYPE_OPT = 41;

export interface AnswererOptions {
  readonly store: Store;
  readonly versions: Versions;
  readonly tally: Tally;
  /** The memory of the packets, as bytes and as words. */
  readonly octets: Uint8Array;
  readonly words: Int32Array;
  /** The seed of the generator that decides where sets begin; not 0. */
  readonly seed: number;
}

/** Answers queries from compiled answers, on memory alone. */
export interface Answerer {
  /** Starts a batch, which sees everything published so far. @param now in seconds, from the clock of the entries */
  begin(now: number): void;
  /**
   * Decides at random whether the query log samples the next query, which is then not answered here. Uses the share at
   * the last {@link Answerer.begin}.
   */
  isSampled(): boolean;
  /**
   * Turns a query into its reply.
   * @param at its offset in bytes, a multiple of 4, with space for 1232 bytes and a few more
   * @param length of the query
   * @param nameAt the offset of the client's `sockaddr` in bytes, a multiple of 4
   * @returns bytes of the reply; {@link MISS} if there is none, and the query is unchanged
   */
  answer(at: number, length: number, nameAt: number): number;
}

/**
 * Answers queries in place, without creating objects. The only part of the DNS that it knows is how to read the
 * simplest kind of query. The answers come from the general pipeline and were made for exactly this question.
 * Everything else (options, opcodes, malformed packets, unknown clients and names) is a miss.
 *
 * These are functions that share variables instead of a class, because a thread creates them once. V8 then treats the
 * shared variables, above all the memory, as constants, unlike fields of an object. That saves a quarter of the cost of
 * a query.
 */
export function createAnswerer({ store, versions, tally, octets, words, seed }: AnswererOptions): Answerer {
  const { key, words: source } = store;
  const clients = new Clients(store, words);
  let random = seed;
  let revision = 0;
  let seconds = 0;
  let sample = 0;

  function begin(now: number): void {
    seconds = Math.floor(now);
    revision = store.refresh();
    sample = versions.sample;
  }

  function isSampled(): boolean {
    return sample !== 0 && next() < sample;
  }

  function answer(at: number, length: number, nameAt: number): number {
    const first = at >> 2;
    const head = words[first] ?? 0;
    if (length < HEADER + 5 || (head & NOT_A_QUERY) !== 0 || words[first + 1] !== ONE_QUESTION) return MISS;
    const additionals = words[first + 2] ?? 0;
    if (additionals !== 0 && additionals !== ONE_ADDITIONAL) return MISS;

    // QNAME, without compression; `nameEnd` is after its root.
    const end = at + length;
    let nameEnd = at + HEADER;
    for (;;) {
      const label = octets[nameEnd] ?? 0;
      nameEnd++;
      if (label === 0) break;
      if (label > 63) return MISS;
      nameEnd += label;
      if (nameEnd >= end) return MISS;
    }
    const nameOctets = nameEnd - at - HEADER;
    const questionEnd = nameEnd + 4;
    if (nameOctets > MAX_NAME || questionEnd > end) return MISS;
    if (octets[nameEnd + 2] !== 0 || octets[nameEnd + 3] !== 1) return MISS;
    const type = ((octets[nameEnd] ?? 0) << 8) | (octets[nameEnd + 1] ?? 0);

    let wishes = ((head >>> 16) & 1) | ((head >>> 28) & WISH.AD) | ((head >>> 26) & WISH.CD);
    let limit = PLAIN_UDP_SIZE;
    let opt = 0;
    if (additionals === 0) {
      if (questionEnd !== end) return MISS;
    } else {
      // An OPT of the root, version 0, without options.
      const isPlain =
        questionEnd + OPT === end &&
        octets[questionEnd] === 0 &&
        octets[questionEnd + 1] === 0 &&
        octets[questionEnd + 2] === TYPE_OPT &&
        octets[questionEnd + 6] === 0 &&
        octets[questionEnd + 9] === 0 &&
        octets[questionEnd + 10] === 0;
      if (!isPlain) return MISS;
      const size = ((octets[questionEnd + 3] ?? 0) << 8) | (octets[questionEnd + 4] ?? 0);
      limit = size > EDNS_UDP_SIZE ? EDNS_UDP_SIZE : size > PLAIN_UDP_SIZE ? size : PLAIN_UDP_SIZE;
      if (((octets[questionEnd + 7] ?? 0) & 0x80) !== 0) wishes |= WISH.DO;
      opt = OPT;
    }

    const client = clients.find(nameAt, revision);
    if (client < 0) return MISS;
    const networks = clients.networks(client);

    const hash = takeName(first + 3, nameOctets);
    const kind = type | (wishes << 16);
    let entry = store.find(mix(mix(hash, kind), networks), kind, networks, nameOctets);
    if (entry < 0) {
      const own = clients.own(client);
      entry = store.find(mix(mix(hash, kind), own), kind, own, nameOctets);
      if (entry < 0) return MISS;
    }
    return write(entry, at, kind, nameOctets, limit - opt - (questionEnd - at), opt);
  }

  /** Makes a name the key of the next lookup. @returns its hash */
  function takeName(from: number, octets: number): number {
    const whole = octets >> 2;
    let hash = octets;
    for (let i = 0; i < whole; i++) {
      const word = lowerWord(words[from + i] ?? 0);
      key[i] = word;
      hash = mix(hash, word);
    }
    const rest = octets & 3;
    if (rest !== 0) {
      const word = lowerWord((words[from + whole] ?? 0) & (0xffffffff >>> (32 - rest * 8)));
      key[whole] = word;
      hash = mix(hash, word);
    }
    return hash;
  }

  function write(
    entry: number,
    at: number,
    kind: number,
    nameOctets: number,
    room: number,
    opt: number,
  ): number {
    const body = entry + HEAD.words + ((nameOctets + 3) >> 2);
    const expires = source[body + ANSWER_BODY.expires] ?? 0;
    if (expires !== NEVER && seconds >= expires) return MISS;
    const form = chooseForm(body, room);
    if (form < 0) return MISS;

    const first = at >> 2;
    const questionEnd = at + HEADER + nameOctets + 4;
    let flags = source[form + FORM.flags] ?? 0;
    let counts = source[form + FORM.counts] ?? 0;
    let octets = source[form + FORM.octets] ?? 0;
    const records = source[form + FORM.records] ?? 0;
    // Both places have the same offset from a word boundary, and the words at both ends of a part are complete in the
    // entry.
    let word = entry + ((source[form + FORM.at] ?? 0) >> 2);
    let target = questionEnd >> 2;
    for (const end = (questionEnd + octets) >> 2; target <= end; target++, word++)
      words[target] = source[word] ?? 0;
    if (records > 0) {
      const size = (source[form + FORM.recordOctets] ?? 0) >> 2;
      let taken = records;
      if (octets + records * size * 4 > room) {
        taken = Math.floor((room - octets) / (size * 4));
        flags |= TRUNCATED;
        counts = addCount(counts, taken - records);
      }
      const set = source[form + FORM.set] ?? 0;
      if (set !== 0) writeAddresses(entry + set, records, taken, questionEnd + octets);
      octets += taken * size * 4;
      if (set === 0) {
        const end = (questionEnd + octets) >> 2;
        // The records of a set begin with the same word, so it does not matter from which of them the last word was
        // copied. From a place in the middle it copies up to the last record, then continues with the first.
        const begin = below(records);
        const turn = Math.min(end, target + (records - begin) * size - 1);
        let origin = word + begin * size;
        for (; target <= turn; target++, origin++) words[target] = source[origin] ?? 0;
        for (; target <= end; target++, word++) words[target] = source[word] ?? 0;
      }
    }
    if (source[body + ANSWER_BODY.patches] !== 0) patch(body, questionEnd);

    words[first] = ((words[first] ?? 0) & 0xffff) | flags;
    words[first + 1] = counts;
    words[first + 2] = (source[form + FORM.moreCounts] ?? 0) + (opt === 0 ? 0 : ONE_MORE);
    if (opt !== 0) writeOpt(questionEnd + octets, (kind >> 16) & WISH.DO);
    tally.answered(kind & 0xffff, (flags >>> 24) & 0xf, source[body + ANSWER_BODY.upstream] ?? 0);
    if ((flags & TRUNCATED) !== 0) tally.count('truncated');
    return HEADER + nameOctets + 4 + octets + opt;
  }

  /**
   * Writes A records, starting with a random one. The place may be up to three bytes off a word boundary; each word
   * then contains parts of two.
   * @param set the offset of their common part, three words, followed by the addresses
   */
  function writeAddresses(set: number, records: number, taken: number, to: number): void {
    const shift = (to & 3) << 3;
    // Shifted twice, because a shift by 32 does nothing.
    const rest = 31 - shift;
    const one = source[set] ?? 0;
    const two = source[set + 1] ?? 0;
    const three = source[set + 2] ?? 0;
    const first = one << shift;
    const second = (two << shift) | ((one >>> 1) >>> rest);
    const third = (three << shift) | ((two >>> 1) >>> rest);
    const fourth = (three >>> 1) >>> rest;
    const addresses = set + 3;
    const end = addresses + records;
    let at = addresses + below(records);
    let target = to >> 2;
    // The bytes already there in front of the first record.
    let left = shift === 0 ? 0 : (words[target] ?? 0) & (0xffffffff >>> (32 - shift));
    for (let i = 0; i < taken; i++) {
      const address = source[at] ?? 0;
      words[target] = left | first;
      words[target + 1] = second;
      words[target + 2] = third;
      words[target + 3] = fourth | (address << shift);
      left = (address >>> 1) >>> rest;
      target += 4;
      if (++at === end) at = addresses;
    }
    words[target] = left;
  }

  /** The form of the largest group that fits; -1 if none does. */
  function chooseForm(body: number, room: number): number {
    const groups = source[body + ANSWER_BODY.groups] ?? 0;
    const forms = source[body + ANSWER_BODY.forms] ?? 0;
    let form = body + ANSWER_BODY.words;
    for (let group = 0; group < groups; group++) {
      const octets = source[form + FORM.octets] ?? 0;
      // For a rotating set, takes as many records as fit.
      if (octets <= room) return forms === 1 ? form : form + below(forms) * FORM.words;
      form += forms * FORM.words;
    }
    return -1;
  }

  /** TTLs count down in whole seconds, and the SOA gets the current serial. */
  function patch(body: number, questionEnd: number): void {
    const age = seconds - (source[body + ANSWER_BODY.stored] ?? 0);
    const groups = source[body + ANSWER_BODY.groups] ?? 0;
    const forms = source[body + ANSWER_BODY.forms] ?? 0;
    const count = source[body + ANSWER_BODY.ttls] ?? 0;
    const list = body + ANSWER_BODY.words + groups * forms * FORM.words;
    for (let i = 0; i < count; i++) {
      const ttl = (source[list + i * 2 + 1] ?? 0) - age;
      writeU32(questionEnd + (source[list + i * 2] ?? 0), ttl > 0 ? ttl : 0);
    }
    const serialAt = source[body + ANSWER_BODY.serialAt] ?? -1;
    if (serialAt >= 0) writeU32(questionEnd + serialAt, versions.serial);
  }

  function writeU32(at: number, value: number): void {
    octets[at] = value >>> 24;
    octets[at + 1] = value >>> 16;
    octets[at + 2] = value >>> 8;
    octets[at + 3] = value;
  }

  /** Our OPT: version 0, our size, DO as in the query, no options. */
  function writeOpt(at: number, dnssecOk: number): void {
    octets[at] = 0;
    octets[at + 1] = 0;
    octets[at + 2] = TYPE_OPT;
    octets[at + 3] = EDNS_UDP_SIZE >> 8;
    octets[at + 4] = EDNS_UDP_SIZE & 0xff;
    octets[at + 5] = 0;
    octets[at + 6] = 0;
    octets[at + 7] = dnssecOk === 0 ? 0 : 0x80;
    octets[at + 8] = 0;
    octets[at + 9] = 0;
    octets[at + 10] = 0;
  }

  /** 31 random bits. */
  function next(): number {
    below(1);
    return random & 0x7fffffff;
  }

  /** A whole number from 0 to `bound` - 1; `bound` is below 2^15 (xorshift32). */
  function below(bound: number): number {
    let x = random;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    random = x;
    return ((x & 0xffff) * bound) >>> 16;
  }

  return { begin, isSampled, answer };
}

/** Adds to the second of two big-endian 16-bit numbers in a word, as it lies in memory. */
function addCount(counts: number, more: number): number {
  const count = ((counts >>> 8) & 0xff00) | (counts >>> 24);
  const sum = count + more;
  return (counts & 0xffff) | ((sum & 0xff) << 24) | (((sum >>> 8) & 0xff) << 16);
}
