import type { QueryMatchJson, QuerySeenJson } from '../types/queries-json.js';

export const QUERY_FIELDS = ['client', 'name', 'type', 'rcode', 'by'] as const;
type Field = (typeof QUERY_FIELDS)[number];

/** The texts of a query that a pattern for a field may fit. */
const TEXTS: Readonly<Record<Field, (query: QuerySeenJson) => readonly (string | undefined)[]>> = {
  client: ({ task, service, client }) => [task, service, service?.split('.').at(-2), client],
  name: ({ name }) => [name],
  type: ({ type }) => [type],
  rcode: ({ rcode }) => [rcode],
  by: ({ by }) => [by],
};

/**
 * Whether a query is wanted: it fits one pattern of every field in `match`, and none in `not`. Case makes no
 * difference, nor does a final dot of a name.
 */
export function queryMatcher(
  match: QueryMatchJson = {},
  not: QueryMatchJson = {},
): (query: QuerySeenJson) => boolean {
  const wanted = testsOf(match);
  const unwanted = testsOf(not);
  return (query) => wanted.every((fits) => fits(query)) && !unwanted.some((fits) => fits(query));
}

function testsOf(match: QueryMatchJson): ((query: QuerySeenJson) => boolean)[] {
  return QUERY_FIELDS.flatMap((field) => {
    const patterns = match[field]?.map((text) => plain(text).split('*'));
    if (patterns === undefined) return [];
    return [
      (query: QuerySeenJson) =>
        TEXTS[field](query).some(
          (text) => text !== undefined && patterns.some((pieces) => fitsPieces(plain(text), pieces)),
        ),
    ];
  });
}

function plain(text: string): string {
  const lower = text.toLowerCase();
  return lower.length > 1 && lower.endsWith('.') ? lower.slice(0, -1) : lower;
}

/** Whether a text is the pattern, in which `*` stands for anything. Case makes no difference. */
export function fitsPattern(text: string, pattern: string): boolean {
  return fitsPieces(plain(text), plain(pattern).split('*'));
}

/** @param pieces what stands between the stars, in this order; the time is in proportion to the text */
function fitsPieces(text: string, pieces: readonly string[]): boolean {
  const [first = '', ...rest] = pieces;
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length)
    return false;
  const end = text.length - last.length;
  let at = first.length;
  for (const piece of rest) {
    const found = text.indexOf(piece, at);
    if (found < 0 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}
