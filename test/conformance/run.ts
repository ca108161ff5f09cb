import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { allCases } from './cases/index.js';
import { REFERENCES, type ReferenceName } from './model.js';
import { renderReport, REPORT, summary } from './report.js';
import { inOrder, runTable, type Results, type RowResult } from './run-table.js';
import { startFairlead } from './targets/fairlead.js';
import { isReference, startReference } from './targets/reference.js';
import type { Target } from './targets/target.js';

const USAGE = `Puts the DNS conformance table to Fairlead, in this process and over loopback.

  npm run test:conformance                         Fairlead
  npm run test:conformance -- --against named      a reference server from its Debian package: named, knot or unbound
  npm run test:conformance -- --write              all four, then writes ${REPORT}

Exit codes: 0 all in order; 1 a row fails, or a reference contradicts one without a note that says why; 2 usage.
`;

const page = fileURLToPath(new URL(`../../${REPORT}`, import.meta.url));

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      against: { type: 'string', multiple: true },
      write: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  const against = values.against ?? [];
  const unknown = against.find((name) => !isReference(name));
  if (values.help || unknown !== undefined) {
    if (unknown !== undefined)
      console.error(`--against ${unknown}: no such reference; one of ${REFERENCES.join(', ')}\n`);
    console.log(USAGE);
    return unknown === undefined ? 0 : 2;
  }
  const references = values.write ? REFERENCES : against.filter(isReference);
  const versions: string[] = [];
  let ok = true;
  for (const name of references) {
    const { results, version } = await put(() => startReference(name));
    versions.push(version);
    ok = printCalibration(name, version, results) && ok;
  }
  if (against.length > 0 && !values.write) return ok ? 0 : 1;
  const { results } = await put(startFairlead);
  ok = printFairlead(results) && ok;
  if (ok && values.write) write(results, versions);
  return ok ? 0 : 1;
}

async function put(start: () => Promise<Target>): Promise<{ results: Results; version: string }> {
  const target = await start();
  try {
    return { results: await runTable(allCases, target), version: target.version };
  } finally {
    await target.stop();
  }
}

function printFairlead(results: Results): boolean {
  for (const [row, result] of results) console.log(line(row.item, row.name, label(result)));
  console.log(`\n${summary(results)}`);
  return [...results.values()].every(inOrder);
}

function printCalibration(name: ReferenceName, version: string, results: Results): boolean {
  console.log(`\n== ${version}\n`);
  for (const [row, result] of results) {
    if (result.kind === 'agrees') continue;
    console.log(line(row.item, row.name, label(result)));
    if (result.kind === 'differs') console.log(`       ${result.note ?? 'No note says why the row stands.'}`);
    if (result.kind === 'stale-note')
      console.log(`       It agrees; the note is no longer true: ${result.note}`);
  }
  const all = [...results.values()];
  const count = (kind: RowResult['kind']) => all.filter((result) => result.kind === kind).length;
  const open = all.filter((result) => !inOrder(result)).length;
  console.log(
    `\n${name}: ${count('agrees')} agree, ${count('differs')} differ, ${count('unasked')} not asked; ${open} without a true note.`,
  );
  return open === 0;
}

function line(item: number, name: string, text: string): string {
  return `${String(item).padStart(4)}  ${name.padEnd(60)}  ${text}`;
}

function label(result: RowResult): string {
  switch (result.kind) {
    case 'agrees':
      return 'ok';
    case 'stale-note':
      return 'AGREES';
    case 'differs':
      return `DIFFERS: ${result.faults.join(' | ')}`;
    case 'unasked':
      return `- ${result.why}`;
  }
}

function write(results: Results, versions: readonly string[]): void {
  writeFileSync(page, renderReport(results, versions.join(', ')));
  console.log(`${REPORT} is written.`);
}

process.exitCode = await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  return 1;
});
