import { readCaseFile, type Suite } from './case-file.js';
import { runAsserted, runObserved } from './record-suites.js';
import type { CaseResult } from './result.js';
import { runShuffle } from './shuffle-suite.js';
import { runWire } from './wire-suite.js';

export interface RunResult {
  readonly cases: readonly CaseResult[];
  /** Suites that are about something else than names, and how many cases each has. */
  readonly notRun: readonly { readonly id: string; readonly cases: number }[];
}

/** Runs a case file. @throws ZodError when the value is none */
export async function runCaseFile(value: unknown): Promise<RunResult> {
  const suites = readCaseFile(value);
  const cases: CaseResult[] = [];
  for (const suite of suites) cases.push(...(await runSuite(suite)));
  return { cases, notRun: suites.filter((suite) => suite.kind === 'other') };
}

async function runSuite(suite: Suite): Promise<CaseResult[]> {
  switch (suite.kind) {
    case 'asserted':
      return runAsserted(suite.suite);
    case 'observed':
      return runObserved(suite.suite);
    case 'shuffle':
      return runShuffle(suite.suite);
    case 'wire':
      return runWire(suite.suite);
    case 'other':
      return [];
  }
}

/** `suite/case: what was asked: what is wrong; ...` */
export function failureLine({ suite, name, mismatches }: CaseResult): string {
  return `${suite}/${name}: ${mismatches.map(({ asked, fault }) => `${asked}: ${fault}`).join('; ')}`;
}
