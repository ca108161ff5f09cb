/**
 * Longer names are not compared: a one-letter typo is unlikely in them, and the cost is the product of the lengths.
 */
const longestWord = 64;

/**
 * The number of letters that were omitted, added, replaced or swapped with a neighbour (optimal string alignment
 * distance).
 */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current.push(
        Math.min(
          at(last, column) + 1,
          at(current, column - 1) + 1,
          at(last, column - 1) + (same ? 0 : 1),
          swapped ? at(beforeLast, column - 2) + 1 : Infinity,
        ),
      );
    }
    beforeLast = last;
    last = current;
  }
  return at(last, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}

/**
 * The candidate that was probably meant: at most a third of the letters differ, ignoring case, `-` and `_`.
 * @returns undefined when none is close enough
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > longestWord) return undefined;
  const bare = (text: string) => text.toLowerCase().replace(/[-_]/g, '');
  const wanted = bare(word);
  let best: { candidate: string; distance: number } | undefined;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, bare(candidate));
    const limit = Math.max(1, Math.floor(Math.min(wanted.length, candidate.length) / 3));
    if (wanted.length > 1 && distance <= limit && distance < (best?.distance ?? Infinity)) {
      best = { candidate, distance };
    }
  }
  return best?.candidate;
}
