import { QueryTop, shareText, type QueryRanks, type Ranked } from '../../api/query-top.js';
import type { Context } from '../context.js';
import { CliError, EXIT } from '../exit-codes.js';
import { renderTable, type Column } from '../format/text-table.js';
import { count } from '../format/words.js';
import { printOne } from '../print-list.js';
import { followQueries, forMsOf } from '../query-stream.js';

/** How long queries are counted where no terminal shows them as they come. */
const USUAL_MS = 10_000;
/** The shortest time between two screens, in milliseconds. */
const REDRAW_MS = 1000;
const HOME_AND_CLEAR = '\u001b[H\u001b[2J';

const TABLES = [
  ['names', 'NAME'],
  ['clients', 'CLIENT'],
  ['upstreams', 'UPSTREAM'],
  ['nxdomain', 'DOES NOT EXIST'],
] as const;

export async function run(context: Context): Promise<number> {
  const rows = rowsOf(context);
  const top = new QueryTop();
  const isDrawn = context.io.stdout.isTTY && context.text('output') === undefined;
  const forMs = forMsOf(context);
  let drawnAt = -Infinity;
  await followQueries(context, {
    forMs: forMs ?? (isDrawn ? undefined : USUAL_MS),
    onQueries: (message) => {
      top.add(message);
      const now = performance.now();
      if (!isDrawn || now - drawnAt < REDRAW_MS) return;
      drawnAt = now;
      context.print(`${HOME_AND_CLEAR}${words(context, top.ranks(rows))}`);
    },
  });
  const ranks = top.ranks(rows);
  await printOne(context, ranks, () => `${isDrawn ? HOME_AND_CLEAR : ''}${words(context, ranks)}`);
  return EXIT.ok;
}

function rowsOf(context: Context): number {
  const text = context.text('rows') ?? '10';
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new CliError(EXIT.usage, `--rows is "${text}"; it must be a whole number from 1 to 9999`);
}

function words({ paint, width }: Context, ranks: QueryRanks): string {
  const share = shareText(ranks.oneOf);
  const head = `${count(ranks.queries, 'query', 'queries')}${share === '' ? '' : `, estimated: ${share} is looked at`}`;
  const tables = TABLES.filter(([key]) => ranks[key].length > 0).map(([key, header]) => {
    const columns: readonly Column<Ranked>[] = [
      { header: 'QUERIES', value: ({ queries }) => String(queries), align: 'right' },
      { header, value: ({ text }) => text, shrinks: true },
    ];
    return renderTable(ranks[key], columns, { paint, width });
  });
  return [`${head}\n`, ...tables].join('\n');
}
