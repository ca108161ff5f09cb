import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allCases } from './cases/index.js';
import { elsewhere, ITEMS } from './elsewhere.js';
import { renderReport, REPORT, VERSIONS } from './report.js';
import { runRow, type RowResult } from './run-table.js';
import type { ConformanceCase } from './model.js';
import { startFairlead } from './targets/fairlead.js';
import type { Target } from './targets/target.js';

const root = new URL('../../', import.meta.url);
const results = new Map<ConformanceCase, RowResult>();
let fairlead: Target;

beforeAll(async () => {
  fairlead = await startFairlead();
});

afterAll(() => fairlead.stop());

describe('the conformance table', () => {
  it('has a row for every item, or says where else it is tested', () => {
    const proven = new Set([...allCases, ...elsewhere].map(({ item }) => item));
    expect(ITEMS.filter((item) => !proven.has(item))).toEqual([]);
    expect([...proven].filter((item) => !ITEMS.includes(item))).toEqual([]);
    const files = elsewhere.flatMap(({ file }) => file ?? []);
    expect(files.filter((file) => !existsSync(fileURLToPath(new URL(file, root))))).toEqual([]);
  });

  it('has no name twice', () => {
    const names = allCases.map(({ item, name, carriage }) => `${item} ${name} ${carriage.over}`);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });

  for (const row of allCases) {
    it(`${row.item}: ${row.name} (${row.carriage.over})`, async () => {
      const result = await runRow(row, fairlead);
      results.set(row, result);
      expect(result).toEqual({ kind: 'agrees' });
    });
  }

  it('is shown in docs/conformance.md ("npm run test:conformance -- --write" writes it again)', async () => {
    // Rows that were filtered away.
    for (const row of allCases) results.set(row, results.get(row) ?? (await runRow(row, fairlead)));
    const page = readFileSync(new URL(REPORT, root), 'utf8');
    const [, versions = ''] = VERSIONS.exec(page) ?? [];
    expect(page).toBe(renderReport(results, versions));
  });
});
