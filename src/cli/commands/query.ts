import type { QueryJson, RecordJson } from '../../api/types/query-json.js';
import type { Context } from '../context.js';
import { CliError, EXIT } from '../exit-codes.js';
import { renderFields, renderTable, type Column } from '../format/text-table.js';
import { plain } from '../format/text.js';
import { printOne } from '../print-list.js';
import { viewText } from '../view-text.js';

export async function run(context: Context): Promise<number> {
  const answer = await context.get<QueryJson>('/v1/query', {
    name: context.argument(0),
    type: context.argument(1),
    as: context.text('as'),
  });
  await printOne(context, answer, () => (context.on('quiet') ? dataOnly(answer) : words(context, answer)));
  if (answer.undecoded !== undefined) {
    throw new CliError(
      EXIT.data,
      `the answer cannot be shown: ${answer.undecoded}; "-o json" prints its bytes`,
    );
  }
  return answer.rcode === 'NOERROR' && answer.answers.length > 0 ? EXIT.ok : EXIT.negative;
}

const COLUMNS: readonly Column<RecordJson>[] = [
  { header: 'NAME', value: ({ name }) => name },
  { header: 'TTL', value: ({ ttl }) => String(ttl), align: 'right' },
  { header: 'TYPE', value: ({ type }) => type },
  { header: 'DATA', value: ({ data }) => data },
];

function dataOnly({ answers }: QueryJson): string {
  return answers.map(({ data }) => `${plain(data)}\n`).join('');
}

function words({ paint }: Context, answer: QueryJson): string {
  const { answers, authority, additional, question } = answer;
  const section = (title: string, records: readonly RecordJson[]) =>
    records.length === 0 ? '' : `${title}${renderTable(records, COLUMNS, { paint, headers: false })}\n`;
  const empty =
    answer.rcode === 'NOERROR' && answers.length === 0 ? `no ${plain(question.type)} record\n\n` : '';
  const positive = answer.rcode === 'NOERROR';
  const source = { own: 'own data', upstream: 'an upstream', none: 'nobody' }[answer.source];
  const fields = renderFields(
    [
      [
        'answer',
        {
          text: `${answer.rcode}${answer.flags.length === 0 ? '' : ` (${answer.flags.join(' ')})`}`,
          tone: positive ? 'good' : 'bad',
        },
      ],
      ['from', `${source}, in ${answer.ms.toFixed(answer.ms < 10 ? 2 : 0)} ms`],
      ['rule', answer.rule],
      ['view', viewText(answer.view)],
      [
        'errors',
        answer.errors.map(({ code, text }) => `${code}${text === '' ? '' : ` (${text})`}`).join(', '),
      ],
    ],
    paint,
  );
  return [
    section('', answers),
    empty,
    answers.length === 0 ? section(paint('dim', 'authority\n'), authority) : '',
    section(paint('dim', 'additional\n'), additional),
    fields,
  ].join('');
}
