import type { TokenJson, TokenListJson } from '../../api/types/access-json.js';
import { ageBetween, formatAge } from '../../net/age.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit-codes.js';
import type { Column } from '../format/text-table.js';
import { printList } from '../print-list.js';

export async function run(context: Context): Promise<number> {
  const { now, tokens } = await context.get<TokenListJson>('/v1/tokens');
  await printList(context, tokens, {
    columns: columns(Date.parse(now)),
    name: ({ name }) => name,
    id: ({ id }) => id,
    empty: 'there are no tokens; "fairlead token create" makes one',
  });
  return EXIT.ok;
}

function columns(now: number): readonly Column<TokenJson>[] {
  return [
    { header: 'NAME', value: ({ name }) => name, shrinks: true },
    { header: 'ROLE', value: ({ role }) => role },
    { header: 'ENVIRONMENTS', value: ({ environments }) => environments?.join(',') ?? 'all', shrinks: true },
    { header: 'STACKS', value: ({ stacks }) => stacks?.join(',') ?? 'all', shrinks: true },
    { header: 'AGE', value: ({ createdAt }) => ageBetween(createdAt, now), align: 'right' },
    { header: 'LEFT', value: ({ expiresAt }) => leftText(expiresAt, now), align: 'right' },
    {
      header: 'USED',
      value: ({ usedAt }) => (usedAt === undefined ? '' : ageBetween(usedAt, now)),
      align: 'right',
    },
    { header: 'ID', value: ({ id }) => id },
  ];
}

function leftText(expiresAt: string | undefined, now: number): string {
  return expiresAt === undefined ? '' : formatAge(Math.max(0, Date.parse(expiresAt) - now));
}
