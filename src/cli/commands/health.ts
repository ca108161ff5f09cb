import type { HealthListJson } from '../../api/types/resources.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { findTarget, type Target } from '../find-target.js';
import { healthColumns, wideHealthColumns } from '../health-columns.js';
import { watchHealth } from '../health-watch.js';
import { printList } from '../print-list.js';
import { StateWatch } from '../state-watch.js';

/** The longest time between two requests, in milliseconds. */
const LOOK_MS = 1000;

export async function run(context: Context): Promise<number> {
  const text = context.argument(0);
  const target = text === undefined ? undefined : await findTarget(context, text, context.text('stack'));
  const ask = () => chosen(context, target);
  const wide = wideHealthColumns(context);
  if (context.on('watch')) {
    const state = new StateWatch(context);
    try {
      return await watchHealth(context, {
        ask,
        columns: (now) => [...healthColumns(now), ...(context.text('output') === 'wide' ? wide : [])],
        // The results of probes are not part of the state, so they are fetched once a second.
        pause: () => state.wait(LOOK_MS),
      });
    } finally {
      state.close();
    }
  }
  const { now, checks } = await ask();
  await printList(context, checks, {
    columns: healthColumns(Date.parse(now)),
    wide,
    name: ({ name }) => name,
    id: ({ id }) => id,
    empty: 'no task here has a check; docs/health.md explains how to add one',
  });
  return EXIT.ok;
}

async function chosen(context: Context, target: Target | undefined): Promise<HealthListJson> {
  const filter = { stack: context.text('stack'), health: context.text('health') };
  if (target === undefined) return context.get<HealthListJson>('/v1/health', filter);
  if ('task' in target) return context.get<HealthListJson>('/v1/health', { ...filter, task: target.task });
  const { environment, stack, service, sidekick } = target.service;
  const list = await context.get<HealthListJson>('/v1/health', { ...filter, environment, stack, service });
  // A service is shown with its sidekicks, a sidekick by itself.
  if (sidekick === undefined) return list;
  return { ...list, checks: list.checks.filter((check) => check.service?.sidekick === sidekick) };
}
