import type { TaskListJson } from '../../api/types/resources.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { printList } from '../print-list.js';
import { taskColumns, WIDE_TASK_COLUMNS } from '../task-columns.js';

export async function run(context: Context): Promise<number> {
  const { tasks } = await context.get<TaskListJson>('/v1/tasks', {
    stack: context.text('stack'),
    service: context.text('service'),
    health: context.text('health'),
  });
  printList(context, tasks, {
    columns: taskColumns(context),
    wide: WIDE_TASK_COLUMNS,
    name: ({ name }) => name,
    id: ({ id }) => id,
    empty: 'no tasks; "fairlead status" shows whether the sources have told what they have',
  });
  return EXIT.ok;
}
