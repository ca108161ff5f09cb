import type { HostJson, HostListJson } from '../../api/types/hosts-json.js';
import { ageBetween } from '../../net/age.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit-codes.js';
import type { Cell, Column } from '../format/text-table.js';
import { printList } from '../print-list.js';

export async function run(context: Context): Promise<number> {
  const { now, hosts } = await context.get<HostListJson>('/v1/hosts');
  await printList(context, hosts, {
    columns: columns(Date.parse(now)),
    wide: WIDE,
    name: ({ name }) => name,
    id: ({ id }) => id,
    empty: 'no hosts',
  });
  return EXIT.ok;
}

function columns(now: number): readonly Column<HostJson>[] {
  return [
    { header: 'HOST', value: ({ name, self }) => (self ? `${name} (this host)` : name), shrinks: true },
    { header: 'ADDRESS', value: ({ address = '' }) => address },
    { header: 'VERSION', drops: 3, value: ({ version = '' }) => version },
    { header: 'TASKS', value: ({ tasks }) => String(tasks), align: 'right' },
    { header: 'HEALTH', drops: 2, value: ({ health }) => healthText(health), shrinks: true },
    {
      header: 'FACTS',
      value: (host) => factsCell(host, now),
      sort: ({ asOf }) => -Date.parse(asOf ?? ''),
    },
  ];
}

const WIDE: readonly Column<HostJson>[] = [
  { header: 'SOURCES', drops: 4, value: ({ sources }) => sources.join(',') },
  { header: 'ID', drops: 5, value: ({ id }) => id, shrinks: true },
];

/** `3 healthy, 1 unhealthy` */
function healthText(health: HostJson['health']): string {
  return Object.entries(health)
    .map(([state, tasks]) => `${tasks} ${state}`)
    .join(', ');
}

/** The age of what is known of a host. */
function factsCell({ state, asOf }: HostJson, now: number): Cell {
  if (state === 'live') return { text: 'current', tone: 'good' };
  if (asOf === undefined) return { text: 'none yet', tone: 'warn' };
  return { text: `${ageBetween(asOf, now)} old`, tone: 'bad' };
}
