import type { ServiceRefJson } from '../api/types/references.js';
import type { TaskJson } from '../api/types/resources.js';
import type { Context } from './context.js';
import type { Column } from './format/text-table.js';
import { padEnd, plain } from './format/text.js';
import { count, tally } from './format/words.js';
import { watch, type WatchOptions } from './screen-watch.js';
import { serviceText } from './task-columns.js';

interface TaskList {
  readonly now: string;
  readonly tasks: readonly TaskJson[];
}

export interface TaskWatchOptions extends WatchOptions<TaskList> {
  readonly columns: () => readonly Column<TaskJson>[];
}

/** Shows tasks until it is interrupted: the whole list on a terminal, else a line for each change of health. */
export async function watchTasks(
  context: Context,
  { columns, ...options }: TaskWatchOptions,
): Promise<never> {
  const format = context.text('output') ?? 'table';
  return watch(context, options, {
    begins: ({ tasks }) => `watching ${count(tasks.length, 'task')}`,
    summary: ({ tasks }) => {
      const counts: Partial<Record<string, number>> = {};
      for (const { health } of tasks) counts[health] = (counts[health] ?? 0) + 1;
      return [count(tasks.length, 'task'), tally(counts)].filter(Boolean).join(': ');
    },
    rows: ({ tasks }) => tasks,
    columns,
    troubledFirst: (all) => [...all.filter((task) => !isWell(task)), ...all.filter(isWell)],
    cutDown: '--stack, --service or --health shortens the list',
    changes: (before, after) => changes(before, after).map((change) => changeText(context, change, format)),
  });
}

const isWell = ({ health }: TaskJson) => health === 'healthy' || health === 'stopped';

/** One line of `-o json`. */
interface TaskChange {
  /** When the state changed. */
  readonly at: string;
  readonly id: string;
  readonly name: string;
  readonly service?: ServiceRefJson;
  /** Absent if the task did not exist, or was not watched. */
  readonly before?: TaskJson['health'];
  /** Absent if the task no longer exists or is no longer watched. */
  readonly after?: TaskJson['health'];
  readonly reason?: string;
}

function changes(before: TaskList, { now, tasks }: TaskList): TaskChange[] {
  const gone = new Map(before.tasks.map((task) => [task.id, task]));
  const found: TaskChange[] = [];
  for (const task of tasks) {
    const was = gone.get(task.id)?.health;
    gone.delete(task.id);
    if (was === task.health) continue;
    const { health, reason } = task;
    const why = reason === undefined ? {} : { reason };
    found.push({ ...refOf(task, now), ...(was && { before: was }), after: health, ...why });
  }
  for (const task of gone.values()) found.push({ ...refOf(task, now), before: task.health });
  return found;
}

function refOf({ id, name, service }: TaskJson, at: string): Omit<TaskChange, 'before' | 'after' | 'reason'> {
  return { at, id, name, ...(service && { service }) };
}

function changeText({ paint }: Context, change: TaskChange, format: string): string {
  if (format === 'json' || format === 'ndjson') return JSON.stringify(change);
  if (format === 'name') return plain(change.name);
  const { at, name, before = 'absent', after = 'gone', reason } = change;
  return [
    paint('dim', plain(at)),
    padEnd(plain(serviceText(change)) || '-', 16),
    padEnd(plain(name), 20),
    plain(`${before} -> ${after}${reason === undefined ? '' : ` [${reason}]`}`),
  ].join('  ');
}
