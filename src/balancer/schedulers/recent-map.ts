interface Entry<V> {
  readonly value: V;
  usedAt: number;
}

export interface RecentMapOptions {
  /** The most entries, at least 2. */
  readonly max: number;
  /** Milliseconds without use after which an entry is forgotten. */
  readonly timeout: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/**
 * A bounded map of recently used entries. They live in two generations, and used entries move to the young one. When
 * the young one holds half of the maximum, or is one timeout old, it becomes the old one, and the previous old one is
 * dropped. The max/2 most recently used entries therefore always stay, every operation takes constant time, and nothing
 * is kept much longer than two timeouts. (Deleting a Map's oldest key at each insertion would make it step over the
 * holes.)
 */
export class RecentMap<V> {
  readonly #half: number;
  readonly #timeout: number;
  readonly #now: () => number;
  #young = new Map<string, Entry<V>>();
  #old = new Map<string, Entry<V>>();
  #turnedAt: number;

  constructor({ max, timeout, now }: RecentMapOptions) {
    this.#half = Math.max(1, Math.floor(max / 2));
    this.#timeout = timeout;
    this.#now = now;
    this.#turnedAt = now();
  }

  /** The value of a key. Counts as a use. */
  get(key: string): V | undefined {
    const now = this.#now();
    this.#age(now);
    const young = this.#young.get(key);
    const entry = young ?? this.#old.get(key);
    if (entry === undefined || now - entry.usedAt >= this.#timeout) return undefined;
    entry.usedAt = now;
    if (young === undefined) this.#put(key, entry, now);
    return entry.value;
  }

  set(key: string, value: V): void {
    const now = this.#now();
    this.#age(now);
    this.#put(key, { value, usedAt: now }, now);
  }

  #put(key: string, entry: Entry<V>, now: number): void {
    if (this.#young.size >= this.#half && !this.#young.has(key)) this.#turn(now);
    this.#young.set(key, entry);
    this.#old.delete(key);
  }

  #age(now: number): void {
    if (now - this.#turnedAt >= this.#timeout) this.#turn(now);
  }

  #turn(now: number): void {
    this.#old = this.#young;
    this.#young = new Map();
    this.#turnedAt = now;
  }
}
