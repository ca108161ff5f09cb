import { number, size } from '../quantities.js';
import { byText } from '../sorted.js';
import type { VirtualServiceInfo, VirtualTaskInfo } from '../ports.js';
import type { VipState } from '../types/vips-json.js';
import { markup, type Markup } from './markup.js';
import { anchor, table, toned, type Tone } from './parts.js';

const TONES: Readonly<Record<VipState, Tone>> = { up: 'good', empty: 'warn', down: 'bad' };

/** A port of a virtual IP, or a task behind it. */
type Row =
  | { readonly port: VirtualServiceInfo }
  | { readonly port: VirtualServiceInfo; readonly task: VirtualTaskInfo };

const COLUMNS = [
  {
    head: 'Service or task',
    value: (row: Row) =>
      'task' in row
        ? markup`→ ${row.task.name}`
        : markup`<a id="${anchor('vip', row.port.service)}" href="#${anchor('service', row.port.service)}"
            >${row.port.service}</a
          >`,
  },
  {
    head: 'Address',
    value: (row: Row) =>
      'task' in row ? row.task.address : `${row.port.vip}:${row.port.port}/${row.port.protocol}`,
  },
  {
    head: 'State',
    value: (row: Row) => ('task' in row ? row.task.state : toned(TONES[row.port.state], row.port.state)),
  },
  { head: 'Scheduler', value: (row: Row) => ('task' in row ? undefined : row.port.scheduler) },
  { head: 'Weight', value: (row: Row) => ('task' in row ? row.task.weight : undefined), isNumber: true },
  { head: 'Open', value: (row: Row) => number(figuresOf(row).active), isNumber: true },
  { head: 'Total', value: (row: Row) => number(figuresOf(row).total), isNumber: true },
  { head: 'In', value: (row: Row) => told(figuresOf(row).bytesIn, size), isNumber: true },
  { head: 'Out', value: (row: Row) => told(figuresOf(row).bytesOut, size), isNumber: true },
  {
    head: 'Refused',
    value: (row: Row) => ('task' in row ? undefined : told(row.port.refused, number)),
    isNumber: true,
  },
  {
    head: 'Errors',
    value: (row: Row) => told('task' in row ? row.task.errors : row.port.failed, number),
    isNumber: true,
  },
  {
    head: 'Retried',
    value: (row: Row) => ('task' in row ? undefined : number(row.port.retried)),
    isNumber: true,
  },
];

/** The kernel does not have all figures of what it carries: one that is not known is not 0. */
function told(figure: number | undefined, text: (figure: number) => string): string {
  return figure === undefined ? '-' : text(figure);
}

function figuresOf(row: Row): VirtualServiceInfo | VirtualTaskInfo {
  return 'task' in row ? row.task : row.port;
}

/** Every port of every virtual IP with the tasks behind it, one line each. */
export function vips(ports: readonly VirtualServiceInfo[]): Markup {
  if (ports.length === 0) return markup`<p>No virtual IP is served.</p> `;
  const rows = [...ports]
    .sort((a, b) => byText(a.service, b.service) || a.port - b.port || byText(a.protocol, b.protocol))
    .flatMap((port): Row[] => [{ port }, ...port.tasks.map((task) => ({ port, task }))]);
  return table('virtual IPs', COLUMNS, rows);
}
