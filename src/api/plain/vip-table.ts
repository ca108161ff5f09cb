import { byText } from '../sorted.js';
import type { VirtualServiceInfo, VirtualTaskInfo } from '../ports.js';
import type { VipState } from '../types/vips-json.js';
import { markup, type Markup } from './markup.js';
import { anchor, number, size, table, toned, type Tone } from './parts.js';

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
  { head: 'In', value: (row: Row) => size(figuresOf(row).bytesIn), isNumber: true },
  { head: 'Out', value: (row: Row) => size(figuresOf(row).bytesOut), isNumber: true },
  {
    head: 'Refused',
    value: (row: Row) => ('task' in row ? undefined : number(row.port.refused)),
    isNumber: true,
  },
  {
    head: 'Errors',
    value: (row: Row) => number('task' in row ? row.task.errors : row.port.failed),
    isNumber: true,
  },
  {
    head: 'Retried',
    value: (row: Row) => ('task' in row ? undefined : number(row.port.retried)),
    isNumber: true,
  },
];

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
