import type { Context } from './context.js';
import { CliError, EXIT } from './exit-codes.js';
import { refuseYaml } from './print-list.js';
import { sortRows } from './sort-rows.js';
import { renderTable, type Column } from './format/text-table.js';
import { plain } from './format/text.js';

export interface WatchOptions<List> {
  /** @throws CliError */
  readonly ask: () => Promise<List>;
  /** Waits until the daemon should be asked again. */
  readonly pause: () => Promise<void>;
}

/** How a list is shown, and how its changes are printed where no table is drawn. */
export interface Watched<List, Row> {
  /** Printed on stderr before the first change. */
  readonly begins: (list: List) => string;
  /** The line above the table. */
  readonly summary: (list: List) => string;
  readonly rows: (list: List) => readonly Row[];
  readonly columns: (list: List) => readonly Column<Row>[];
  /** Which rows are shown when not all of them fit. */
  readonly troubledFirst: (rows: readonly Row[]) => readonly Row[];
  /** Says how to shorten the list. */
  readonly cutDown: string;
  /** A line for each change, ready to print. */
  readonly changes: (before: List, after: List) => readonly string[];
}

/**
 * Shows a list until it is interrupted: the whole list on a terminal, else a line for each change. Only the first
 * attempt to reach the daemon must succeed.
 */
export async function watch<List extends { readonly now: string }, Row>(
  context: Context,
  { ask, pause }: WatchOptions<List>,
  watched: Watched<List, Row>,
): Promise<never> {
  const format = context.text('output') ?? 'table';
  refuseYaml(context);
  const drawn = context.io.stdout.isTTY && !context.on('quiet') && (format === 'table' || format === 'wide');
  let list = await ask();
  let before = list;
  if (!drawn) context.notice(watched.begins(list));
  for (let first = true; ; first = false) {
    if (drawn) context.print(`${first ? CLEAR : ''}${screen(context, list, watched)}`);
    else for (const line of watched.changes(before, list)) context.print(`${line}\n`);
    before = list;
    await pause();
    list = await patiently(context, ask, pause);
  }
}

async function patiently<List>(
  context: Context,
  ask: () => Promise<List>,
  pause: () => Promise<void>,
): Promise<List> {
  for (let told = false; ; told = true) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof CliError) || error.exitCode !== EXIT.unavailable) throw error;
      if (!told) context.notice(`${error.message}; waiting for it`);
      await pause();
    }
  }
}

const CLEAR = '\u001b[2J';
const HOME = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
/** Lines around the rows: summary, headers, how many more there are, and the cursor's. */
const FRAME = 4;

/** One screen of rows, written over the last one. This flickers less than clearing the screen in between. */
function screen<List extends { readonly now: string }, Row>(
  context: Context,
  list: List,
  watched: Watched<List, Row>,
): string {
  const { paint, width, io } = context;
  const room = Math.max(1, (io.stdout.rows ?? Infinity) - FRAME);
  const columns = watched.columns(list);
  const rows = sortRows(watched.rows(list), columns, context.text('sort'));
  const shown = rows.length > room ? watched.troubledFirst(rows).slice(0, room) : rows;
  const more = rows.length - shown.length;
  const lines = [
    `${paint('dim', plain(list.now))}  ${watched.summary(list)}`,
    ...renderTable(shown, columns, { paint, width, headers: context.kept('headers') })
      .split('\n')
      .slice(0, -1),
    ...(more > 0 ? [paint('dim', `and ${more} more; ${watched.cutDown}`)] : []),
  ];
  return `${HOME}${lines.map((line) => `${line}${CLEAR_LINE}\n`).join('')}${CLEAR_BELOW}`;
}
