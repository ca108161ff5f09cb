import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { readTokens, rowFilter, wholeOf, type RowTexts } from './filter-tokens.js';
import { RowSieve } from './row-sieve.js';

interface Texts {
  readonly row: RowTexts;
  readonly whole: string;
}

/** Rows never change, so what a filter looks at is made once. */
const known = new WeakMap<object, Texts>();

/** A frame has 16 ms, and the rows that were found have to be drawn in it, too. */
const SLICE_MS = 6;

/**
 * The rows that fit a filter. Of many rows it looks at some in each turn; until it has seen all, the last choice stays.
 * @param textsOf by field; must be the same function for the same rows
 */
export function useFiltered<Row extends object>(
  rows: readonly Row[],
  filter: string,
  fields: readonly string[],
  textsOf: (row: Row) => RowTexts,
): readonly Row[] {
  const sieve = useMemo(() => sieveOf(filter, fields, textsOf), [filter]);
  const [turn, setTurn] = useState(0);
  const last = useRef<readonly Row[] | undefined>(undefined);
  const begun = useRef(sieve);
  // A letter that is typed is drawn first; the rows follow in the next turn.
  const isTurn = begun.current === sieve;
  const isDone = useMemo(
    () => isTurn && (sieve?.sift(rows, sliceFrom(performance.now())) ?? true),
    [sieve, rows, turn],
  );
  useEffect(() => {
    if (isDone) return undefined;
    const timer = setTimeout(() => {
      begun.current = sieve;
      setTurn((turns) => turns + 1);
    });
    return () => clearTimeout(timer);
  }, [isDone, sieve, rows, turn]);
  if (isDone) last.current = sieve?.chosen ?? rows;
  return last.current ?? sieve?.chosen ?? rows;
}

function sieveOf<Row extends object>(
  filter: string,
  fields: readonly string[],
  textsOf: (row: Row) => RowTexts,
): RowSieve<Row> | undefined {
  const tokens = readTokens(filter, fields);
  if (tokens.length === 0) return undefined;
  const fits = rowFilter(tokens);
  return new RowSieve((item) => {
    let texts = known.get(item);
    if (!texts) {
      const row = textsOf(item);
      texts = { row, whole: wholeOf(row) };
      known.set(item, texts);
    }
    return fits(texts.row, texts.whole);
  });
}

/** @returns whether the slice that began then is over */
function sliceFrom(begun: number): () => boolean {
  return () => performance.now() - begun > SLICE_MS;
}
