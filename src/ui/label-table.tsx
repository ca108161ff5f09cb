import { DataTable, type Column } from './data-table.js';
import { Foreign } from './text-parts.js';

interface LabelRow {
  readonly name: string;
  readonly value: string;
}

const COLUMNS: readonly Column<LabelRow>[] = [
  { head: 'Label', cell: ({ name }) => <Foreign text={name} />, sortBy: ({ name }) => name },
  { head: 'Value', cell: ({ value }) => <Foreign text={value} /> },
];

/** Labels, as people wrote them; secrets in them are hidden by the daemon. */
export function LabelTable({ labels }: { readonly labels: Readonly<Record<string, string>> }) {
  const rows = Object.entries(labels).map(([name, value]) => ({ name, value }));
  if (rows.length === 0) return null;
  return (
    <>
      <h2>Labels</h2>
      <DataTable label="labels" rows={rows} columns={COLUMNS} keyOf={({ name }) => name} empty="" />
    </>
  );
}
