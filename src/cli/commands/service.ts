import type { ServiceDetailJson, ServiceJson, ServiceListJson } from '../../api/types/resources.js';
import type { StatusJson } from '../../api/types/status-json.js';
import { versionsText } from '../../net/image-names.js';
import type { Context } from '../context.js';
import { CliError, EXIT } from '../exit-codes.js';
import { renderFields, renderTable, type Cell } from '../format/text-table.js';
import { plain } from '../format/text.js';
import { tally } from '../format/words.js';
import { printOne } from '../print-list.js';
import { parseServiceName, type ServiceName } from '../service-name.js';
import { taskColumns } from '../task-columns.js';
import { portsText, targetText } from '../service-columns.js';

export async function run(context: Context): Promise<number> {
  const text = context.argument(0) ?? '';
  const { domain } = await context.get<StatusJson>('/v1/status');
  const name = parseServiceName(text, domain);
  if (!name)
    throw new CliError(EXIT.usage, `"${text}" is not a valid name of a service; give one such as web.shop`);
  const { stack, service, sidekick } = name.stack === undefined ? await onlyOne(context, name) : name;
  const path = `/v1/services/${encodeURIComponent(stack ?? '')}/${encodeURIComponent(service)}`;
  const detail = await context.get<ServiceDetailJson>(path, { sidekick });
  await printOne(context, detail, () => words(context, detail));
  return EXIT.ok;
}

/** Finds the service for a name without a stack. */
async function onlyOne(context: Context, { service }: ServiceName): Promise<ServiceJson> {
  const { services } = await context.get<ServiceListJson>('/v1/services', { service });
  const [first, ...others] = services.filter(({ sidekick }) => sidekick === undefined);
  if (first === undefined) {
    throw new CliError(EXIT.negative, `no stack has a service "${service}"; "fairlead services" lists them`);
  }
  if (others.length === 0) return first;
  const some = [first, ...others].slice(0, 5).map(({ name }) => name);
  throw new CliError(
    EXIT.negative,
    `several stacks have a service "${service}"; choose one: ${some.join(', ')}`,
  );
}

/** `2 × 1.8-alpine, 1 × 1.9-alpine (upgrading since 2026-11-21T00:00:00.000Z)` */
function versions({ versions: all, upgradingSince }: ServiceJson): Cell | undefined {
  if (all.length === 0) return undefined;
  const text = versionsText(all);
  if (all.length === 1) return { text };
  return {
    text: `${text} (upgrading${upgradingSince === undefined ? '' : ` since ${upgradingSince}`})`,
    tone: 'warn',
  };
}

function words(context: Context, service: ServiceDetailJson): string {
  const { paint, width } = context;
  const { kind, tasks } = service;
  const pairs = (record: Readonly<Record<string, string>>, between: string) =>
    Object.entries(record)
      .map(([key, value]) => `${key}${between}${value}`)
      .join(', ');
  const fields = renderFields(
    [
      ['name', service.fqdn],
      ['kind', kind === 'tasks' ? `${kind}, ${service.endpointMode}` : kind],
      ['target', targetText(service)],
      ['ports', portsText(service)],
      ['vip', service.vip],
      [
        'panic',
        service.panic
          ? { text: 'most tasks are unhealthy at once, so all running tasks are served', tone: 'bad' }
          : undefined,
      ],
      ['tasks', kind === 'tasks' ? tally(service.health) || 'none' : undefined],
      ['versions', versions(service)],
      ['links', pairs(service.links, ' -> ')],
      ['labels', pairs(service.labels, '=')],
      ['environment', service.environment],
      ['sources', service.sources.join(', ')],
    ],
    paint,
  );
  const columns = [
    ...taskColumns(context).filter(({ header }) => header !== 'SERVICE'),
    { header: 'REASON', value: ({ reason = '' }: { reason?: string }) => reason, shrinks: true },
  ];
  const table = tasks.length === 0 ? '' : `\n${renderTable(tasks, columns, { paint, width })}`;
  return `${paint('bold', plain(service.name))}\n${fields}${table}`;
}
