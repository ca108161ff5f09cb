import type { TaskJson } from '../api/types/resources.js';
import type { Context } from './context.js';
import type { Column } from './format/text-table.js';
import { ageBetween, healthTone, shortId } from './format/words.js';

/** The columns that lists of tasks share. */
export function taskColumns(context: Context): readonly Column<TaskJson>[] {
  const now = context.io.clock();
  return [
    { header: 'ID', value: ({ id }) => shortId(id, context.kept('trunc')), shrinks: true },
    { header: 'NAME', value: ({ name }) => name, shrinks: true },
    { header: 'SERVICE', value: serviceText, shrinks: true },
    { header: 'HEALTH', value: ({ health }) => ({ text: health, tone: healthTone(health) }) },
    { header: 'AGE', value: ({ startedAt }) => ageBetween(startedAt, now), align: 'right' },
    { header: 'ADDRESS', value: ({ endpoints }) => unique(endpoints.map(({ ip }) => ip)), shrinks: true },
  ];
}

export const WIDE_TASK_COLUMNS: readonly Column<TaskJson>[] = [
  {
    header: 'NETWORKS',
    value: ({ endpoints }) => unique(endpoints.map(({ network, networkName }) => networkName ?? network)),
    shrinks: true,
  },
  { header: 'PORTS', value: portsText, shrinks: true },
  { header: 'SOURCE', value: ({ source }) => source },
  { header: 'IMAGE', value: ({ image = '' }) => image, shrinks: true },
  { header: 'REASON', value: ({ reason = '' }) => reason, shrinks: true },
];

export function serviceText({ service }: Pick<TaskJson, 'service'>): string {
  if (service === undefined) return '';
  return [service.sidekick, service.service, service.stack].filter((label) => label !== undefined).join('.');
}

/** `80/tcp`, `80->8080/tcp` where the task listens elsewhere. */
function portsText({ ports }: TaskJson): string {
  return ports
    .map(({ port, target, protocol }) => `${port}${target === port ? '' : `->${target}`}/${protocol}`)
    .join(',');
}

function unique(texts: readonly string[]): string {
  return [...new Set(texts)].join(',');
}
