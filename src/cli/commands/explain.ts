import type { ExplainJson, ExplainTaskJson } from '../../api/types/query-json.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { renderFields, renderTable, type Cell, type Column } from '../format/text-table.js';
import { plain } from '../format/text.js';
import { healthTone, shortId } from '../format/words.js';
import { printOne } from '../print-list.js';
import { viewText } from '../view-text.js';
import { carrierWords, settingsWords } from '../vip-columns.js';

export async function run(context: Context): Promise<number> {
  const told = await context.get<ExplainJson>('/v1/explain', {
    name: context.argument(0),
    type: context.argument(1),
    as: context.text('as'),
  });
  await printOne(context, told, () => words(context, told));
  return told.rcode === 'NXDOMAIN' || told.rcode === 'REFUSED' ? EXIT.negative : EXIT.ok;
}

const TASK_COLUMNS: readonly Column<ExplainTaskJson>[] = [
  { header: 'IN', value: (task) => (task.in ? { text: 'in', tone: 'good' } : { text: 'out', tone: 'bad' }) },
  { header: 'TASK', value: ({ name }) => name, shrinks: true },
  { header: 'ID', value: ({ id }) => shortId(id, true), shrinks: true },
  { header: 'SERVICE', value: ({ service = '' }) => service, shrinks: true },
  { header: 'HEALTH', value: ({ health }) => ({ text: health, tone: healthTone(health) }) },
  { header: 'ADDRESS', value: ({ addresses }) => addresses.join(','), shrinks: true },
  {
    header: 'WHY',
    value: ({ why, reason }) => (reason === undefined || why.includes(reason) ? why : `${why}: ${reason}`),
  },
];

/** `10.43.7.1: 80/tcp wrr up (100 open at most)`. */
function vipCell({ address, ports }: NonNullable<ExplainJson['vip']>): Cell {
  const each = ports.map(({ port, protocol, scheduler, settings, state, problem, carrier }) => {
    const words = [...(problem === undefined ? [] : [problem]), ...settingsWords(settings)];
    const more = [...words, ...carrierWords(carrier)].join(', ');
    return `${port}/${protocol} ${scheduler} ${state}${more === '' ? '' : ` (${more})`}`;
  });
  const isWell = ports.length > 0 && ports.every(({ state }) => state === 'up');
  return {
    text: `${address}: ${each.join(', ') || 'not carried here'}`,
    tone: isWell ? undefined : 'warn',
  };
}

function words({ paint, width }: Context, told: ExplainJson): string {
  const { steps, tasks, answers, rule, rcode } = told;
  const head = renderFields(
    [
      ['view', viewText(told.view)],
      ['asks', told.elsewhere === undefined ? undefined : { text: told.elsewhere, tone: 'warn' }],
      ['rule', rule],
      ['vip', told.vip && vipCell(told.vip)],
      ['answer', rcode],
    ],
    paint,
  );
  const tried = steps.map(
    ({ tried: what, matched, why }) =>
      `  ${matched ? paint('good', 'yes') : paint('dim', 'no ')}  ${plain(what)}: ${plain(why)}\n`,
  );
  const sections = [
    ['tried in this order', tried.join('')],
    ['tasks', tasks.length === 0 ? '' : renderTable(tasks, TASK_COLUMNS, { paint, width })],
    ['records', answers.map((answer) => `  ${plain(answer)}\n`).join('')],
  ] as const;
  const body = sections
    .filter(([, text]) => text !== '')
    .map(([title, text]) => `\n${paint('dim', title)}\n${text}`);
  return `${paint('bold', `${plain(told.name)} ${plain(told.type)}`)}\n${head}${body.join('')}`;
}
