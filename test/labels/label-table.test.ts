import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { foreignLabels, ownLabels } from '../../src/labels/label-table.js';

const page = readFileSync(new URL('../../docs/labels.md', import.meta.url), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, label = '', ...cells]) => [label.replaceAll('`', ''), ...cells.slice(0, -1)]);

describe('docs/labels.md', () => {
  it('lists our own labels as the code has them', () => {
    const own = rows.filter(([label]) => label?.startsWith('fairlead.'));
    const table = Object.entries(ownLabels).map(([label, row]) => [
      label,
      row.value,
      row.otherwise,
      row.meaning,
    ]);
    expect(own).toEqual(table);
  });

  it('lists the labels of others as the code has them, best first', () => {
    const foreign = rows
      .filter(([label]) => !label?.startsWith('fairlead.'))
      .map(([label, family]) => [label, family]);
    expect(foreign).toEqual(Object.entries(foreignLabels));
  });
});
