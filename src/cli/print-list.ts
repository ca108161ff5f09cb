import type { Context } from './context.js';
import { CliError, EXIT } from './exit-codes.js';
import { renderTable, type Column } from './format/text-table.js';
import { plain } from './format/text.js';
import { sortRows } from './sort-rows.js';

export interface ListSpec<Row> {
  readonly columns: readonly Column<Row>[];
  /** More columns for `-o wide`. */
  readonly wide?: readonly Column<Row>[];
  /** The text that `-o name` and `-q` print. */
  readonly name: (row: Row) => string;
  readonly id?: (row: Row) => string;
  /** Whether the rows are already in the order of `--sort`. */
  readonly isSorted?: true;
  /** Printed on stderr when the list is empty. */
  readonly empty: string;
}

/**
 * Prints a list in the format of `-o` and the order of `--sort`.
 * @throws CliError when there is no such column to sort by
 */
export async function printList<Row>(
  context: Context,
  rows: readonly Row[],
  spec: ListSpec<Row>,
): Promise<void> {
  const all = [...spec.columns, ...(spec.wide ?? [])];
  const sorted = spec.isSorted ? rows : sortRows(rows, all, context.text('sort'));
  const lines = (text: (row: Row) => string) => context.print(sorted.map((row) => `${text(row)}\n`).join(''));
  const format = context.text('output') ?? 'table';
  if (format === 'json') {
    context.print(`${JSON.stringify(sorted, undefined, 2)}\n`);
  } else if (format === 'yaml') {
    context.print(await yamlText(sorted));
  } else if (format === 'ndjson') {
    lines((row) => JSON.stringify(row));
  } else if (context.on('quiet')) {
    lines((row) => plain((spec.id ?? spec.name)(row)));
  } else if (format === 'name') {
    lines((row) => plain(spec.name(row)));
  } else if (rows.length === 0) {
    context.notice(spec.empty);
  } else {
    printTable(context, sorted, format === 'wide' ? all : spec.columns);
  }
}

function printTable<Row>(context: Context, rows: readonly Row[], columns: readonly Column<Row>[]): void {
  const { paint, width } = context;
  const dropped: string[] = [];
  const table = renderTable(rows, columns, {
    ...{ paint, width, headers: context.kept('headers') },
    onDropped: (header) => dropped.push(header),
  });
  context.print(table);
  if (dropped.length > 0) {
    const what = `the terminal is too narrow for ${dropped.join(', ')}; --no-trunc or -o json shows all`;
    context.notice(context.paint('dim', what));
  }
}

/** Prints one object: as JSON or YAML if `-o` asks for it, else in words. */
export async function printOne(context: Context, value: unknown, words: () => string): Promise<void> {
  const format = context.text('output');
  if (format === 'json') context.print(`${JSON.stringify(value, undefined, 2)}\n`);
  else if (format === 'ndjson') context.print(`${JSON.stringify(value)}\n`);
  else if (format === 'yaml') context.print(await yamlText(value));
  else context.print(words());
}

/** Prints a change as {@link printOne} does; `--quiet` omits the words. */
export async function printChange(context: Context, value: unknown, words: () => string): Promise<void> {
  await printOne(context, value, () => (context.on('quiet') ? '' : words()));
}

/** The value that JSON would show, as YAML. */
async function yamlText(value: unknown): Promise<string> {
  const { stringify } = await import('yaml');
  return stringify(JSON.parse(JSON.stringify(value)), { aliasDuplicateObjects: false, lineWidth: 0 });
}

/** @throws CliError if the format cannot show changes */
export function refuseYaml(context: Context): void {
  if (context.text('output') !== 'yaml') return;
  throw new CliError(
    EXIT.usage,
    '-o yaml cannot show changes; use -o ndjson, which prints one object per line',
  );
}
