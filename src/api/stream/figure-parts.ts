import { checkList } from '../check-list.js';
import { timestamp } from '../json.js';
import type { ApiPorts } from '../ports.js';
import { statusJson } from '../routes/status-routes.js';
import { taskFits } from '../task-filter.js';
import { FIGURE_KINDS, type FiguresJson } from '../types/stream.js';
import { vipList } from '../vip-list.js';
import type { FigureParts } from './figure-feed.js';

/**
 * Writes {@link FiguresJson} piece by piece.
 * @param listening the addresses of the API
 */
export function figureParts(ports: ApiPorts, listening: () => readonly string[]): FigureParts {
  return async function* parts({ kinds = FIGURE_KINDS, environment, stack, service, health, task }) {
    const { snapshot } = ports.catalog;
    const head: FiguresJson = {
      channel: 'figures',
      type: 'figures',
      revision: snapshot.revision,
      now: timestamp(ports.clock()),
      ...(kinds.includes('status') && { status: await statusJson(ports, listening()) }),
    };
    yield JSON.stringify(head).slice(0, -1);
    if (kinds.includes('vips')) {
      yield ',"vips":[';
      yield* commas((await vipList(ports, { environment, stack, service })).items);
      yield ']';
    }
    if (kinds.includes('checks')) {
      const fits = taskFits({ environment, stack, service, health });
      const wanted = checkList({ snapshot, health: ports.health }, (each, own) =>
        task === undefined ? fits(each, own) : each.id === task && fits(each, own),
      );
      yield ',"checks":[';
      yield* commas(wanted);
      yield ']';
    }
    yield '}';
  };
}

function* commas(items: Iterable<unknown>): Generator<string> {
  let isFirst = true;
  for (const item of items) {
    yield `${isFirst ? '' : ','}${JSON.stringify(item)}`;
    isFirst = false;
  }
}
