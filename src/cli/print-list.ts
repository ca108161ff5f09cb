import type { Context } from './context.js';
import { renderTable, type Column } from './format/text-table.js';
import { plain } from './format/text.js';

export interface ListSpec<Row> {
  readonly columns: readonly Column<Row>[];
  /** More columns for `-o wide`. */
  readonly wide?: readonly Column<Row>[];
  /** What `-o name` and `-q` print. */
  readonly name: (row: Row) => string;
  readonly id?: (row: Row) => string;
  /** Said on stderr when there is nothing. */
  readonly empty: string;
}

/** Prints a list in the format that `-o` asks for. */
export function printList<Row>(context: Context, rows: readonly Row[], spec: ListSpec<Row>): void {
  const lines = (text: (row: Row) => string) => context.print(rows.map((row) => `${text(row)}\n`).join(''));
  const format = context.text('output') ?? 'table';
  if (format === 'json') {
    context.print(`${JSON.stringify(rows, undefined, 2)}\n`);
  } else if (format === 'ndjson') {
    lines((row) => JSON.stringify(row));
  } else if (context.on('quiet')) {
    lines((row) => plain((spec.id ?? spec.name)(row)));
  } else if (format === 'name') {
    lines((row) => plain(spec.name(row)));
  } else if (rows.length === 0) {
    context.notice(spec.empty);
  } else {
    const columns = format === 'wide' ? [...spec.columns, ...(spec.wide ?? [])] : spec.columns;
    const { paint, width } = context;
    context.print(renderTable(rows, columns, { paint, width, headers: context.kept('headers') }));
  }
}

/** Prints one thing: as JSON if `-o json` or `ndjson` asks for it, else in words. */
export function printOne(context: Context, value: unknown, words: () => string): void {
  const format = context.text('output');
  if (format === 'json') context.print(`${JSON.stringify(value, undefined, 2)}\n`);
  else if (format === 'ndjson') context.print(`${JSON.stringify(value)}\n`);
  else context.print(words());
}

/** Prints what was changed, as {@link printOne} does; `--quiet` leaves the words out. */
export function printChange(context: Context, value: unknown, words: () => string): void {
  printOne(context, value, () => (context.on('quiet') ? '' : words()));
}
