import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { faults } from './faults/catalogue.js';
import type { Fault } from './faults/fault.js';
import type { Outcome } from './faults/outcome.js';
import { describeOnHost } from './support/requirements.js';

const PAGE = resolve(import.meta.dirname, '../../docs/reliability.md');
const MARKS = ['<!-- faults: FAULTS_WRITE=1 npm run test:faults -->', '<!-- /faults -->'] as const;

/** For one entry; most take seconds. */
const LIMIT_MS = 240_000;

const outcomes = new Map<Fault, Outcome>();

async function take(fault: Fault): Promise<void> {
  const outcome = await fault.run();
  expect(outcome.wrong).toBe(0);
  if (outcome.heal !== undefined) expect(outcome.heal).toBeLessThan(fault.within);
  outcomes.set(fault, outcome);
}

for (const fault of faults) {
  const entry = (): void => {
    it(fault.done, () => take(fault), LIMIT_MS);
  };
  if (fault.needs === undefined) entry();
  else describeOnHost('on a host of its own', entry, fault.needs);
}

describe('the fault catalogue', () => {
  it('is that of docs/reliability.md', () => {
    const page = readFileSync(PAGE, 'utf8');
    for (const { done, holds } of faults) expect(page).toContain(`| ${done} | ${holds} |`);
  });
});

afterAll(() => {
  if (process.env['FAULTS_WRITE'] !== '1') return;
  const page = readFileSync(PAGE, 'utf8');
  const [begin, end] = MARKS;
  const before = page.slice(0, page.indexOf(begin) + begin.length);
  writeFileSync(PAGE, `${before}\n\n${table(page)}\n${page.slice(page.indexOf(end))}`);
});

/** An entry that was not run, or did not hold, keeps the row that it has. */
function table(page: string): string {
  const lines = page.split('\n');
  const rows = faults.map((fault) => {
    const start = `| ${fault.done} | ${fault.holds} |`;
    const outcome = outcomes.get(fault);
    return outcome
      ? `${start} ${figures(outcome)} |`
      : (lines.find((line) => line.startsWith(start)) ?? start);
  });
  return [
    '| what is done | what must hold | queries lost | connections lost | wrong answers | time |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function figures({ traffic, connections, wrong, heal }: Outcome): string {
  const queries = traffic ? `${traffic.unanswered} of ${traffic.sent}` : '';
  const lost = connections ? `${connections.lost} of ${connections.opened}` : '';
  const time = heal === undefined ? '' : `${(heal / 1000).toFixed(1)} s`;
  return [queries, lost, wrong, time].join(' | ');
}
