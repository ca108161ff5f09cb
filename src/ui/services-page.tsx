import type { ServiceJson } from '../api/types/resources.js';
import { services } from './catalog-lists.js';
import { DataTable, type Column } from './data-table.js';
import { FilterBox } from './filter-box.js';
import type { RowTexts } from './filter-tokens.js';
import { useFiltered } from './filtered.js';
import { address } from './page-address.js';
import { ServicePage } from './service-page.js';
import { Foreign, ForeignList, HEALTH_TONES, ServiceLink, Toned } from './text-parts.js';
import { Versions } from './versions.js';

const FIELDS = ['stack', 'service', 'health', 'version', 'source', 'vip', 'is'];

function textsOf(service: ServiceJson): RowTexts {
  const { environment, stack, service: name, fqdn, health, versions, sources, vip, panic } = service;
  const is = [
    service.kind,
    ...(panic ? ['panic'] : []),
    ...(service.upgradingSince === undefined ? [] : ['upgrading']),
    ...(service.taskCount > 0 && service.given === 0 ? ['silent'] : []),
  ];
  return {
    stack: [stack],
    service: [name, service.name],
    health: Object.keys(health),
    version: versions.flatMap(({ tag, image, imageId }) => [tag, image, imageId]),
    source: sources,
    vip: [vip],
    is,
    rest: [environment, fqdn, ...Object.entries(service.labels).flat()],
  };
}

const COLUMNS: readonly Column<ServiceJson>[] = [
  {
    head: 'Service',
    cell: ({ key, name }) => <ServiceLink serviceKey={key} name={name} />,
    sortBy: ({ name }) => name,
  },
  { head: 'Stack', cell: ({ stack }) => <Foreign text={stack} />, sortBy: ({ stack }) => stack },
  {
    head: 'Given',
    hint: 'tasks that the name leads to, of all tasks',
    cell: (service) => <Given service={service} />,
    sortBy: ({ given }) => given,
    isNumber: true,
  },
  { head: 'Tasks', hint: 'one sign for each task', cell: (service) => <Squares service={service} /> },
  {
    head: 'Versions',
    cell: (service) => <Versions service={service} />,
    sortBy: ({ versions }) => versions.length,
  },
  { head: 'Virtual IP', cell: ({ vip }) => vip, sortBy: ({ vip }) => vip },
  { head: 'Ports', cell: ({ ports }) => ports.map(({ port, protocol }) => `${port}/${protocol}`).join(' ') },
  { head: 'Names give', cell: leadsTo },
  { head: 'From', cell: ({ sources }) => <ForeignList texts={sources} /> },
];

function leadsTo({ kind, endpointMode, aliasOf, hostname, externalIps }: ServiceJson) {
  if (kind === 'alias') return <ForeignList texts={aliasOf} />;
  if (hostname !== undefined) return <Foreign text={hostname} />;
  if (externalIps.length > 0) return externalIps.join(', ');
  return endpointMode === 'vip' ? 'the virtual IP' : 'tasks';
}

function Given({ service: { given, taskCount, panic } }: { readonly service: ServiceJson }) {
  if (taskCount === 0) return null;
  const text = `${given}/${taskCount}`;
  if (panic) return <Toned tone="bad">{text} panic</Toned>;
  if (given === 0) return <Toned tone="bad">{text}</Toned>;
  return given < taskCount ? <Toned tone="warn">{text}</Toned> : text;
}

/** More than these are only counted. */
const MOST_SQUARES = 20;

const SIGNS = { good: '●', warn: '▲', bad: '■', dim: '○' } as const;

function Squares({ service: { health } }: { readonly service: ServiceJson }) {
  return (
    <>
      {Object.entries(health).map(([name, count]) => {
        const tone = HEALTH_TONES[name as keyof typeof HEALTH_TONES];
        return (
          <span key={name} class={tone} role="img" aria-label={`${count} ${name}`} title={`${count} ${name}`}>
            {count > MOST_SQUARES ? `${SIGNS[tone]}×${count}` : SIGNS[tone].repeat(count)}
          </span>
        );
      })}
    </>
  );
}

export function ServicesPage() {
  const { path, filter } = address.value;
  const all = services.value;
  const rows = useFiltered(all, filter, FIELDS, textsOf);
  if (path.length > 0) return <ServicePage serviceKey={path.join('/')} />;
  return (
    <>
      <h1>Services</h1>
      <FilterBox label="Filter services" fields={FIELDS} shown={rows.length} all={all.length} />
      <DataTable
        label="services"
        rows={rows}
        columns={COLUMNS}
        keyOf={({ key }) => key}
        classOf={({ panic }) => (panic ? 'alarm' : undefined)}
        empty={all.length === 0 ? 'There is no service yet.' : 'No service fits the filter.'}
      />
    </>
  );
}
