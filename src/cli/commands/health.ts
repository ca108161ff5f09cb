import type { ServiceRefJson } from '../../api/types/references.js';
import type { CheckJson, HealthListJson } from '../../api/types/resources.js';
import type { FigureOptionsJson } from '../../api/types/stream.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { findTarget, type Target } from '../find-target.js';
import { healthColumns, wideHealthColumns } from '../health-columns.js';
import { watchHealth } from '../health-watch.js';
import { printList } from '../print-list.js';
import { StateWatch } from '../state-watch.js';

export async function run(context: Context): Promise<number> {
  const text = context.argument(0);
  const target = text === undefined ? undefined : await findTarget(context, text, context.text('stack'));
  const wide = wideHealthColumns(context);
  if (context.on('watch')) {
    const live = new StateWatch(context, {
      type: 'subscribe',
      channels: ['figures'],
      figures: { kinds: ['checks'], ...wishes(context, target) },
    });
    try {
      return await watchHealth(context, {
        ask: async () => {
          const { revision, now, checks = [] } = await live.figures();
          return { revision, now, checks: ofSidekick(checks, target) };
        },
        columns: (now) => [...healthColumns(now), ...(context.text('output') === 'wide' ? wide : [])],
        pause: () => live.wait(),
      });
    } finally {
      live.close();
    }
  }
  const { now, checks } = await context.get<HealthListJson>('/v1/health', { ...wishes(context, target) });
  await printList(context, ofSidekick(checks, target), {
    columns: healthColumns(Date.parse(now)),
    wide,
    name: ({ name }) => name,
    id: ({ id }) => id,
    empty: 'no task here has a check; docs/health.md explains how to add one',
  });
  return EXIT.ok;
}

type Wishes = Pick<FigureOptionsJson, 'environment' | 'stack' | 'service' | 'health' | 'task'>;

/** What the daemon is asked for. */
function wishes(context: Context, target: Target | undefined): Wishes {
  const stack = context.text('stack');
  // The command line has checked the word.
  const health = context.text('health') as CheckJson['health'] | undefined;
  const place =
    target && 'service' in target ? placeOf(target.service) : stack === undefined ? {} : { stack };
  return {
    ...place,
    ...(health !== undefined && { health }),
    ...(target && 'task' in target && { task: target.task }),
  };
}

function placeOf({ environment, stack, service }: ServiceRefJson) {
  return { environment, stack, service };
}

/** A service is shown with its sidekicks, a sidekick by itself. */
function ofSidekick(checks: readonly CheckJson[], target: Target | undefined): readonly CheckJson[] {
  const sidekick = target && 'service' in target ? target.service.sidekick : undefined;
  return sidekick === undefined ? checks : checks.filter((check) => check.service?.sidekick === sidekick);
}
