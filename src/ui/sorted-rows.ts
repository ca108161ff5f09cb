/** What a column sorts by; undefined stands behind everything else. */
export type SortKey = string | number | undefined;

interface Entry<Row> {
  readonly row: Row;
  readonly key: SortKey;
}

/**
 * Rows in the order of a column; those with the same key stay in the order in which they came. Rows never change: a
 * changed one is another object. After a change of a few of many rows only these are placed again; the others are
 * copied.
 */
export class SortedRows<Row extends object> {
  readonly #keyOf: (row: Row) => SortKey;
  readonly #sign: 1 | -1;
  #rows: readonly Row[] = [];
  #entries: readonly Entry<Row>[] = [];
  #sorted: readonly Row[] = [];

  constructor(keyOf: (row: Row) => SortKey, isDown: boolean) {
    this.#keyOf = keyOf;
    this.#sign = isDown ? -1 : 1;
  }

  /** @param rows each of them once; those that it got before must be in the same order among themselves */
  sort(rows: readonly Row[]): readonly Row[] {
    if (rows === this.#rows) return this.#sorted;
    const { gone, fresh } = difference(this.#rows, rows);
    const kept = gone.size === 0 ? this.#entries : this.#entries.filter(({ row }) => !gone.has(row));
    this.#entries = fresh.length === 0 ? kept : this.#merge(kept, fresh, rows);
    this.#rows = rows;
    this.#sorted = this.#entries.map(({ row }) => row);
    return this.#sorted;
  }

  #merge(kept: readonly Entry<Row>[], fresh: readonly Row[], rows: readonly Row[]): readonly Entry<Row>[] {
    const added = fresh.map((row) => ({ row, key: this.#keyOf(row) }));
    // This sort is stable, and they are in the order of the rows.
    added.sort((a, b) => this.#compare(a, b));
    if (kept.length === 0) return added;
    let places: Map<Row, number> | undefined;
    const placeOf = (row: Row): number => (places ??= placesOf(rows)).get(row) ?? 0;
    const merged: Entry<Row>[] = [];
    let at = 0;
    for (const entry of added) {
      const until = insertionPoint(kept, at, (other) => {
        const order = this.#compare(other, entry);
        return order === 0 ? placeOf(other.row) < placeOf(entry.row) : order < 0;
      });
      for (; at < until; at++) {
        const other = kept[at];
        if (other) merged.push(other);
      }
      merged.push(entry);
    }
    return merged.concat(kept.slice(at));
  }

  #compare(a: Entry<Row>, b: Entry<Row>): number {
    return this.#sign * compareKeys(a.key, b.key);
  }
}

/** What two lists do not share. What stands at their beginnings and ends is most often the same. */
function difference<Row>(
  before: readonly Row[],
  now: readonly Row[],
): { readonly gone: ReadonlySet<Row>; readonly fresh: readonly Row[] } {
  const shorter = Math.min(before.length, now.length);
  let head = 0;
  while (head < shorter && before[head] === now[head]) head++;
  let tail = 0;
  while (tail < shorter - head && before[before.length - 1 - tail] === now[now.length - 1 - tail]) tail++;
  const gone = new Set(before.slice(head, before.length - tail));
  // What both have is left out of both.
  const fresh = now.slice(head, now.length - tail).filter((row) => !gone.delete(row));
  return { gone, fresh };
}

function placesOf<Row>(rows: readonly Row[]): Map<Row, number> {
  const places = new Map<Row, number>();
  for (const [place, row] of rows.entries()) places.set(row, place);
  return places;
}

/** The first place from `from` on where `isBefore` is false; it is true of all before that. */
function insertionPoint<Item>(
  items: readonly Item[],
  from: number,
  isBefore: (item: Item) => boolean,
): number {
  let [low, high] = [from, items.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = items[middle];
    if (item !== undefined && isBefore(item)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function compareKeys(a: SortKey, b: SortKey): number {
  if (a === b) return 0;
  if (a === undefined) return 1;
  if (b === undefined) return -1;
  return a < b ? -1 : 1;
}
