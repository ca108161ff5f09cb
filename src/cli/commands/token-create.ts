import type { NewTokenJson } from '../../api/types/access-json.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { plain } from '../format/text.js';
import { printOne } from '../print-list.js';

export async function run(context: Context): Promise<number> {
  const [environments, stacks] = [context.texts('environment'), context.texts('stack')];
  const made = await context.send<NewTokenJson>('POST', '/v1/tokens', {
    body: {
      name: context.argument(0) ?? '',
      role: context.text('role') ?? 'viewer',
      ...(environments.length > 0 && { environments }),
      ...(stacks.length > 0 && { stacks }),
      for: context.text('for'),
    },
  });
  // The token alone goes to stdout, so that a file or a program can take it.
  await printOne(context, made, () => `${plain(made.token)}\n`);
  context.notice(`token ${plain(made.name)} (${made.role}): keep it now, it is not shown again`);
  return EXIT.ok;
}
