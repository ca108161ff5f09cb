import type { ServiceJson, TaskJson } from '../api/types/resources.js';
import type { ExplainJson, ExplainTaskJson } from '../api/types/query-json.js';
import { useAsked } from './asked.js';
import { serviceKeyOf, tasks } from './catalog-lists.js';
import { DataTable, type Column } from './data-table.js';
import { DrainControl } from './drain-control.js';
import { HistoryCharts } from './history-charts.js';
import { LabelTable } from './label-table.js';
import { live } from './live.js';
import { addressOf } from './page-address.js';
import { Age, Fields, Foreign, ForeignList, HealthText, TaskLink, Toned } from './text-parts.js';
import { Versions, versionText } from './versions.js';

interface TaskRow {
  readonly task: TaskJson;
  readonly explained: ExplainTaskJson | undefined;
}

const COLUMNS: readonly Column<TaskRow>[] = [
  {
    head: 'Task',
    cell: ({ task: { id, name } }) => <TaskLink id={id} name={name} />,
    sortBy: ({ task }) => task.name,
  },
  {
    head: 'Given',
    hint: 'whether the name leads to it',
    cell: ({ explained }) =>
      explained && <Toned tone={explained.in ? 'good' : 'warn'}>{explained.in ? 'in' : 'out'}</Toned>,
    sortBy: ({ explained }) => (explained?.in === true ? 0 : 1),
  },
  { head: 'Why', cell: ({ explained }) => <Foreign text={explained?.why} /> },
  {
    head: 'Health',
    cell: ({ task }) => <HealthText health={task.health} />,
    sortBy: ({ task }) => task.health,
  },
  {
    head: 'Version',
    cell: ({ task }) => <Foreign text={versionText(task)} />,
    sortBy: ({ task }) => task.tag,
  },
  {
    head: 'Up',
    cell: ({ task }) => <Age since={task.startedAt} />,
    sortBy: ({ task }) => task.startedAt,
    isNumber: true,
  },
  {
    head: 'Restarts',
    cell: ({ task }) => task.restarts,
    sortBy: ({ task }) => task.restarts,
    isNumber: true,
  },
  { head: 'Weight', cell: ({ task }) => task.weight, sortBy: ({ task }) => task.weight, isNumber: true },
  { head: 'Addresses', cell: ({ task }) => task.endpoints.map(({ ip }) => ip).join(' ') },
  {
    head: 'Host',
    cell: ({ task }) => <Foreign text={task.node?.name} />,
    sortBy: ({ task }) => task.node?.name,
  },
];

/** One service: what its name gives and why, what it runs, and each of its tasks. */
export function ServicePage({ serviceKey }: { readonly serviceKey: string }) {
  const service = live.replica.services.get(serviceKey);
  const mine = tasks.value.filter((task) => serviceKeyOf(task) === serviceKey);
  const name = service?.fqdn;
  const path = name === undefined ? undefined : `/v1/explain?${new URLSearchParams({ name }).toString()}`;
  const { value: explained, error } = useAsked<ExplainJson>(path, [
    service,
    mine.map(({ id, health, weight }) => `${id} ${health} ${weight}`).join(),
  ]);
  if (!service)
    return (
      <>
        <h1>
          <Foreign text={serviceKey} />
        </h1>
        <p>
          There is no such service now. <a href={addressOf('services')}>All services</a>
        </p>
      </>
    );
  const { environment, stack } = service;
  const rows = mine.map((task) => ({ task, explained: explained?.tasks.find(({ id }) => id === task.id) }));
  return (
    <>
      <h1>
        <Foreign text={service.name} />
      </h1>
      <Facts service={service} />
      {service.kind === 'tasks' && <DrainControl target={{ service }} name={service.name} />}
      <h2>Tasks</h2>
      {error && (
        <p>
          <Toned tone="warn">The daemon cannot explain the name: {error.message}</Toned>
        </p>
      )}
      <DataTable
        label={`tasks of ${service.name}`}
        rows={rows}
        columns={COLUMNS}
        keyOf={({ task }) => task.id}
        empty="It has no tasks."
      />
      {explained && <Explained explained={explained} />}
      {service.vip !== undefined && (
        <HistoryCharts of="vips" wanted={{ environment, stack, service: service.service }} />
      )}
      <LabelTable labels={service.labels} />
    </>
  );
}

function Facts({ service }: { readonly service: ServiceJson }) {
  const { fqdn, kind, vip, links, sources, aliasOf, externalIps, ports } = service;
  return (
    <Fields
      rows={[
        [
          'stack',
          <a href={addressOf('services', [], `stack:${service.stack}`)}>
            <Foreign text={service.stack} />
          </a>,
        ],
        ['environment', <Foreign text={service.environment} />],
        ['kind', kind === 'tasks' ? undefined : kind],
        ['name', <Foreign text={fqdn} />],
        ['names of tasks', service.taskCount > 0 && <Foreign text={`tasks.${fqdn}`} />],
        ['the name gives', service.endpointMode === 'vip' ? 'the virtual IP' : 'tasks'],
        ['virtual IP', vip !== undefined && <a href={addressOf('vips', [], `vip:${vip}`)}>{vip}</a>],
        ['ports', ports.map(({ port, protocol }) => `${port}/${protocol}`).join(', ')],
        ['leads to', aliasOf.length > 0 && <ForeignList texts={aliasOf} />],
        ['addresses', externalIps.join(', ')],
        ['canonical name', service.hostname !== undefined && <Foreign text={service.hostname} />],
        ['runs', service.versions.length > 0 && <Versions service={service} />],
        [
          'links',
          Object.keys(links).length > 0 && (
            <ForeignList texts={Object.entries(links).map(([alias, target]) => `${alias} → ${target}`)} />
          ),
        ],
        ['from', <ForeignList texts={sources} />],
        [
          'given',
          service.panic && (
            <Toned tone="bad">all running tasks, because too many are unhealthy at once</Toned>
          ),
        ],
      ]}
    />
  );
}

/** The way to the answer, as `fairlead explain` tells it. */
function Explained({ explained }: { readonly explained: ExplainJson }) {
  return (
    <>
      <h2>What the name gives</h2>
      <p>
        <Foreign text={explained.rule} /> ({explained.rcode})
      </p>
      {explained.answers.length > 0 && (
        <ul>
          {explained.answers.map((answer) => (
            <li key={answer}>
              <code>
                <Foreign text={answer} />
              </code>
            </li>
          ))}
        </ul>
      )}
      <details>
        <summary>Steps</summary>
        <ol>
          {explained.steps.map(({ tried, matched, why }) => (
            <li key={tried}>
              <Foreign text={tried} />:{' '}
              <Toned tone={matched ? 'good' : 'dim'}>{matched ? 'yes' : 'no'}</Toned>, <Foreign text={why} />
            </li>
          ))}
        </ol>
      </details>
    </>
  );
}
