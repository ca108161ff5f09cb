import { useMemo } from 'preact/hooks';
import { readTokens, rowFilter, wholeOf, type RowTexts } from './filter-tokens.js';

interface Texts {
  readonly row: RowTexts;
  readonly whole: string;
}

/** Rows never change, so what a filter looks at is made once. */
const known = new WeakMap<object, Texts>();

/**
 * The rows that fit a filter.
 * @param textsOf by field; must be the same function for the same rows
 */
export function useFiltered<Row extends object>(
  rows: readonly Row[],
  filter: string,
  fields: readonly string[],
  textsOf: (row: Row) => RowTexts,
): readonly Row[] {
  return useMemo(() => {
    const tokens = readTokens(filter, fields);
    if (tokens.length === 0) return rows;
    const fits = rowFilter(tokens);
    return rows.filter((item) => {
      let texts = known.get(item);
      if (!texts) {
        const row = textsOf(item);
        texts = { row, whole: wholeOf(row) };
        known.set(item, texts);
      }
      return fits(texts.row, texts.whole);
    });
  }, [rows, filter]);
}
