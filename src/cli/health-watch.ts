import type { CheckJson, HealthListJson, ServiceRefJson } from '../api/types.js';
import type { Context } from './context.js';
import { CliError, EXIT } from './exit-codes.js';
import { renderTable, type Column } from './format/table.js';
import { padEnd, plain } from './format/text.js';
import { count, tally } from './format/words.js';
import { serviceText } from './task-columns.js';

export interface WatchOptions {
  /** @throws CliError */
  readonly ask: () => Promise<HealthListJson>;
  readonly columns: (now: number) => readonly Column<CheckJson>[];
  /** Waits before the daemon is asked again. */
  readonly pause: () => Promise<void>;
}

/**
 * Shows checks until it is interrupted: on a terminal the whole list, else a line for each change. Only the first
 * attempt to reach the daemon must succeed.
 */
export async function watchHealth(context: Context, options: WatchOptions): Promise<never> {
  const { ask, columns, pause } = options;
  const format = context.text('output') ?? 'table';
  const drawn = context.io.stdout.isTTY && !context.on('quiet') && (format === 'table' || format === 'wide');
  let list = await ask();
  let before = healthById(list);
  if (!drawn) context.notice(`watching ${count(before.size, 'checked task')}`);
  for (let first = true; ; first = false) {
    if (drawn) context.print(`${first ? CLEAR : ''}${screen(context, list, columns(Date.parse(list.now)))}`);
    else
      for (const change of changes(before, list)) context.print(`${changeText(context, change, format)}\n`);
    before = healthById(list);
    await pause();
    list = await patiently(context, ask, pause);
  }
}

async function patiently(
  context: Context,
  ask: () => Promise<HealthListJson>,
  pause: () => Promise<void>,
): Promise<HealthListJson> {
  for (let told = false; ; told = true) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof CliError) || error.exitCode !== EXIT.unavailable) throw error;
      if (!told) context.notice(`${error.message}; waiting for it`);
      await pause();
    }
  }
}

const CLEAR = '\u001b[2J';
const HOME = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
/** Lines around the rows: summary, headers, how many more there are, and the cursor's. */
const FRAME = 4;

/** A terminal's worth of rows, written over the last one, which flickers less than an empty screen between. */
function screen(context: Context, { now, checks }: HealthListJson, columns: readonly Column<CheckJson>[]) {
  const { paint, width, io } = context;
  const room = Math.max(1, (io.stdout.rows ?? Infinity) - FRAME);
  const shown = checks.length > room ? troubledFirst(checks).slice(0, room) : checks;
  const counts: Partial<Record<string, number>> = {};
  for (const { health } of checks) counts[health] = (counts[health] ?? 0) + 1;
  const told = checks.length === 0 ? 'no task here has a check' : `${count(checks.length, 'task')} checked`;
  const lines = [
    `${paint('dim', plain(now))}  ${[told, tally(counts)].filter(Boolean).join(': ')}`,
    ...renderTable(shown, columns, { paint, width, headers: context.kept('headers') })
      .split('\n')
      .slice(0, -1),
    ...(shown.length < checks.length
      ? [
          paint(
            'dim',
            `and ${checks.length - shown.length} more; a name, --stack or --health cuts the list down`,
          ),
        ]
      : []),
  ];
  return `${HOME}${lines.map((line) => `${line}${CLEAR_LINE}\n`).join('')}${CLEAR_BELOW}`;
}

function troubledFirst(checks: readonly CheckJson[]): readonly CheckJson[] {
  const isWell = ({ health, failures }: CheckJson) => health === 'healthy' && failures === 0;
  return [...checks.filter((check) => !isWell(check)), ...checks.filter(isWell)];
}

/** One line of `-o json`. */
interface HealthChange {
  /** When it was seen. */
  readonly at: string;
  readonly id: string;
  readonly name: string;
  readonly service?: ServiceRefJson;
  /** Absent: the task was not checked before, or not among those that are watched. */
  readonly before?: CheckJson['health'];
  /** Absent: it is not any more. */
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
