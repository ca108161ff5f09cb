/** From so large a part of changed items on, sorting everything costs less than to place each one. */
const BULK = 8;

/**
 * Items in order. A change of a few of many items costs a binary search for each, and a copy of the list, which is
 * made when it is read.
 */
export class SortedIndex<Item> {
  readonly #keyOf: (item: Item) => string;
  readonly #compare: (a: Item, b: Item) => number;
  readonly #byKey = new Map<string, Item>();
  /** What the list still has of each key that has changed since; undefined: it was not there. */
  readonly #stale = new Map<string, Item | undefined>();
  #list: Item[] = [];

  /** @param compare gives 0 only for items with the same key, and for the same values always the same */
  constructor(keyOf: (item: Item) => string, compare: (a: Item, b: Item) => number) {
    this.#keyOf = keyOf;
    this.#compare = compare;
  }

  /** The items in order. The list itself never changes: after a change there is another. */
  get items(): readonly Item[] {
    if (this.#stale.size > 0) this.#catchUp();
    return this.#list;
  }

  set(item: Item): void {
    const key = this.#keyOf(item);
    this.#note(key);
    this.#byKey.set(key, item);
  }

  remove(key: string): void {
    if (!this.#byKey.has(key)) return;
    this.#note(key);
    this.#byKey.delete(key);
  }

  clear(): void {
    this.#byKey.clear();
    this.#stale.clear();
    this.#list = [];
  }

  #note(key: string): void {
    if (!this.#stale.has(key)) this.#stale.set(key, this.#byKey.get(key));
  }

  #catchUp(): void {
    if (this.#stale.size * BULK > this.#byKey.size)
      this.#list = [...this.#byKey.values()].sort(this.#compare);
    else this.#list = this.#patched();
    this.#stale.clear();
  }

  #patched(): Item[] {
    const list = this.#list.slice();
    for (const [key, before] of this.#stale) {
      const now = this.#byKey.get(key);
      if (before !== undefined) {
        const at = placeOf(list, before, this.#compare);
        // Most changes leave an item where it is.
        if (now !== undefined && this.#compare(before, now) === 0) {
          list[at] = now;
          continue;
        }
        list.splice(at, 1);
      }
      if (now !== undefined) list.splice(placeOf(list, now, this.#compare), 0, now);
    }
    return list;
  }
}

/** Where an item stands in a sorted list, or would stand. */
function placeOf<Item>(list: readonly Item[], item: Item, compare: (a: Item, b: Item) => number): number {
  let [from, to] = [0, list.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    const other = list[middle];
    if (other !== undefined && compare(other, item) < 0) from = middle + 1;
    else to = middle;
  }
  return from;
}
