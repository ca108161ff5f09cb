import { computed } from '@preact/signals';
import { listed } from '../api/quantities.js';
import { services } from './catalog-lists.js';
import { DataTable, type Column } from './data-table.js';
import { addressOf } from './page-address.js';
import { Foreign, Toned } from './text-parts.js';

interface StackRow {
  readonly environment: string;
  readonly stack: string;
  readonly services: number;
  readonly tasks: number;
  readonly given: number;
  readonly health: Readonly<Record<string, number>>;
  readonly upgrading: number;
}

const stacks = computed<readonly StackRow[]>(() => {
  const rows = new Map<string, StackRow>();
  for (const { environment, stack, taskCount, given, health, upgradingSince } of services.value) {
    const key = `${environment}/${stack}`;
    const row = rows.get(key);
    const counts: Record<string, number> = { ...row?.health };
    for (const [name, count] of Object.entries(health)) counts[name] = (counts[name] ?? 0) + count;
    rows.set(key, {
      environment,
      stack,
      services: (row?.services ?? 0) + 1,
      tasks: (row?.tasks ?? 0) + taskCount,
      given: (row?.given ?? 0) + given,
      health: counts,
      upgrading: (row?.upgrading ?? 0) + (upgradingSince === undefined ? 0 : 1),
    });
  }
  return [...rows.values()];
});

const COLUMNS: readonly Column<StackRow>[] = [
  {
    head: 'Stack',
    cell: ({ stack }) => (
      <a href={addressOf('services', [], `stack:${stack}`)}>
        <Foreign text={stack} />
      </a>
    ),
    sortBy: ({ stack }) => stack,
  },
  { head: 'Environment', cell: ({ environment }) => <Foreign text={environment} /> },
  { head: 'Services', cell: (row) => row.services, sortBy: (row) => row.services, isNumber: true },
  { head: 'Tasks', cell: (row) => row.tasks, sortBy: (row) => row.tasks, isNumber: true },
  { head: 'Given', hint: 'tasks that names lead to', cell: (row) => row.given, isNumber: true },
  {
    head: 'Unhealthy',
    cell: ({ health }) =>
      (health['unhealthy'] ?? 0) > 0 ? <Toned tone="bad">{health['unhealthy']}</Toned> : 0,
    sortBy: ({ health }) => health['unhealthy'] ?? 0,
    isNumber: true,
  },
  { head: 'Health', cell: ({ health }) => listed(health) },
  {
    head: 'Upgrading',
    cell: ({ upgrading }) => upgrading > 0 && <Toned tone="warn">{upgrading}</Toned>,
    sortBy: ({ upgrading }) => upgrading,
    isNumber: true,
  },
];

export function StacksPage() {
  return (
    <>
      <h1>Stacks</h1>
      <DataTable
        label="stacks"
        rows={stacks.value}
        columns={COLUMNS}
        keyOf={({ environment, stack }) => `${environment}/${stack}`}
        empty="There is no stack yet."
      />
    </>
  );
}
