import * as entryShape from './entry.js';
import type { Versions } from './versions.js';

// Constants of this file; answerer.ts explains why.
const { HEAD, MAX_ENTRY_WORDS, wordsFor } = entryShape;

/** The places probed for one key. A table full of an attacker's collisions causes misses, but costs no time. */
const MAX_PROBES = 16;

/** The longest key: a name of 255 bytes. */
const MAX_KEY_WORDS = 64;

/** Words per cache line of the processor. Entries aligned to a line touch the fewest lines. */
const LINE = 16;

export interface StoreOptions {
  /**
   * Words of entries that are certainly kept; up to twice as many are. 4 million (16 MiB) by default; only used ones
   * cost memory.
   */
  readonly words?: number;
  /** The same limit as a number of entries; a power of two. */
  readonly entries?: number;
}

/** The initial capacity of a table. A small one stays in the processor's cache. */
const FEW = 1024;

/** One half of the store. */
class Generation {
  readonly words: Int32Array;
  /** The end of its part. */
  readonly end: number;
  /** Pairs of hash and entry; entry 0 means empty. */
  table: Int32Array;
  mask: number;
  /** Where the next entry goes. */
  used: number;
  readonly #begin: number;
  readonly #most: number;
  #count = 0;

  /**
   * @param words the words of both halves @param begin the start of its part; not 0, which means no entry @param
   * entries the most entries
   */
  constructor(words: Int32Array, begin: number, end: number, entries: number) {
    this.words = words;
    this.end = end;
    this.used = begin;
    this.#begin = begin;
    this.#most = entries;
    this.mask = Math.min(FEW, entries) - 1;
    this.table = newTable(this.mask + 1);
  }

  clear(): void {
    this.table.fill(0);
    this.#count = 0;
    this.used = this.#begin;
  }

  /**
   * Adds an entry to the table, replacing one with the same key, or any entry if the table is too crowded and cannot
   * grow.
   */
  enter(offset: number): void {
    const { words, mask, table } = this;
    const hash = words[offset + HEAD.hash] ?? 0;
    for (let i = 0; i < MAX_PROBES; i++) {
      const place = ((hash + i) & mask) << 1;
      const other = table[place + 1] ?? 0;
      if (other !== 0 && !(table[place] === hash && sameKey(words, other, offset))) continue;
      table[place] = hash;
      table[place + 1] = offset;
      if (other === 0 && ++this.#count * 2 > mask && mask + 1 < this.#most) this.#grow();
      return;
    }
    if (mask + 1 < this.#most) {
      this.#grow();
      this.enter(offset);
      return;
    }
    const home = (hash & mask) << 1;
    table[home] = hash;
    table[home + 1] = offset;
  }

  #grow(): void {
    const before = this.table;
    this.mask = this.mask * 2 + 1;
    this.table = newTable(this.mask + 1);
    this.#count = 0;
    for (let at = 1; at < before.length; at += 2) {
      const offset = before[at] ?? 0;
      if (offset !== 0) this.enter(offset);
    }
  }
}

function newTable(places: number): Int32Array {
  return new Int32Array(new ArrayBuffer(places * 4 * 2));
}

/**
 * Entries by key, in bounded memory with two halves. Entries go into the younger half. When it is full, the older half
 * is emptied and becomes the younger one. Entries move over when they are used. So used entries stay, without an
 * ordered list.
 */
export class Store {
  /** The key of the lookup, as words; the caller writes it before {@link find}. */
  readonly key = new Int32Array(new ArrayBuffer(MAX_KEY_WORDS * 4));
  /** The memory of the entries, the same for both halves. */
  readonly words: Int32Array;
  readonly #versions: Versions;
  readonly #versionWords: Int32Array;
  #young: Generation;
  #old: Generation;
  #revision = 0;

