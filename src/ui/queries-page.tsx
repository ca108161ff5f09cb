import { useMemo, useRef, useState } from 'preact/hooks';
import { askerText, QueryTop, shareText, type Ranked } from '../api/query-top.js';
import { queryMatcher, QUERY_FIELDS } from '../api/stream/query-match.js';
import type { QuerySeenJson } from '../api/types/queries-json.js';
import { preciseText } from './clock.js';
import { DataTable, type Column } from './data-table.js';
import { FilterBox } from './filter-box.js';
import { queryOptions } from './filter-tokens.js';
import { address, addressOf } from './page-address.js';
import { usePageStream } from './page-stream.js';
import { PauseButton } from './pause-button.js';
import { isPaused } from './shortcuts.js';
import { Foreign, ForeignList, Toned, type Tone } from './text-parts.js';

/** A query with a number of its own. */
interface Seen {
  readonly number: number;
  readonly query: QuerySeenJson;
}

/** What the page keeps. */
const MOST = 2000;
/** Rows of each table of the top. */
const TOP = 10;

const COLUMNS: readonly Column<Seen>[] = [
  { head: 'Time', cell: ({ query: { at } }) => <time dateTime={at}>{preciseText(at)}</time> },
  { head: 'Client', cell: ({ query }) => <Pick field="client" text={askerText(query)} /> },
  { head: 'Name', cell: ({ query }) => query.name !== undefined && <Pick field="name" text={query.name} /> },
  { head: 'Type', cell: ({ query }) => query.type !== undefined && <Pick field="type" text={query.type} /> },
  {
    head: 'Result',
    cell: ({ query: { rcode } }) => (
      <Toned tone={toneOf(rcode)}>
        <Pick field="rcode" text={rcode} />
      </Toned>
    ),
  },
  { head: 'Answers', cell: ({ query: { answers } }) => <ForeignList texts={answers} /> },
  {
    head: 'By',
    cell: ({ query: { by, upstream } }) => (
      <>
        <Pick field="by" text={by} /> <Foreign text={upstream} />
      </>
    ),
  },
  { head: 'µs', hint: 'microseconds to the reply', cell: ({ query }) => query.us, isNumber: true },
  { head: 'Over', cell: ({ query }) => query.transport },
];

function toneOf(rcode: string): Tone {
  if (rcode === 'NOERROR') return 'good';
  return rcode === 'NXDOMAIN' ? 'warn' : 'bad';
}

/** Chooses all that have the same. */
function Pick({ field, text }: { readonly field: string; readonly text: string }) {
  const { filter } = address.value;
  const token = `${field}:${text.toLowerCase()}`;
  const next = filter.split(/\s+/).includes(token) ? filter : `${filter} ${token}`.trim();
  return (
    <a href={addressOf('dns', [], next)}>
      <Foreign text={text} />
    </a>
  );
}

export function QueriesPage() {
  const { filter } = address.value;
  const options = useMemo(() => queryOptions(filter), [filter]);
  const { all, missed, oneOf, top } = useQueries(options);
  const held = useRef(all);
  if (!isPaused.value) held.current = all;
  const fits = queryMatcher(options.match, options.not);
  const rows = held.current.filter(({ query }) => fits(query));
  return (
    <>
      <h1>DNS log</h1>
      <FilterBox label="Filter queries" fields={QUERY_FIELDS} shown={rows.length} all={held.current.length} />
      <PauseButton missed={(all[0]?.number ?? 0) - (held.current[0]?.number ?? 0)} />
      <div role="status">
        {oneOf > 1 && (
          <p>
            <Toned tone="warn">There are many queries: {shareText(oneOf)} is shown.</Toned>
          </p>
        )}
        {missed > 0 && <p class="dim">Some were too many at once and are not shown.</p>}
      </div>
      <DataTable
        label="queries, the newest first"
        rows={rows}
        columns={COLUMNS}
        keyOf={({ number }) => String(number)}
        empty={
          filter === '' ? 'There were no queries since this page was opened.' : 'No query fits the filter.'
        }
      />
      <Top top={top} />
    </>
  );
}

interface Queries {
  /** The newest first. */
  readonly all: readonly Seen[];
  readonly oneOf: number;
  readonly missed: number;
  readonly top: QueryTop;
}

function useQueries(options: ReturnType<typeof queryOptions>): Queries {
  const numbers = useRef(0);
  const top = useMemo(() => new QueryTop(), [options]);
  const [seen, setSeen] = useState<Omit<Queries, 'top'>>({ all: [], oneOf: 1, missed: 0 });
  usePageStream({ type: 'subscribe', channels: ['queries'], queries: options }, (message) => {
    if (!('channel' in message) || message.channel !== 'queries') return;
    top.add(message);
    const fresh = message.queries.map((query): Seen => ({ number: (numbers.current += 1), query })).reverse();
    setSeen(({ all, missed }) => ({
      all: fresh.length === 0 ? all : [...fresh, ...all].slice(0, MOST),
      oneOf: message.oneOf,
      missed: missed + message.missed,
    }));
  });
  return { ...seen, top };
}

const TABLES = [
  ['names', 'Names'],
  ['clients', 'Clients'],
  ['upstreams', 'Upstreams'],
  ['nxdomain', 'Names that do not exist'],
] as const;

function Top({ top }: { readonly top: QueryTop }) {
  const ranks = top.ranks(TOP);
  return (
    <section>
      <h2>Top since this filter was set</h2>
      <div class="columns">
        {TABLES.map(([key, title]) => (
          <section key={key}>
            <h3>{title}</h3>
            <DataTable
              label={`top: ${title}`}
              rows={ranks[key]}
              columns={rankColumns(title)}
              keyOf={({ text }) => text}
              empty="None."
            />
          </section>
        ))}
      </div>
    </section>
  );
}

function rankColumns(title: string): readonly Column<Ranked>[] {
  return [
    { head: title, cell: ({ text }) => <Foreign text={text} /> },
    { head: 'Queries', cell: ({ queries }) => queries.toLocaleString('en-US'), isNumber: true },
  ];
}
