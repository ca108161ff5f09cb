import type { AdoptionJson, AdoptionListJson } from '../../api/types/adoption.js';
import type { Context } from '../context.js';
import { CliError, EXIT } from '../exit-codes.js';
import type { Column } from '../format/text-table.js';
import { plain } from '../format/text.js';
import { count, shortId } from '../format/words.js';
import { printChange, printList } from '../print-list.js';

export async function run(context: Context): Promise<number> {
  const stack = context.argument(0);
  if (stack !== undefined && context.on('all'))
    throw new CliError(EXIT.usage, 'a stack and --all were both given; leave one of them out');
  if (stack === undefined && !context.on('all')) return list(context);
  const body = { choice: 'adopt', ...(stack !== undefined && { stack }) };
  const told = await context.send<AdoptionListJson>('PUT', '/v1/adoption', { body });
  const pending = told.containers.filter(({ adopted }) => !adopted);
  await printChange(context, told, () => {
    const asked = told.containers.length - pending.length;
    const lines = pending.map(({ name, why }) => `  ${plain(name)}: ${plain(why)}\n`);
    const rest = pending.length === 0 ? '' : `; ${pending.length} do not yet:\n${lines.join('')}`;
    return `${count(asked, 'container')} of ${plain(stack ?? 'all stacks')} ask Fairlead${rest || '\n'}`;
  });
  return EXIT.ok;
}

async function list(context: Context): Promise<number> {
  const { containers } = await context.get<AdoptionListJson>('/v1/adoption');
  await printList(context, containers, {
    columns: columns(context),
    name: ({ name }) => name,
    id: ({ id }) => id,
    empty: 'no running container has a known resolv.conf',
  });
  return EXIT.ok;
}

function columns(context: Context): readonly Column<AdoptionJson>[] {
  return [
    { header: 'CONTAINER', value: ({ name }) => name, shrinks: true },
    { header: 'ID', drops: 1, value: ({ id }) => shortId(id, context.kept('trunc')), shrinks: true },
    { header: 'STACK', drops: 2, value: ({ stack }) => stack, shrinks: true },
    {
      header: 'ASKS',
      value: ({ adopted, server = '?' }) =>
        adopted ? { text: 'Fairlead', tone: 'good' } : server === '127.0.0.11' ? 'Docker' : server,
    },
    { header: 'WHY', value: ({ why }) => why, shrinks: true },
  ];
}
