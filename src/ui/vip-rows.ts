import type { VipJson, VipTaskJson } from '../api/types/vips-json.js';

/** A line of the table of virtual IPs: a port, or a task behind it. */
export interface VipRow {
  readonly key: string;
  readonly port: VipJson;
  /** Absent: the line of the port itself. */
  readonly task?: VipTaskJson;
  /** New connections a second; undefined: there is nothing to compare with yet. */
  readonly opened: number | undefined;
}

/** Makes lines of the daemon's figures, and rates of two of them. */
export class VipRows {
  #totals = new Map<string, number>();
  #at: number | undefined;

  /** @param at the daemon's time of the figures, in milliseconds */
  take(vips: readonly VipJson[], at: number): VipRow[] {
    const seconds = this.#at === undefined ? 0 : (at - this.#at) / 1000;
    const totals = new Map<string, number>();
    const opened = (key: string, total: number): number | undefined => {
      totals.set(key, total);
      const before = this.#totals.get(key);
      return before === undefined || seconds <= 0 ? undefined : Math.max(0, total - before) / seconds;
    };
    const rows = vips.flatMap((port): VipRow[] => {
      const key = `${port.key} ${port.port}/${port.protocol}`;
      return [
        { key, port, opened: opened(key, port.total) },
        ...port.tasks.map((task) => {
          const own = `${key} ${task.id}`;
          return { key: own, port, task, opened: opened(own, task.total) };
        }),
      ];
    });
    this.#totals = totals;
    this.#at = at;
    return rows;
  }
}

/** The lines as CSV (RFC 4180), one for each line of the table. */
export function vipCsv(rows: readonly VipRow[]): string {
  return [HEADS, ...rows.map(cellsOf)].map((cells) => cells.map(quoted).join(',')).join('\r\n') + '\r\n';
}

const HEADS = [
  'service',
  'vip',
  'port',
  'protocol',
  'task',
  'address',
  'state',
  'scheduler',
  'weight',
  'open',
  'new_per_second',
  'total',
  'bytes_in',
  'bytes_out',
  'refused',
  'errors',
  'retried',
];

function cellsOf({ port, task, opened }: VipRow): (string | number | undefined)[] {
  const figures = task ?? port;
  return [
    port.name,
    port.vip,
    port.port,
    port.protocol,
    task?.name,
    task?.address,
    figures.state,
    task ? undefined : port.scheduler,
    task?.weight,
    figures.active,
    opened === undefined ? undefined : Number(opened.toFixed(2)),
    figures.total,
    figures.bytesIn,
    figures.bytesOut,
    task ? undefined : port.refused,
    task ? task.errors : port.failed,
    task ? undefined : port.retried,
  ];
}

/** A spreadsheet must not take a name for a formula. */
function quoted(cell: string | number | undefined): string {
  if (cell === undefined) return '';
  if (typeof cell === 'number') return String(cell);
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
