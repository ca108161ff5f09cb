import {
  ANSWER_BODY,
  CLIENT,
  CLIENT_BODY,
  FORM,
  HEAD,
  MAX_ENTRY_WORDS,
  mix,
  NEVER,
  wordsFor,
} from './entry.js';
import { CLASS } from '../../wire/constants.js';
import type { Form, Forms } from './forms.js';

/** What an entry's validity depends on: slots, and their versions from before it was made. */
export interface Standing {
  readonly epoch: number;
  readonly dependencies: ReadonlyMap<number, number>;
}

/** QTYPE and QCLASS. */
const QUESTION_END = 4;

/** With more slots, checking an entry would be expensive, so the slow path answers. */
export const MAX_DEPENDENCIES = 24;

export interface AnswerFields {
  /** Lower case, in wire form. */
  readonly name: Uint8Array;
  readonly type: number;
  /** `WISH` bits. */
  readonly wishes: number;
  readonly scope: number;
  readonly forms: Forms;
  readonly upstream: boolean;
  /** In seconds; absent if it does not expire and its TTLs are fixed. */
  readonly life?: {
    readonly stored: number;
    readonly expires: number;
    /** Each TTL, with its offset in bytes after the question. */
    readonly ttls: readonly (readonly [at: number, ttl: number])[];
  };
}

/** @param address of 4 or 16 bytes */
export function clientEntry(
  address: Uint8Array,
  scopes: { readonly networks: number; readonly own: number },
  standing: Standing,
): Int32Array {
  const key = keyWords(address);
  let hash = CLIENT;
  for (const word of key) hash = mix(hash, word);
  const { words, at } = start(hash, CLIENT, 0, address.length, key, standing, CLIENT_BODY.words);
  words[at + CLIENT_BODY.networks] = scopes.networks;
  words[at + CLIENT_BODY.own] = scopes.own;
  return words;
}

/** @returns undefined if it would be too large */
export function answerEntry(fields: AnswerFields, standing: Standing): Int32Array | undefined {
  const { name, type, wishes, scope, forms, upstream, life } = fields;
  const key = keyWords(name);
  const kind = type | (wishes << 16);
  let hash = name.length;
  for (const word of key) hash = mix(hash, word);
  hash = mix(mix(hash, kind), scope);
  const { groups } = forms;
  const perGroup = groups[0]?.length ?? 0;
  const ttls = life?.ttls ?? [];
  const fixed = ANSWER_BODY.words + groups.length * perGroup * FORM.words + ttls.length * 2;
  const all = groups.flat();
  const octets = all.reduce((sum, form) => sum + spaceOf(form), 0);
  const size = HEAD.words + standing.dependencies.size * 2 + key.length + fixed + octets / 4;
  if (size > MAX_ENTRY_WORDS) return undefined;
  const { words, at } = start(hash, kind, scope, name.length, key, standing, fixed + octets / 4);
  words[at + ANSWER_BODY.expires] = life?.expires ?? NEVER;
  words[at + ANSWER_BODY.stored] = life?.stored ?? 0;
  words[at + ANSWER_BODY.serialAt] = forms.serialAt ?? -1;
  words[at + ANSWER_BODY.upstream] = upstream ? 1 : 0;
  words[at + ANSWER_BODY.groups] = groups.length;
  words[at + ANSWER_BODY.forms] = perGroup;
  words[at + ANSWER_BODY.ttls] = ttls.length;
  words[at + ANSWER_BODY.patches] = ttls.length > 0 || forms.serialAt !== undefined ? 1 : 0;
  let formAt = at + ANSWER_BODY.words;
  let octetsAt = (at + fixed) * 4;
  const bytes = new Uint8Array(words.buffer);
  for (const form of all) {
    // At the same distance from a word boundary as in the reply, whose question depends on the length of the name.
    const place = octetsAt + QUESTION_END + (name.length & 3);
    const setAt = wordsFor(place + form.octets.length + 3);
    writeForm(words, formAt, form, place, isPacked(form) ? setAt : 0);
    bytes.set([type >> 8, type & 0xff, 0, CLASS.IN], place - QUESTION_END);
    bytes.set(form.octets, place);
    let end = isPacked(form) ? setAt * 4 : place + form.octets.length;
    for (const part of isPacked(form) ? packed(form) : [...form.records, ...form.records.slice(0, 1)]) {
      bytes.set(part, end);
      end += part.length;
    }
    formAt += FORM.words;
    octetsAt += spaceOf(form);
  }
  for (const [place, ttl] of ttls) {
    words[formAt++] = place;
    words[formAt++] = ttl;
  }
  return words;
}

function start(
  hash: number,
  kind: number,
  scope: number,
  keyOctets: number,
  key: Int32Array,
  { epoch, dependencies }: Standing,
  bodyWords: number,
): { readonly words: Int32Array; readonly at: number } {
  const size = HEAD.words + dependencies.size * 2 + key.length + bodyWords;
  const words = new Int32Array(size);
  words[HEAD.hash] = hash;
  words[HEAD.size] = size;
  words[HEAD.kind] = kind;
  words[HEAD.scope] = scope;
  words[HEAD.keyOctets] = keyOctets;
  words[HEAD.epoch] = epoch;
  // Never valid without a check.
  words[HEAD.checked] = NEVER_CHECKED;
  words[HEAD.dependencies] = dependencies.size;
  words.set(key, HEAD.words);
  let at = size - dependencies.size * 2;
  for (const [slot, version] of dependencies) {
    words[at++] = slot;
    words[at++] = version;
  }
  return { words, at: HEAD.words + key.length };
}

/** Revisions start at 0 and grow. Only after 2^32 changes one equals this value, and one entry is used unchecked. */
const NEVER_CHECKED = -1;

/** A records whose owner is a pointer: everything except the address is the same. */
const A_RECORD = 16;
const A_HEAD = 12;

function isPacked({ records }: Form): boolean {
  return records[0]?.length === A_RECORD;
}

/** The common part, and the addresses. */
function packed({ records }: Form): Uint8Array[] {
  return [
    ...records.slice(0, 1).map((record) => record.subarray(0, A_HEAD)),
    ...records.map((record) => record.subarray(A_HEAD)),
  ];
}

function writeForm(words: Int32Array, at: number, form: Form, place: number, setAt: number): void {
  const { flags, answers, authority, additionals, octets, records } = form;
  words[at + FORM.flags] = pair(0, flags) & ~0xffff;
  words[at + FORM.counts] = pair(1, answers);
  words[at + FORM.moreCounts] = pair(authority, additionals);
  words[at + FORM.octets] = octets.length;
  words[at + FORM.at] = place;
  words[at + FORM.records] = records.length;
  words[at + FORM.recordOctets] = records[0]?.length ?? 0;
  words[at + FORM.set] = setAt;
}

/** Two big-endian 16-bit numbers as a word in memory (little-endian). */
function pair(first: number, second: number): number {
  return (first >> 8) | ((first & 0xff) << 8) | ((second >> 8) << 16) | ((second & 0xff) << 24);
}

/** The size of a form in bytes, with the end of its question and whole words at both ends. */
function spaceOf(form: Form): number {
  const { octets, records } = form;
  const set = isPacked(form)
    ? A_HEAD + records.length * 4 + 8
    : (records.length + 1) * (records[0]?.length ?? 0);
  return wordsFor(QUESTION_END + 3 + octets.length + set) * 4 + 4;
}

/** Bytes as words, padded with zeroes. */
function keyWords(octets: Uint8Array): Int32Array {
  const words = new Int32Array(wordsFor(octets.length));
  new Uint8Array(words.buffer).set(octets);
  return words;
}
