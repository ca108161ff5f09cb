/** How many rows are looked at between two looks at the clock. */
const STRIDE = 32;

/**
 * Chooses rows with a filter, a slice at a time. What it has found out about a row it keeps, so that after a change it
 * only looks at the rows that are new.
 */
export class RowSieve<Row extends object> {
  readonly #fits: (row: Row) => boolean;
  readonly #known = new WeakMap<Row, boolean>();
  #rows: readonly Row[] = [];
  #chosen: Row[] = [];
  #at = 0;

  /** @param fits must give the same for the same row each time */
  constructor(fits: (row: Row) => boolean) {
    this.#fits = fits;
  }

  /**
   * Continues where it stopped if it gets the same rows again.
   * @param isOver whether the time of this slice is used up
   * @returns whether all rows have been looked at
   */
  sift(rows: readonly Row[], isOver: () => boolean): boolean {
    if (rows !== this.#rows) [this.#rows, this.#chosen, this.#at] = [rows, [], 0];
    let looked = 0;
    while (this.#at < rows.length) {
      const row = rows[this.#at];
      this.#at += 1;
      if (row === undefined) continue;
      let fits = this.#known.get(row);
      if (fits === undefined) {
        fits = this.#fits(row);
        this.#known.set(row, fits);
        looked += 1;
      }
      if (fits) this.#chosen.push(row);
      if (looked < STRIDE) continue;
      looked = 0;
      if (isOver()) break;
    }
    return this.#at >= rows.length;
  }

  /** The rows that fit, of those that it has looked at; another list after each change of the rows. */
  get chosen(): readonly Row[] {
    return this.#chosen;
  }
}
