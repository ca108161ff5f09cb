import type { TaskJson } from '../api/types/resources.js';
import { shortDigest } from '../net/image-names.js';
import type { Context } from './context.js';
import type { Column } from './format/text-table.js';
import { healthTone, shortId } from './format/words.js';
import { ageBetween } from '../net/age.js';

/** The columns that all lists of tasks have in common. */
export function taskColumns(context: Context): readonly Column<TaskJson>[] {
  const now = context.io.clock();
  return [
    { header: 'ID', drops: 8, value: ({ id }) => shortId(id, context.kept('trunc')), shrinks: true },
    { header: 'NAME', value: ({ name }) => name, shrinks: true },
    { header: 'SERVICE', value: serviceText, shrinks: true },
    { header: 'HEALTH', value: ({ health }) => ({ text: health, tone: healthTone(health) }) },
    {
      header: 'AGE',
      drops: 9,
      value: ({ startedAt }) => ageBetween(startedAt, now),
      sort: ({ startedAt }) => -Date.parse(startedAt ?? ''),
      align: 'right',
    },
    { header: 'ADDRESS', value: ({ endpoints }) => unique(endpoints.map(({ ip }) => ip)), shrinks: true },
  ];
}

export function wideTaskColumns(context: Context): readonly Column<TaskJson>[] {
  const now = context.io.clock();
  return [
    {
      header: 'NETWORKS',
      drops: 5,
      value: ({ endpoints }) => unique(endpoints.map(({ network, networkName }) => networkName ?? network)),
      shrinks: true,
    },
    { header: 'PORTS', drops: 6, value: portsText, shrinks: true },
    { header: 'SOURCE', drops: 2, value: ({ source }) => source },
    { header: 'HOST', drops: 3, value: ({ node }) => node?.name ?? '', shrinks: true },
    { header: 'IMAGE', drops: 4, value: ({ image = '' }) => image, shrinks: true },
    { header: 'DIGEST', drops: 3, value: ({ imageId = '' }) => shortDigest(imageId) },
    {
      header: 'CREATED',
      drops: 3,
      value: ({ createdAt }) => ageBetween(createdAt, now),
      sort: ({ createdAt }) => -Date.parse(createdAt ?? ''),
      align: 'right',
    },
    {
      header: 'RESTARTS',
      drops: 3,
      value: ({ restarts }) => ({ text: `${restarts ?? ''}`, tone: restarts ? 'warn' : undefined }),
      sort: ({ restarts = 0 }) => restarts,
      align: 'right',
    },
    { header: 'REASON', drops: 7, value: ({ reason = '' }) => reason, shrinks: true },
  ];
}

export function serviceText({ service }: Pick<TaskJson, 'service'>): string {
  if (service === undefined) return '';
  return [service.sidekick, service.service, service.stack].filter((label) => label !== undefined).join('.');
}

/** `80/tcp`, or `80->8080/tcp` if the task listens on another port. */
function portsText({ ports }: TaskJson): string {
  return ports
    .map(({ port, target, protocol }) => `${port}${target === port ? '' : `->${target}`}/${protocol}`)
    .join(',');
}

function unique(texts: readonly string[]): string {
  return [...new Set(texts)].join(',');
}
