import { DataTable, type Column } from './data-table.js';
import { preciseText } from './clock.js';
import type { SeenEvent } from './live.js';
import { addressOf } from './page-address.js';
import { Foreign, TaskLink } from './text-parts.js';

const COLUMNS: readonly Column<SeenEvent>[] = [
  {
    head: 'Time',
    cell: ({ event: { at, seq } }) => (
      <a href={addressOf('events', [String(seq)])}>
        <time dateTime={at}>{preciseText(at)}</time>
      </a>
    ),
  },
  { head: 'Type', cell: ({ event }) => event.type },
  {
    head: 'About',
    cell: ({ event: { task, subject } }) =>
      task ? <TaskLink id={task.id} name={subject} /> : <Foreign text={subject} />,
  },
  { head: 'What', cell: ({ event }) => <Foreign text={event.message} /> },
  { head: 'Cause', cell: ({ event }) => <Foreign text={event.cause} /> },
  { head: 'From', cell: ({ event }) => <Foreign text={event.source} /> },
];

export function EventTable({
  events,
  label,
}: {
  readonly events: readonly SeenEvent[];
  readonly label: string;
}) {
  return (
    <DataTable
      label={label}
      rows={events}
      columns={COLUMNS}
      keyOf={({ run, event }) => `${run}-${event.seq}`}
      empty="No events yet."
    />
  );
}
