import type { VipJson, VipListJson, VipTaskJson } from '../api/types/vips-json.js';
import type { Context } from './context.js';
import type { Column } from './format/text-table.js';
import { padEnd, plain } from './format/text.js';
import { count, tally } from './format/words.js';
import { vipRows, type VipRow } from './vip-columns.js';
import { watch, type WatchOptions } from './screen-watch.js';

export interface VipWatchOptions extends WatchOptions<VipListJson> {
  readonly columns: readonly Column<VipRow>[];
}

/** Shows virtual IPs until it is interrupted: the whole list on a terminal, else a line for each change of state. */
export async function watchVips(context: Context, { columns, ...options }: VipWatchOptions): Promise<never> {
  const format = context.text('output') ?? 'table';
  return watch(context, options, {
    begins: ({ vips }) => `watching ${count(vips.length, 'port')} of virtual IPs`,
    summary: ({ vips }) => {
      const states: Partial<Record<string, number>> = {};
      for (const { state } of vips) states[state] = (states[state] ?? 0) + 1;
      const open = vips.reduce((sum, { active }) => sum + active, 0);
      if (vips.length === 0) return 'no virtual IP is carried here';
      return `${count(vips.length, 'port')}: ${tally(states)}; ${open} open`;
    },
    rows: ({ vips }) => vipRows(vips),
    columns: () => columns,
    troubledFirst,
    cutDown: 'a name or --stack shortens the list',
    changes: (before, after) => changes(before, after).map((change) => changeText(context, change, format)),
  });
}

function troubledFirst(rows: readonly VipRow[]): readonly VipRow[] {
  const isWell = ({ vip, task }: VipRow) => vip.state === 'up' && task?.state === 'active';
  return [...rows.filter((row) => !isWell(row)), ...rows.filter(isWell)];
}

/** One line of `-o json`, about a port or a task behind it. */
interface VipChange {
  /** When the change was seen. */
  readonly at: string;
  readonly vip: string;
  readonly port: number;
  readonly protocol: VipJson['protocol'];
  /** `web.shop`. */
  readonly service: string;
  /** Task id; absent if the line is about the port. */
  readonly task?: string;
  readonly name?: string;
  /** Absent if it did not exist. */
  readonly before?: VipJson['state'] | VipTaskJson['state'];
  /** Absent if it is gone. */
  readonly after?: VipJson['state'] | VipTaskJson['state'];
  readonly problem?: string;
}

type Seen = Omit<VipChange, 'at' | 'before' | 'after'> & { readonly state: NonNullable<VipChange['after']> };

/** Ports and the tasks behind them, each with its state. */
function seen({ vips }: VipListJson): Map<string, Seen> {
  const all = new Map<string, Seen>();
  for (const { vip, port, protocol, name: service, state, problem, tasks } of vips) {
    const place = { vip, port, protocol, service };
    const key = `${vip} ${port} ${protocol}`;
    all.set(key, { ...place, state, ...(problem === undefined ? {} : { problem }) });
    for (const { id, name, state: own } of tasks)
      all.set(`${key} ${id}`, { ...place, task: id, name, state: own });
  }
  return all;
}

function changes(before: VipListJson, after: VipListJson): VipChange[] {
  const gone = seen(before);
  const found: VipChange[] = [];
  for (const [key, { state, ...about }] of seen(after)) {
    const was = gone.get(key)?.state;
    gone.delete(key);
    if (was === state) continue;
    found.push({ at: after.now, ...about, ...(was === undefined ? {} : { before: was }), after: state });
  }
  for (const { state, ...about } of gone.values()) found.push({ at: after.now, ...about, before: state });
  return found;
}

function changeText({ paint }: Context, change: VipChange, format: string): string {
  if (format === 'json' || format === 'ndjson') return JSON.stringify(change);
  const { at, vip, port, protocol, service, name = '-', before = 'absent', after = 'gone', problem } = change;
  const place = `${vip}:${port}/${protocol}`;
  if (format === 'name') return plain(place);
  const why = problem === undefined ? '' : ` [${problem}]`;
  return [
    paint('dim', plain(at)),
    padEnd(place, 22),
    padEnd(plain(service), 16),
    padEnd(plain(name), 20),
    plain(`${before} -> ${after}${why}`),
  ].join('  ');
}
