import { useRef, useState } from 'preact/hooks';
import { number, size } from '../api/quantities.js';
import type { VipState } from '../api/types/vips-json.js';
import { DataTable, type Column } from './data-table.js';
import { FilterBox } from './filter-box.js';
import type { RowTexts } from './filter-tokens.js';
import { useFiltered } from './filtered.js';
import { live } from './live.js';
import { address } from './page-address.js';
import { usePageStream } from './page-stream.js';
import { Foreign, ServiceLink, TaskLink, Toned, type Tone } from './text-parts.js';
import { vipCsv, VipRows, type VipRow } from './vip-rows.js';

const FIELDS = ['service', 'stack', 'vip', 'task', 'state', 'scheduler'];

function textsOf({ port, task }: VipRow): RowTexts {
  return {
    service: [port.service, port.name],
    stack: [port.stack],
    vip: [port.vip, `${port.vip}:${port.port}`],
    task: [task?.name],
    state: [task?.state ?? port.state],
    scheduler: [port.scheduler],
    rest: [task?.address, port.problem],
  };
}

const TONES: Readonly<Record<VipState, Tone>> = { up: 'good', empty: 'warn', down: 'bad' };

const COLUMNS: readonly Column<VipRow>[] = [
  {
    head: 'Service or task',
    cell: ({ port, task }) =>
      task ? (
        <span class="inner">
          <TaskLink id={task.id} name={task.name} />
        </span>
      ) : (
        <ServiceLink serviceKey={port.key} name={port.name} />
      ),
  },
  {
    head: 'Address',
    cell: ({ port, task }) => task?.address ?? `${port.vip}:${port.port}/${port.protocol}`,
  },
  {
    head: 'State',
    cell: ({ port, task }) =>
      task ? (
        <Toned tone={task.state === 'active' ? 'good' : 'warn'}>{task.state}</Toned>
      ) : (
        <Toned tone={TONES[port.state]}>
          {port.state} <Foreign text={port.problem} />
        </Toned>
      ),
  },
  { head: 'Scheduler', cell: ({ port, task }) => !task && port.scheduler },
  {
    head: 'Weight',
    hint: 'the share of new connections; smaller during a slow start',
    cell: ({ task }) => task?.weight,
    isNumber: true,
  },
  {
    head: 'Open',
    hint: 'open connections',
    cell: ({ port, task }) => number((task ?? port).active),
    isNumber: true,
  },
  {
    head: 'New/s',
    hint: 'new connections a second',
    cell: ({ opened }) => opened !== undefined && opened.toFixed(opened >= 10 ? 0 : 1),
    isNumber: true,
  },
  {
    head: 'Total',
    hint: 'connections so far',
    cell: ({ port, task }) => number((task ?? port).total),
    isNumber: true,
  },
  {
    head: 'In',
    hint: 'bytes from clients',
    cell: ({ port, task }) => told((task ?? port).bytesIn, size),
    isNumber: true,
  },
  {
    head: 'Out',
    hint: 'bytes to clients',
    cell: ({ port, task }) => told((task ?? port).bytesOut, size),
    isNumber: true,
  },
  {
    head: 'Refused',
    hint: 'turned away: no task, or a limit',
    cell: ({ port, task }) => !task && told(port.refused, number),
    isNumber: true,
  },
  {
    head: 'Errors',
    hint: 'of a port: connections that no task took; of a task: attempts that failed',
    cell: ({ port, task }) => told(task ? task.errors : port.failed, number),
    isNumber: true,
  },
  {
    head: 'Retried',
    hint: 'attempts on another task',
    cell: ({ port, task }) => !task && number(port.retried),
    isNumber: true,
  },
];

/** A figure that is not known is not 0. */
function told(figure: number | undefined, text: (figure: number) => string): string {
  return figure === undefined ? '-' : text(figure);
}

export function VipsPage() {
  const { filter } = address.value;
  const book = useRef(new VipRows());
  const [all, setAll] = useState<readonly VipRow[]>();
  usePageStream(
    { type: 'subscribe', channels: ['figures'], figures: { kinds: ['vips'], everyMs: 1000 } },
    (message) => {
      if ('channel' in message && message.channel === 'figures')
        setAll(book.current.take(message.vips ?? [], Date.parse(message.now)));
    },
  );
  const rows = useFiltered(all ?? NONE, filter, FIELDS, textsOf);
  const { value: status } = live.status;
  return (
    <>
      <h1>Virtual IPs</h1>
      {status && (
        <p class="dim">
          {status.vips.plane === 'off'
            ? `They are off: ${status.vips.why ?? ''}`
            : `Carried by ${status.vips.plane}, from the pool ${status.vips.pool ?? ''}.`}
        </p>
      )}
      <FilterBox label="Filter virtual IPs" fields={FIELDS} shown={rows.length} all={all?.length ?? 0} />
      <p>
        <button type="button" onClick={() => download(rows)} disabled={rows.length === 0}>
          Download as CSV
        </button>
      </p>
      <DataTable
        label="virtual IPs"
        rows={rows}
        columns={COLUMNS}
        keyOf={({ key }) => key}
        classOf={({ port, task }) => (task ? undefined : port.state === 'down' ? 'alarm' : 'head-row')}
        empty={all === undefined ? 'Waiting for the daemon.' : 'No virtual IP fits.'}
      />
      <h2>What the columns mean</h2>
      <dl>
        {COLUMNS.flatMap(({ head, hint }) =>
          hint === undefined
            ? []
            : [
                <div key={head}>
                  <dt>{head}</dt>
                  <dd>{hint}</dd>
                </div>,
              ],
        )}
      </dl>
    </>
  );
}

const NONE: readonly VipRow[] = [];

function download(rows: readonly VipRow[]): void {
  const url = URL.createObjectURL(new Blob([vipCsv(rows)], { type: 'text/csv' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = 'fairlead-vips.csv';
  link.click();
  URL.revokeObjectURL(url);
}
