import type { TaskRefJson } from '../../api/types/resources.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { plain } from '../format/text.js';
import { printChange } from '../print-list.js';

export async function run(context: Context): Promise<number> {
  const ok = !context.on('fail');
  const path = `/v1/tasks/${encodeURIComponent(context.argument(0) ?? '')}/beat`;
  const task = await context.send<TaskRefJson>('PUT', path, { body: { ok, note: context.text('note') } });
  await printChange(context, task, () => `${plain(task.name)} says that it is ${ok ? 'well' : 'not well'}\n`);
  return EXIT.ok;
}
