import type { TriedJson } from '../api/types/status-json.js';
import type { HostJson, HostListJson } from '../api/types/hosts-json.js';
import { listed } from '../api/quantities.js';
import { useAsked } from './asked.js';
import { beat } from './clock.js';
import { DataTable, type Column } from './data-table.js';
import { live } from './live.js';
import { addressOf } from './page-address.js';
import { Age, Foreign, ForeignList, Toned } from './text-parts.js';

const COLUMNS: readonly Column<TriedJson>[] = [
  { head: 'Name', cell: ({ name }) => <Foreign text={name} />, sortBy: ({ name }) => name },
  {
    head: 'State',
    cell: ({ state }) => (
      <Toned tone={state === 'live' ? 'good' : state === 'loading' ? 'warn' : 'bad'}>{state}</Toned>
    ),
    sortBy: ({ state }) => state,
  },
  {
    head: 'Facts',
    hint: 'how old what is known from it is',
    cell: ({ asOf }) => <Age since={asOf} />,
    isNumber: true,
  },
  {
    head: 'Last event',
    hint: 'how long ago it reported a change of its own accord',
    cell: ({ lastEventAt }) => <Age since={lastEventAt} />,
    isNumber: true,
  },
  { head: 'Failures', hint: 'attempts that failed', cell: ({ failures }) => failures, isNumber: true },
  { head: 'Where', cell: ({ detail }) => <Foreign text={detail} /> },
  { head: 'What is wrong', cell: ({ error }) => <Foreign text={error} /> },
];

const HOST_COLUMNS: readonly Column<HostJson>[] = [
  {
    head: 'Host',
    cell: ({ name, self }) => (
      <>
        <a href={addressOf('tasks', [], `host:${name}`)}>
          <Foreign text={name} />
        </a>
        {self && ' (this one)'}
      </>
    ),
  },
  { head: 'Address', cell: ({ address }) => address },
  { head: 'Version', cell: ({ version }) => <Foreign text={version} /> },
  { head: 'Tasks', cell: ({ tasks }) => tasks, isNumber: true },
  { head: 'Health', cell: ({ health }) => listed(health) },
  {
    head: 'State',
    cell: ({ state }) => <Toned tone={state === 'live' ? 'good' : 'warn'}>{state}</Toned>,
  },
  { head: 'From', cell: ({ sources }) => <ForeignList texts={sources} /> },
];

export function SourcesPage() {
  const { value: status } = live.status;
  const { value: hosts } = useAsked<HostListJson>('/v1/hosts', [beat.value]);
  return (
    <>
      <h1>Sources</h1>
      <DataTable
        label="sources"
        rows={status?.sources ?? []}
        columns={COLUMNS}
        keyOf={({ name }) => name}
        empty={status ? 'No source is configured.' : 'Waiting for the daemon.'}
      />
      <h2>Publishers</h2>
      <DataTable
        label="publishers"
        rows={status?.publishers ?? []}
        columns={COLUMNS}
        keyOf={({ name }) => name}
        empty="This host's tasks are published nowhere."
      />
      <h2>Hosts</h2>
      <DataTable
        label="hosts"
        rows={hosts?.hosts ?? []}
        columns={HOST_COLUMNS}
        keyOf={({ id }) => id}
        empty="No host is known."
      />
    </>
  );
}