  constructor(versions: Versions, { words = 1 << 22, entries = 1 << 17 }: StoreOptions = {}) {
    this.#versions = versions;
    this.#versionWords = versions.words;
    this.words = new Int32Array(new ArrayBuffer(words * 2 * 4));
    this.#young = new Generation(this.words, LINE, words, entries);
    this.#old = new Generation(this.words, words, words * 2, entries);
  }

  /** Makes everything published so far visible. From now on entries are checked against it. @returns the revision */
  refresh(): number {
    this.#revision = this.#versions.revision;
    return this.#revision;
  }

  /**
   * Finds the entry of {@link key}, if it is still valid.
   * @returns its offset in {@link words}, valid until the next {@link install} or `find`; -1 if there is none
   */
  find(hash: number, kind: number, scope: number, keyOctets: number): number {
    const at = this.#probe(this.#young, hash, kind, scope, keyOctets);
    if (at > 0) return this.#isRight(at) ? at : -1;
    const before = this.#probe(this.#old, hash, kind, scope, keyOctets);
    if (before < 0 || !this.#isRight(before)) return -1;
    return this.#put(this.words, before);
  }

  /** Adds an entry. @param from its words, starting at `at` */
  install(from: Int32Array, at = 0): void {
    this.#put(from, at);
  }

  #put(from: Int32Array, at: number): number {
    const size = from[at + HEAD.size] ?? 0;
    if (size < HEAD.words || size > MAX_ENTRY_WORDS) return -1;
    if (this.#young.used + size > this.#young.end) this.#turn();
    const young = this.#young;
    const { words } = this;
    const offset = young.used;
    // A moving entry may come from the half that was just emptied. Its words are still there, and move downwards.
    for (let i = 0; i < size; i++) words[offset + i] = from[at + i] ?? 0;
    young.used = wholeLines(offset + size);
    young.enter(offset);
    return offset;
  }

  #turn(): void {
    const old = this.#old;
    old.clear();
    this.#old = this.#young;
    this.#young = old;
  }

  /** Written as one piece of code, because it is most of a query's cost here. */
  #probe(generation: Generation, hash: number, kind: number, scope: number, keyOctets: number): number {
    const { table, mask } = generation;
    const { key, words } = this;
    const count = (keyOctets + 3) >> 2;
    probing: for (let i = 0; i < MAX_PROBES; i++) {
      const place = ((hash + i) & mask) << 1;
      const at = table[place + 1] ?? 0;
      if (at === 0) return -1;
      if (table[place] !== hash || words[at + HEAD.kind] !== kind) continue;
      if (words[at + HEAD.scope] !== scope || words[at + HEAD.keyOctets] !== keyOctets) continue;
      const first = at + HEAD.words;
      for (let k = 0; k < count; k++) if (words[first + k] !== key[k]) continue probing;
      return at;
    }
    return -1;
  }

  #isRight(at: number): boolean {
    const { words } = this;
    const revision = this.#revision;
    if (words[at + HEAD.checked] === revision) return true;
    const versions = this.#versionWords;
    if (words[at + HEAD.epoch] !== this.#versions.epoch) return false;
    const end = at + (words[at + HEAD.size] ?? 0);
    for (let i = end - (words[at + HEAD.dependencies] ?? 0) * 2; i < end; i += 2) {
      if (versions[words[i] ?? 0] !== words[i + 1]) return false;
    }
    words[at + HEAD.checked] = revision;
    return true;
  }
}

function wholeLines(words: number): number {
  return (words + LINE - 1) & -LINE;
}

function sameKey(words: Int32Array, one: number, other: number): boolean {
  for (const field of [HEAD.kind, HEAD.scope, HEAD.keyOctets]) {
    if (words[one + field] !== words[other + field]) return false;
  }
  const first = keyAt(one);
  const second = keyAt(other);
  const count = wordsFor(words[one + HEAD.keyOctets] ?? 0);
  for (let i = 0; i < count; i++) if (words[first + i] !== words[second + i]) return false;
  return true;
}

/** The offset of an entry's key. */
export function keyAt(entry: number): number {
  return entry + HEAD.words;
}
