import type { ServiceJson, ServiceListJson } from '../../api/types/resources.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { printList } from '../print-list.js';
import { SERVICE_COLUMNS, wideServiceColumns } from '../service-columns.js';
import { watchServices } from '../service-watch.js';
import { StateWatch } from '../state-watch.js';

export async function run(context: Context): Promise<number> {
  if (context.on('watch')) return watchAll(context);
  const { services } = await context.get<ServiceListJson>('/v1/services', { stack: context.text('stack') });
  await printList(context, services, {
    columns: SERVICE_COLUMNS,
    wide: wideServiceColumns(context.io.clock()),
    name: ({ name }) => name,
    empty: 'no services; "fairlead status" shows whether the sources have reported yet',
  });
  return EXIT.ok;
}

async function watchAll(context: Context): Promise<never> {
  const stack = context.text('stack');
  const wanted = (service: ServiceJson) => stack === undefined || service.stack === stack;
  const state = new StateWatch(context);
  try {
    return await watchServices(context, {
      ask: async () => {
        const { at, services } = await state.state();
        return { now: at, services: [...services.values()].filter(wanted).sort(byKey) };
      },
      columns: () => [
        ...SERVICE_COLUMNS,
        ...(context.text('output') === 'wide' ? wideServiceColumns(context.io.clock()) : []),
      ],
      pause: () => state.wait(),
    });
  } finally {
    state.close();
  }
}

function byKey(a: ServiceJson, b: ServiceJson): number {
  return a.key < b.key ? -1 : 1;
}
