import type { TaskJson } from '../api/types/resources.js';
import { serviceKeyOf, serviceNameOf, tasks } from './catalog-lists.js';
import { DataTable, type Column } from './data-table.js';
import { FilterBox } from './filter-box.js';
import type { RowTexts } from './filter-tokens.js';
import { useFiltered } from './filtered.js';
import { address } from './page-address.js';
import { TaskPage } from './task-page.js';
import { Age, Foreign, HealthText, ServiceLink, TaskLink } from './text-parts.js';
import { versionText } from './versions.js';

const FIELDS = ['task', 'stack', 'service', 'health', 'version', 'host', 'ip', 'source'];

function textsOf(task: TaskJson): RowTexts {
  return {
    task: [task.name, task.id],
    stack: [task.stack],
    service: [task.service?.service, serviceNameOf(task)],
    health: [task.health],
    version: [task.tag, task.image, task.imageId],
    host: [task.node?.name],
    ip: task.endpoints.map(({ ip }) => ip),
    source: [task.source],
    rest: [...task.names, task.reason],
  };
}

const COLUMNS: readonly Column<TaskJson>[] = [
  { head: 'Task', cell: ({ id, name }) => <TaskLink id={id} name={name} />, sortBy: ({ name }) => name },
  {
    head: 'Service',
    cell: (task) => {
      const [key, name] = [serviceKeyOf(task), serviceNameOf(task)];
      return key !== undefined && name !== undefined && <ServiceLink serviceKey={key} name={name} />;
    },
    sortBy: serviceNameOf,
  },
  { head: 'Health', cell: ({ health }) => <HealthText health={health} />, sortBy: ({ health }) => health },
  { head: 'Reason', cell: ({ reason }) => <Foreign text={reason} /> },
  { head: 'Version', cell: (task) => <Foreign text={versionText(task)} />, sortBy: ({ tag }) => tag },
  {
    head: 'Up',
    cell: ({ startedAt }) => <Age since={startedAt} />,
    sortBy: ({ startedAt }) => startedAt,
    isNumber: true,
  },
  {
    head: 'Restarts',
    cell: ({ restarts }) => restarts,
    sortBy: ({ restarts }) => restarts,
    isNumber: true,
  },
  {
    head: 'Address',
    cell: ({ endpoints }) => endpoints.map(({ ip }) => ip).join(' '),
    sortBy: ({ endpoints }) => endpoints[0]?.ip,
  },
  { head: 'Host', cell: ({ node }) => <Foreign text={node?.name} />, sortBy: ({ node }) => node?.name },
  { head: 'From', cell: ({ source }) => <Foreign text={source} />, sortBy: ({ source }) => source },
];

export function TasksPage() {
  const { path, filter } = address.value;
  const all = tasks.value;
  const rows = useFiltered(all, filter, FIELDS, textsOf);
  const [id] = path;
  if (id !== undefined) return <TaskPage id={id} />;
  return (
    <>
      <h1>Tasks</h1>
      <FilterBox label="Filter tasks" fields={FIELDS} shown={rows.length} all={all.length} />
      <DataTable
        label="tasks"
        rows={rows}
        columns={COLUMNS}
        keyOf={(task) => task.id}
        empty={all.length === 0 ? 'There is no task yet.' : 'No task fits the filter.'}
      />
    </>
  );
}
