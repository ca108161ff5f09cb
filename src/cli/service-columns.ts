import type { ServiceJson } from '../api/types/resources.js';
import { versionsText } from '../net/image-names.js';
import type { Cell, Column } from './format/text-table.js';
import { ageBetween } from '../net/age.js';

export const SERVICE_COLUMNS: readonly Column<ServiceJson>[] = [
  { header: 'SERVICE', value: ({ name }) => name, shrinks: true },
  { header: 'KIND', drops: 4, value: ({ kind }) => kind },
  { header: 'MODE', drops: 5, value: ({ kind, endpointMode }) => (kind === 'tasks' ? endpointMode : '') },
  { header: 'HEALTHY', value: healthyText, align: 'right' },
  { header: 'PORTS', value: portsText, shrinks: true },
  { header: 'TARGET', drops: 6, value: targetText, shrinks: true },
];

/** @param now milliseconds since the epoch */
export function wideServiceColumns(now: number): readonly Column<ServiceJson>[] {
  return [
    { header: 'VERSIONS', value: (service) => versionsCell(service, now), shrinks: true },
    { header: 'ENVIRONMENT', drops: 1, value: ({ environment }) => environment },
    { header: 'SOURCES', drops: 2, value: ({ sources }) => sources.join(',') },
    { header: 'NAME', drops: 3, value: ({ fqdn }) => fqdn, shrinks: true },
  ];
}

/** `3 × 1.8-alpine`; during an upgrade `2 × 1.8-alpine, 1 × 1.9-alpine for 5m`. */
function versionsCell({ versions, upgradingSince }: ServiceJson, now: number): Cell {
  const text = versionsText(versions);
  if (versions.length < 2) return { text };
  const age = ageBetween(upgradingSince, now);
  return { text: age === '' ? text : `${text} for ${age}`, tone: 'warn' };
}

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
