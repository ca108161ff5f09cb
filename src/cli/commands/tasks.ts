import type { TaskJson, TaskListJson } from '../../api/types/resources.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { printList } from '../print-list.js';
import { StateWatch } from '../state-watch.js';
import { taskColumns, wideTaskColumns } from '../task-columns.js';
import { watchTasks } from '../task-watch.js';

/** Milliseconds until the table is drawn again without a change, because it shows ages. */
const REDRAW_MS = 1000;

export async function run(context: Context): Promise<number> {
  if (context.on('watch')) return watchAll(context);
  const { tasks } = await context.get<TaskListJson>('/v1/tasks', {
    stack: context.text('stack'),
    service: context.text('service'),
    health: context.text('health'),
  });
  await printList(context, tasks, {
    columns: taskColumns(context),
    wide: wideTaskColumns(context),
    name: ({ name }) => name,
    id: ({ id }) => id,
    empty: 'no tasks; "fairlead status" shows whether the sources have reported yet',
  });
  return EXIT.ok;
}

async function watchAll(context: Context): Promise<never> {
  const [stack, service, health] = ['stack', 'service', 'health'].map((option) => context.text(option));
  const wanted = (task: TaskJson) =>
    [
      [stack, task.stack],
      [service, task.service?.service],
      [health, task.health],
    ].every(([asked, own]) => asked === undefined || asked === own);
  const isDrawn = context.io.stdout.isTTY && !context.on('quiet');
  const state = new StateWatch(context);
  try {
    return await watchTasks(context, {
      ask: async () => {
        const replica = await state.state();
        const all = [...replica.tasks.keys()].flatMap((id) => replica.task(id) ?? []);
        return { now: replica.at, tasks: all.filter(wanted).sort(byServiceAndName) };
      },
      columns: () => [
        ...taskColumns(context),
        ...(context.text('output') === 'wide' ? wideTaskColumns(context) : []),
      ],
      pause: () => state.wait(isDrawn ? REDRAW_MS : Infinity),
    });
  } finally {
    state.close();
  }
}

function byServiceAndName(a: TaskJson, b: TaskJson): number {
  const [left, right] = [sortText(a), sortText(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

function sortText({ environment, service, name, id }: TaskJson): string {
  const key = service ? [environment, service.stack, service.service, service.sidekick ?? ''] : ['\uffff'];
  return [...key, name, id].join('\u0000');
}
