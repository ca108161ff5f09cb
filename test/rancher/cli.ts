// Usage: npm run test:rancher -- FILE
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { failureLine, runCaseFile } from './run.js';

const [path] = process.argv.slice(2);
if (path === undefined) {
  console.error(
    'Usage: npm run test:rancher -- FILE, a case file such as test/rancher/cases/rancher-cases.json',
  );
  process.exitCode = 2;
} else {
  try {
    await report(path);
  } catch (error) {
    console.error(`${path} cannot be run: ${wordsFor(error)}`);
    process.exitCode = 2;
  }
}

async function report(file: string): Promise<void> {
  const { cases, notRun } = await runCaseFile(JSON.parse(readFileSync(file, 'utf8')));
  for (const { id, cases: count } of notRun) {
    console.log(`${id}: ${count} cases not run: they are about something else than names`);
  }
  const failed = cases.filter(({ mismatches }) => mismatches.length > 0);
  for (const one of failed) console.log(failureLine(one));
  console.log(`${cases.length - failed.length} passed, ${failed.length} failed`);
  process.exitCode = failed.length > 0 ? 1 : 0;
}

function wordsFor(error: unknown): string {
  if (!(error instanceof z.ZodError)) return error instanceof Error ? error.message : String(error);
  const [first] = error.issues;
  return `${first?.path.join('.') ?? ''}: ${first?.message ?? ''}; see test/rancher/case-file.ts for its shape`;
}
