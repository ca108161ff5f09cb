import { askerText, shareText } from '../../api/query-top.js';
import type { QuerySeenJson } from '../../api/types/queries-json.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { padEnd, padStart, plain } from '../format/text.js';
import type { Tone } from '../format/style.js';
import { count } from '../format/words.js';
import { followQueries, forMsOf } from '../query-stream.js';

/** How long queries are shown where neither `--follow` nor `--for` is given. */
const USUAL_MS = 10_000;

export async function run(context: Context): Promise<number> {
  const isTable = (context.text('output') ?? 'table') === 'table';
  let told = 1;
  await followQueries(context, {
    forMs: forMsOf(context) ?? (context.on('follow') ? undefined : USUAL_MS),
    onQueries: ({ oneOf, missed, queries }) => {
      if (oneOf !== told) context.notice(oneOf === 1 ? 'every query is shown again' : shownText(oneOf));
      told = oneOf;
      for (const query of queries)
        context.print(isTable ? line(context, query) : `${JSON.stringify(query)}\n`);
      if (missed > 0)
        context.notice(`${count(missed, 'query', 'queries')} more came at once than can be shown`);
    },
  });
  return EXIT.ok;
}

function shownText(oneOf: number): string {
  return `there are many queries: ${shareText(oneOf)} is shown`;
}

function line({ paint }: Context, query: QuerySeenJson): string {
  const { at, name = '-', type = '-', rcode, answers, by, upstream, us, oneOf } = query;
  const from = by === 'own' ? 'own' : [by, upstream].filter(Boolean).join(' ');
  const columns = [
    paint('dim', plain(at)),
    padEnd(plain(askerText(query)), 20),
    padEnd(plain(name), 32),
    padEnd(plain(type), 5),
    paint(toneOf(rcode), padEnd(plain(rcode), 8)),
    padStart(`${us} µs`, 10),
    padEnd(plain(from), 8),
    plain(answers.join(', ')) || '-',
    ...(oneOf === 1 ? [] : [paint('dim', shareText(oneOf))]),
  ];
  return `${columns.join('  ')}\n`;
}

function toneOf(rcode: string): Tone {
  if (rcode === 'NOERROR') return 'good';
  return rcode === 'NXDOMAIN' ? 'warn' : 'bad';
}
