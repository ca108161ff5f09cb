import type { ServiceJson } from '../api/types/resources.js';
import type { Cell, Column } from './format/text-table.js';

export const SERVICE_COLUMNS: readonly Column<ServiceJson>[] = [
  { header: 'SERVICE', value: ({ name }) => name, shrinks: true },
  { header: 'KIND', drops: 4, value: ({ kind }) => kind },
  { header: 'MODE', drops: 5, value: ({ kind, endpointMode }) => (kind === 'tasks' ? endpointMode : '') },
  { header: 'HEALTHY', value: healthyText, align: 'right' },
  { header: 'PORTS', value: portsText, shrinks: true },
  { header: 'TARGET', drops: 6, value: targetText, shrinks: true },
];

export const WIDE_SERVICE_COLUMNS: readonly Column<ServiceJson>[] = [
  { header: 'ENVIRONMENT', drops: 1, value: ({ environment }) => environment },
  { header: 'SOURCES', drops: 2, value: ({ sources }) => sources.join(',') },
  { header: 'NAME', drops: 3, value: ({ fqdn }) => fqdn, shrinks: true },
];

/** The healthy tasks among those that run; `panic` when the unhealthy ones are served too. */
function healthyText({ kind, health, taskCount, panic }: ServiceJson): string | Cell {
  if (kind !== 'tasks') return '';
  const good = health.healthy ?? 0;
  const all = taskCount - (health.stopped ?? 0);
  if (panic) return { text: `${good}/${all} panic`, tone: 'bad' };
  return { text: `${good}/${all}`, tone: good === 0 ? 'bad' : good < all ? 'warn' : 'good' };
}

export function portsText({ ports }: Pick<ServiceJson, 'ports'>): string {
  return ports
    .map(({ port, protocol, name }) => `${name === undefined ? '' : `${name}:`}${port}/${protocol}`)
    .join(',');
}

/** Where a service without tasks points to. */
export function targetText({ externalIps, hostname, aliasOf }: ServiceJson): string {
  return hostname ?? [...externalIps, ...aliasOf].join(',');
}
