import { CliError, EXIT } from './exit-codes.js';
import type { Column } from './format/text-table.js';

/**
 * Rows in the order of a column.
 * @param by a column's header in any case, with `-` for a space; a leading `-` puts the largest first. Undefined keeps
 * the order
 * @throws CliError when the column does not exist
 */
export function sortRows<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  by: string | undefined,
): readonly Row[] {
  if (by === undefined) return rows;
  const wanted = keyOf(by.replace(/^-/, ''));
  const column = columns.find(({ header }) => keyOf(header) === wanted);
  if (!column) {
    const known = columns.map(({ header }) => keyOf(header)).join(', ');
    throw new CliError(EXIT.usage, `there is no column "${by}" to sort by; it must be one of ${known}`);
  }
  const direction = by.startsWith('-') ? -1 : 1;
  const keyed = rows.map((row) => ({ row, key: sortKey(column, row) }));
  return keyed.sort((a, b) => direction * compare(a.key, b.key)).map(({ row }) => row);
}

function keyOf(header: string): string {
  return header.toLowerCase().replaceAll(' ', '-');
}

function sortKey<Row>({ sort, value }: Column<Row>, row: Row): string | number {
  if (sort) return sort(row);
  const cell = value(row);
  return typeof cell === 'string' ? cell : cell.text;
}

/** Compares numbers by value, also within texts: `web_2` before `web_10`. */
const collator = new Intl.Collator('en', { numeric: true });

function compare(a: string | number, b: string | number): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return collator.compare(String(a), String(b));
}
