import type { DrainJson, DrainListJson, TaskJson, TaskListJson } from '../../api/types/resources.js';
import type { Context } from '../context.js';
import { CliError, EXIT } from '../exit-codes.js';
import { findTarget, targetRoute, targetText, type Target } from '../find-target.js';
import type { Column } from '../format/text-table.js';
import { plain } from '../format/text.js';
import { shortId } from '../format/words.js';
import { ageBetween, formatAge } from '../../net/age.js';
import { printChange, printList } from '../print-list.js';
import { serviceText } from '../task-columns.js';

export async function run(context: Context): Promise<number> {
  const text = context.argument(0);
  if (text === undefined) return list(context);
  const target = await findTarget(context, text);
  const { path, query } = targetRoute(target, 'drain');
  const body = { for: context.text('for'), note: context.text('note') };
  const drain = await context.send<DrainJson>('PUT', path, { query, body });
  const end = drain.until === undefined ? 'until "fairlead undrain" ends it' : `until ${drain.until}`;
  if (context.text('output') === 'name') context.print(`${plain(drain.name)}\n`);
  else await printChange(context, drain, () => `draining ${plain(targetText(target))} ${end}\n`);
  const emptied = await emptiedService(context, target);
  if (emptied !== undefined) context.notice(`no other task can serve ${plain(emptied)} until then`);
  return EXIT.ok;
}

/** The name of the service that no longer has a task for new traffic. */
async function emptiedService(context: Context, target: Target): Promise<string | undefined> {
  const drained = 'task' in target ? target.task : undefined;
  const ref =
    'service' in target
      ? target.service
      : (await context.get<TaskJson>(`/v1/tasks/${encodeURIComponent(target.task)}`)).service;
  if (ref === undefined) return undefined;
  const { environment, stack, service, sidekick } = ref;
  const { tasks } = await context.get<TaskListJson>('/v1/tasks', { environment, stack, service });
  // Unhealthy tasks are served when there are no others.
  const isLeft = ({ id, health, service: own }: TaskJson): boolean =>
    own?.sidekick === sidekick && id !== drained && (health === 'healthy' || health === 'unhealthy');
  return drained !== undefined && tasks.some(isLeft) ? undefined : serviceText({ service: ref });
}

async function list(context: Context): Promise<number> {
  const given = ['for', 'note'].find((option) => context.text(option) !== undefined);
  if (given !== undefined) {
    throw new CliError(EXIT.usage, `--${given} needs a target to drain; name a task or a service`);
  }
  const { now, drains } = await context.get<DrainListJson>('/v1/drains');
  await printList(context, drains, {
    columns: columns(context, Date.parse(now)),
    name: ({ name }) => name,
    id: ({ task, name }) => task ?? name,
    empty: 'nothing is drained',
  });
  return EXIT.ok;
}

function columns(context: Context, now: number): readonly Column<DrainJson>[] {
  return [
    { header: 'KIND', value: ({ task }) => (task === undefined ? 'service' : 'task') },
    { header: 'NAME', value: ({ name }) => name, shrinks: true },
    { header: 'ID', value: ({ task = '' }) => shortId(task, context.kept('trunc')), shrinks: true },
    { header: 'SINCE', value: ({ at }) => ageBetween(at, now), align: 'right' },
    { header: 'LEFT', value: ({ until }) => leftText(until, now), align: 'right' },
    { header: 'NOTE', value: ({ note = '' }) => note, shrinks: true },
  ];
}

function leftText(until: string | undefined, now: number): string {
  return until === undefined ? '' : formatAge(Math.ceil((Date.parse(until) - now) / 1000) * 1000);
}
