import { useRef } from 'preact/hooks';
import { EventTable } from './event-table.js';
import { FilterBox } from './filter-box.js';
import type { RowTexts } from './filter-tokens.js';
import { useFiltered } from './filtered.js';
import { live, type SeenEvent } from './live.js';
import { address, addressOf } from './page-address.js';
import { PauseButton } from './pause-button.js';
import { isPaused } from './shortcuts.js';
import { Fields, Foreign, TaskLink } from './text-parts.js';

const FIELDS = ['type', 'about', 'from'];

function textsOf({ event }: SeenEvent): RowTexts {
  const { type, subject, source, message, cause } = event;
  return { type: [type, type.split('.')[0]], about: [subject], from: [source], rest: [message, cause] };
}

export function EventsPage() {
  const { path, filter } = address.value;
  const held = useRef(live.events.value);
  if (!isPaused.value) held.current = live.events.value;
  const all = held.current;
  const events = useFiltered(all, filter, FIELDS, textsOf);
  const [seq] = path;
  if (seq !== undefined) return <OneEvent seq={Number(seq)} />;
  return (
    <>
      <h1>Events</h1>
      <FilterBox label="Filter events" fields={FIELDS} shown={events.length} all={all.length} />
      <PauseButton missed={live.events.value.length - all.length} />
      <EventTable events={events} label="events" />
    </>
  );
}

function OneEvent({ seq }: { readonly seq: number }) {
  const found = live.events.value.find(({ event }) => event.seq === seq)?.event;
  return (
    <>
      <h1>Event {seq}</h1>
      <p>
        <a href={addressOf('events')}>All events</a>
      </p>
      {found ? (
        <Fields
          rows={[
            ['when', <time dateTime={found.at}>{found.at}</time>],
            ['type', found.type],
            ['about', <Foreign text={found.subject} />],
            ['what', <Foreign text={found.message} />],
            ['cause', found.cause !== undefined && <Foreign text={found.cause} />],
            ['from', <Foreign text={found.source} />],
            ['revision', found.revision],
            ['task', found.task && <TaskLink id={found.task.id} name={found.task.id} />],
            ['image', found.task?.image !== undefined && <Foreign text={found.task.image} />],
          ]}
        />
      ) : (
        <p class="dim">This event is not among those that the daemon keeps.</p>
      )}
    </>
  );
}
