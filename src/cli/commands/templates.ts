import type { ProgramJson, TemplateJson, TemplateListJson } from '../../api/types/templates-json.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { formatBytes } from '../format/byte-counts.js';
import type { Tone } from '../format/style.js';
import { plain } from '../format/text.js';
import type { Column } from '../format/text-table.js';
import { printList, printOne } from '../print-list.js';
import { sortRows } from '../sort-rows.js';

const TONES: Readonly<Record<TemplateJson['state'], Tone>> = {
  rendered: 'good',
  waiting: 'dim',
  held: 'warn',
  failed: 'bad',
};

const COLUMNS: readonly Column<TemplateJson>[] = [
  { header: 'DESTINATION', shrinks: true, value: ({ destination }) => plain(destination) },
  { header: 'STATE', value: ({ state }) => ({ text: state, tone: TONES[state] }) },
  { header: 'RENDERED', drops: 4, value: ({ renderedAt }) => renderedAt ?? '-' },
  {
    header: 'SIZE',
    drops: 5,
    align: 'right',
    value: ({ bytes }) => (bytes === undefined ? '-' : formatBytes(bytes)),
  },
  {
    header: 'COMMAND',
    drops: 6,
    shrinks: true,
    value: ({ command }) => (command === undefined ? '-' : command.outcome),
  },
];

const WIDE: readonly Column<TemplateJson>[] = [
  {
    header: 'RUNS',
    drops: 3,
    shrinks: true,
    value: ({ command }) => (command === undefined ? '-' : plain(command.text)),
  },
  { header: 'SOURCE', drops: 2, shrinks: true, value: ({ source }) => plain(source) },
  { header: 'QUERIES', drops: 1, shrinks: true, value: ({ queries }) => plain(queries.join(' ')) },
];

export async function run(context: Context): Promise<number> {
  const { templates, program } = await context.get<TemplateListJson>('/v1/templates');
  const format = context.text('output') ?? 'table';
  if (format === 'json' || format === 'yaml') {
    const sorted = sortRows(templates, [...COLUMNS, ...WIDE], context.text('sort'));
    const all: TemplateListJson = { templates: sorted, ...(program !== undefined && { program }) };
    await printOne(context, all, () => '');
  } else {
    await printList(context, templates, {
      columns: COLUMNS,
      wide: WIDE,
      name: ({ destination }) => destination,
      empty: 'no templates; render.templates in the configuration lists them (docs/templates.md)',
    });
  }
  if (format === 'table' || format === 'wide') {
    for (const each of templates) explain(context, each);
    if (program !== undefined) context.notice(programText(program));
  }
  return templates.some(({ state }) => state === 'failed') ? EXIT.negative : EXIT.ok;
}

function programText({ text, state, pid, startedAt, restarts, outcome }: ProgramJson): string {
  const parts = [
    state,
    ...(pid === undefined ? [] : [`pid ${pid}`]),
    ...(startedAt === undefined ? [] : [`since ${startedAt}`]),
    ...(restarts === 0 ? [] : [`started again ${restarts} times`]),
    ...(outcome === undefined ? [] : [`ended with ${outcome}`]),
  ];
  return `program ${plain(text)}: ${parts.join(', ')}`;
}

/** What keeps a target from being rendered. */
function explain(context: Context, { destination, missing, error, command, state }: TemplateJson): void {
  const lines = error?.split('\n') ?? [];
  if (state === 'waiting' && missing.length > 0) lines.push(`waits for ${missing.join(', ')}`);
  if (command?.ok === false && error?.includes(command.outcome) !== true)
    lines.push(...command.output.trim().split('\n'));
  if (lines.length === 0) return;
  context.notice(`${context.paint('warn', '!')} ${plain(destination)}`);
  for (const line of lines) context.notice(`    ${plain(line)}`);
}
