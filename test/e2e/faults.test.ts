import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { faults, type Fault, type Outcome } from './faults/catalogue.js';
import { FaultGround } from './faults/fault-ground.js';

const PAGE = resolve(import.meta.dirname, '../../docs/reliability.md');
const MARKS = ['<!-- faults: FAULTS_WRITE=1 npm run test:faults -->', '<!-- /faults -->'] as const;

const outcomes: [Fault, Outcome][] = [];

describe('the fault catalogue', () => {
  it.each(faults.map((fault) => [fault.done, fault] as const))(
    '%s',
    async (_done, fault) => {
      const ground = await FaultGround.create();
      try {
        const outcome = await fault.run(ground);
        expect(outcome.wrong).toBe(0);
        if (outcome.heal !== undefined) expect(outcome.heal).toBeLessThan(fault.within);
        outcomes.push([fault, outcome]);
      } finally {
        await ground.close();
      }
    },
    180_000,
  );

  it('is that of docs/reliability.md', () => {
    const page = readFileSync(PAGE, 'utf8');
    for (const { done, holds } of faults) expect(page).toContain(`| ${done} | ${holds} |`);
  });
});

afterAll(() => {
  if (process.env['FAULTS_WRITE'] !== '1' || outcomes.length !== faults.length) return;
  const page = readFileSync(PAGE, 'utf8');
  const [begin, end] = MARKS;
  const before = page.slice(0, page.indexOf(begin) + begin.length);
  writeFileSync(PAGE, `${before}\n\n${table()}\n${page.slice(page.indexOf(end))}`);
});

function table(): string {
  const rows = outcomes.map(([{ done, holds }, { traffic, wrong, heal }]) => {
    const queries = traffic ? `${traffic.unanswered} of ${traffic.sent}` : '';
    const time = heal === undefined ? '' : `${(heal / 1000).toFixed(1)} s`;
    return `| ${done} | ${holds} | ${queries} | ${wrong} | ${time} |\n`;
  });
  return `| what is done | what must hold | queries lost | wrong answers | time |\n|---|---|---|---|---|\n${rows.join('')}`;
}
