import { fitsPattern, QUERY_FIELDS } from '../api/stream/query-match.js';
import type { QueryMatchJson } from '../api/types/queries-json.js';
import type { QueryOptionsJson } from '../api/types/stream.js';

/** One word of a filter: `stack:shop`, `-health:healthy`, `web`. */
export interface Token {
  /** Absent: it may stand anywhere in the row. */
  readonly field?: string;
  readonly text: string;
  readonly isNegated: boolean;
}

/** @param fields those that the rows have; a word before a colon that is not one of them is part of the text */
export function readTokens(filter: string, fields: readonly string[]): Token[] {
  return filter
    .split(/\s+/)
    .filter((word) => word !== '' && word !== '-')
    .map((word) => {
      const isNegated = word.startsWith('-');
      const bare = isNegated ? word.slice(1) : word;
      const colon = bare.indexOf(':');
      const field = bare.slice(0, Math.max(0, colon)).toLowerCase();
      if (!fields.includes(field)) return { text: bare.toLowerCase(), isNegated };
      return { field, text: bare.slice(colon + 1).toLowerCase(), isNegated };
    })
    .filter(({ text }) => text !== '');
}

/** What of a row a filter looks at. */
export type RowTexts = Readonly<Record<string, readonly (string | undefined)[]>>;

/**
 * Whether a row fits: of each field one of the words, all words without a field, and none of the negated ones. A word
 * for a field is the whole value, with `*` for anything; one without may be any part of the row.
 */
export function rowFilter(tokens: readonly Token[]): (row: RowTexts, whole: string) => boolean {
  const fields = new Map<string, string[]>();
  for (const { field, text, isNegated } of tokens)
    if (field !== undefined && !isNegated) fields.set(field, [...(fields.get(field) ?? []), text]);
  const wanted = [...fields];
  const words = tokens.filter(({ field, isNegated }) => field === undefined && !isNegated);
  const unwanted = tokens.filter(({ isNegated }) => isNegated);
  return (row, whole) =>
    words.every(({ text }) => whole.includes(text)) &&
    wanted.every(([field, texts]) => texts.some((text) => fitsField(row, field, text))) &&
    !unwanted.some(({ field, text }) =>
      field === undefined ? whole.includes(text) : fitsField(row, field, text),
    );
}

function fitsField(row: RowTexts, field: string, pattern: string): boolean {
  return row[field]?.some((text) => text !== undefined && fitsPattern(text, pattern)) ?? false;
}

/** The whole of a row, for words without a field. */
export function wholeOf(row: RowTexts): string {
  return Object.values(row).flat().filter(Boolean).join('\n').toLowerCase();
}

/** A filter of DNS queries as the daemon takes it; a word without a field is part of a name. */
export function queryOptions(filter: string): QueryOptionsJson {
  const [match, not] = [new Map<string, string[]>(), new Map<string, string[]>()];
  for (const { field, text, isNegated } of readTokens(filter, QUERY_FIELDS)) {
    const into = isNegated ? not : match;
    const pattern = field === undefined && !text.includes('*') ? `*${text}*` : text;
    into.set(field ?? 'name', [...(into.get(field ?? 'name') ?? []), pattern]);
  }
  return { ...(match.size > 0 && { match: asMatch(match) }), ...(not.size > 0 && { not: asMatch(not) }) };
}

function asMatch(lists: ReadonlyMap<string, readonly string[]>): QueryMatchJson {
  return Object.fromEntries(lists);
}
