import { fnv1a } from '../../net/hash-text.js';
/** The number of slots. A collision only invalidates a compiled answer. */
const SLOTS = 65_536;

/** Words in front of the slots. */
const REVISION = 0;
const EPOCH = 1;
const SERIAL = 2;
const SAMPLE = 3;
const FIRST_SLOT = 16;

/**
 * Tracks changes in memory that all answering threads share. Each input of an answer has a slot, found by hashing. A
 * change increments the versions of its slots. An answer is valid while its slots have the versions from when it was
 * made. So publishing a change costs in proportion to the change, needs no message, and affects every query that
 * arrives after it.
 *
 * One thread writes. Readers call {@link revision} first, which makes everything published before visible.
 */
export class Versions {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;

  /** @param memory that of another thread's; absent: a new one */
  constructor(memory = new SharedArrayBuffer((FIRST_SLOT + SLOTS) * 4)) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
  }

  /** Grows with each publication; wraps. */
  get revision(): number {
    return Atomics.load(this.#words, REVISION);
  }

  /** Changes when all earlier entries become invalid. */
  get epoch(): number {
    return this.#words[EPOCH] ?? 0;
  }

  /** The serial of the zone's SOA, as a signed number. */
  get serial(): number {
    return this.#words[SERIAL] ?? 0;
  }

  /** The share of queries sampled by the log and for people who watch, in units of 2^-31. The hot path does not answer these. */
  get sample(): number {
    return this.#words[SAMPLE] ?? 0;
  }

  /** @param share 0 to 1 */
  setSample(share: number): void {
    this.#words[SAMPLE] = Math.min(0x7fffffff, Math.ceil(share * 0x7fffffff));
  }

  /** The version of a slot. */
  at(slot: number): number {
    return this.#words[slot] ?? 0;
  }

  /** The words, for the hot path; indexes are slots. */
  get words(): Int32Array {
    return this.#words;
  }

  /** Reports changes. @param slots the slots that changed; `all`: anything may have changed */
  publish(slots: ReadonlySet<number> | 'all', serial: number): void {
    const words = this.#words;
    if (slots === 'all') words[EPOCH] = (words[EPOCH] ?? 0) + 1;
    else for (const slot of slots) words[slot] = (words[slot] ?? 0) + 1;
    words[SERIAL] = serial;
    Atomics.add(words, REVISION, 1);
  }
}

/** The slot of a key (FNV-1a over its UTF-16 units). */
export function slotOf(key: string): number {
  const hash = fnv1a(key);
  return FIRST_SLOT + (((hash ^ (hash >>> 15)) >>> 0) % SLOTS);
}
