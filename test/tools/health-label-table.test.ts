import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { healthLabels } from '../../tools/health-label-table.js';
import { HEALTH_PREFIX } from '../../src/labels/label-table.js';

const page = readFileSync(new URL('../../docs/health.md', import.meta.url), 'utf8');

describe('docs/health.md', () => {
  it('lists the labels as the code has them', () => {
    const rows = page
      .split('\n')
      .filter((line) => line.startsWith(`| \`${HEALTH_PREFIX}`))
      .map((line) => line.split('|').map((cell) => cell.trim()))
      .map(([, label = '', ...cells]) => [label.replaceAll('`', ''), ...cells.slice(0, -1)]);
    const table = Object.entries(healthLabels).map(([field, { value, otherwise, meaning }]) => [
      `${HEALTH_PREFIX}${field}`,
      value,
      otherwise,
      meaning,
    ]);
    expect(rows).toEqual(table);
  });
});
