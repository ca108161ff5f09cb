import type { ServiceRefJson } from '../api/types/references.js';
import type { CheckJson, HealthListJson } from '../api/types/resources.js';
import type { Context } from './context.js';
import type { Column } from './format/text-table.js';
import { padEnd, plain } from './format/text.js';
import { count, tally } from './format/words.js';
import { serviceText } from './task-columns.js';
import { watch, type WatchOptions } from './screen-watch.js';

export interface HealthWatchOptions extends WatchOptions<HealthListJson> {
  readonly columns: (now: number) => readonly Column<CheckJson>[];
}

/** Shows checks until it is interrupted: the whole list on a terminal, else a line for each change. */
export async function watchHealth(
  context: Context,
  { columns, ...options }: HealthWatchOptions,
): Promise<never> {
  const format = context.text('output') ?? 'table';
  return watch(context, options, {
    begins: ({ checks }) => `watching ${count(checks.length, 'checked task')}`,
    summary: ({ checks }) => {
      const counts: Partial<Record<string, number>> = {};
      for (const { health } of checks) counts[health] = (counts[health] ?? 0) + 1;
      const told =
        checks.length === 0 ? 'no task here has a check' : `${count(checks.length, 'task')} checked`;
      return [told, tally(counts)].filter(Boolean).join(': ');
    },
    rows: ({ checks }) => checks,
    columns: ({ now }) => columns(Date.parse(now)),
    troubledFirst,
    cutDown: 'a name, --stack or --health shortens the list',
    changes: (before, after) =>
      changes(healthById(before), after).map((change) => changeText(context, change, format)),
  });
}

function troubledFirst(checks: readonly CheckJson[]): readonly CheckJson[] {
  const isWell = ({ health, failures }: CheckJson) => health === 'healthy' && failures === 0;
  return [...checks.filter((check) => !isWell(check)), ...checks.filter(isWell)];
}

/** One line of `-o json`. */
interface HealthChange {
  /** When the change was seen. */
  readonly at: string;
  readonly id: string;
  readonly name: string;
  readonly service?: ServiceRefJson;
  /** Absent if the task was not checked before, or was not watched. */
  readonly before?: CheckJson['health'];
  /** Absent if that is no longer so. */
  readonly after?: CheckJson['health'];
  readonly reason?: string;
}

function healthById({ checks }: HealthListJson): ReadonlyMap<string, CheckJson> {
  return new Map(checks.map((check) => [check.id, check]));
}

function changes(before: ReadonlyMap<string, CheckJson>, { now, checks }: HealthListJson): HealthChange[] {
  const gone = new Map(before);
  const found: HealthChange[] = [];
  for (const check of checks) {
    const was = before.get(check.id)?.health;
    gone.delete(check.id);
    if (was === check.health) continue;
    found.push({
      ...refOf(check, now),
      ...(was === undefined ? {} : { before: was }),
      after: check.health,
      ...(check.reason === undefined ? {} : { reason: check.reason }),
    });
  }
  for (const check of gone.values()) found.push({ ...refOf(check, now), before: check.health });
  return found;
}

function refOf(
  { id, name, service }: CheckJson,
  at: string,
): Pick<HealthChange, 'at' | 'id' | 'name' | 'service'> {
  return { at, id, name, ...(service === undefined ? {} : { service }) };
}

function changeText({ paint }: Context, change: HealthChange, format: string): string {
  if (format === 'json' || format === 'ndjson') return JSON.stringify(change);
  if (format === 'name') return plain(change.name);
  const { at, name, before = 'not checked', after = 'not checked', reason } = change;
  const why = reason === undefined ? '' : ` [${reason}]`;
  return [
    paint('dim', plain(at)),
    padEnd(plain(serviceText(change)) || '-', 16),
    padEnd(plain(name), 20),
    plain(`${before} -> ${after}${why}`),
  ].join('  ');
}
