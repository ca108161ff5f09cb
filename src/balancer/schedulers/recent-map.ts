interface Entry<V> {
  readonly value: V;
  usedAt: number;
}

export interface RecentMapOptions {
  /** Entries, at least 2. */
  readonly max: number;
  /** Milliseconds after its last use that an entry is gone. */
  readonly timeout: number;
  /** Milliseconds that only grow. */
  readonly now: () => number;
}

/**
 * A bounded map of what was used lately. Entries live in two generations: used ones go to the young one, and when that has
 * half of the bound, or is a timeout old, it becomes the old one and the old one is dropped. So whatever is among the max/2 last
 * used stays, every operation takes constant time, and nothing is held for much longer than two timeouts of use. (A Map
 * whose oldest key is deleted at each insertion has to step over the holes.)
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

  /** The value of a key, used again by this. */
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
