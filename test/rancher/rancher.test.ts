import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { failureLine, runCaseFile } from './run.js';
import type { CaseResult } from './result.js';

const read = (path: string): unknown => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));

const caseFile = 'cases/rancher-cases.json';

/** What Fairlead does not do yet: a question, in one case or in all. It is to shrink to nothing. */
const knownOpen = z
  .array(z.object({ case: z.string().optional(), asked: z.string(), reason: z.string() }))
  .parse(read('known-open.json'));

describe('what Rancher 1.6 answered, and what should be answered instead', () => {
  let cases: readonly CaseResult[] = [];
  beforeAll(async () => {
    cases = (await runCaseFile(read(caseFile))).cases;
  });

  it('answers as it should, except for known open points', () => {
    const unexpected = cases
      .map((one) => ({ ...one, mismatches: one.mismatches.filter(({ asked }) => !isOpen(one, asked)) }))
      .filter(({ mismatches }) => mismatches.length > 0);
    expect(unexpected.map(failureLine)).toEqual([]);
  });

  it('lists no known open point that is solved', () => {
    const closed = knownOpen.filter(
      (open) =>
        !cases.some((one) =>
          one.mismatches.some(
            ({ asked }) => asked === open.asked && (open.case ?? nameOf(one)) === nameOf(one),
          ),
        ),
    );
    expect(closed).toEqual([]);
  });
});

describe('the runner', () => {
  const shape = z.object({
    format: z.string(),
    suites: z.array(z.looseObject({ id: z.string(), cases: z.array(z.record(z.string(), z.unknown())) })),
  });

  /** Whether a case of the file passes, when the text of that case is changed. */
  async function passes(caseName: string, change: (text: string) => string): Promise<boolean> {
    const [suite, name] = caseName.split('/');
    const { format, suites } = shape.parse(read(caseFile));
    const [kept] = suites
      .filter(({ id }) => id === suite)
      .map((one) => ({ ...one, cases: one.cases.filter((each) => (each['name'] ?? each['id']) === name) }));
    const changed: unknown = JSON.parse(change(JSON.stringify(kept?.cases)));
    const { cases } = await runCaseFile({ format, suites: [{ ...kept, cases: changed }] });
    const [found, ...more] = cases.filter((one) => nameOf(one) === caseName);
    if (!found || more.length > 0) throw new Error(`${caseName} is not one case of the file`);
    return found.mismatches.length === 0;
  }

  it.each([
    ['v1.6-main/TestOneUnhealthyContainer', '192.168.0.3', '192.168.0.4'],
    ['v1.6-main/TestClientNoLinks', '"record_count":0', '"record_count":1'],
    ['v1.6-main/TestAliasService', '"count":2', '"count":3'],
    ['shuffle/TestOne', '"unchanged":true', '"equals":["other"]'],
    ['shuffle/TestShuffle-A', '["cname1","cname2"]', '["cname2","cname1"]'],
    ['shuffle/extra-AAAA', '["a6-1","a6-2"]', '["a6-1"]'],
    ['wire/stack-qualified', '600 A 10.42.112.11', '600 A 10.42.112.12'],
    ['wire/upstream-ttl0', 'example.com. 0 A', 'example.com. 2 A'],
    ['wire/upstream-aaaa', '@5301', '@5302'],
    ['wire/edns-upstream', '"qr","rd"', '"qr","aa","rd"'],
    ['wire/big-udp-edns', '"count":100,"first"', '"count":99,"first"'],
    ['wire/opcode-update', '"recommended":"NOTIMP"', '"recommended":"FORMERR"'],
    ['wire/upstream-nx-aaaa', 'pass NXDOMAIN through', 'do what is right'],
  ])('fails %s when it says %s otherwise', async (name, from, to) => {
    expect(await passes(name, (text) => text)).toBe(true);
    expect(await passes(name, (text) => text.replace(from, to))).toBe(false);
  });

  it('names the suites that it does not run', async () => {
    const { cases, notRun } = await runCaseFile({
      format: 'fairlead-rancher-cases/1',
      suites: [{ id: 'metadata-http', cases: [{}, {}] }],
    });
    expect(cases).toEqual([]);
    expect(notRun.map(({ id, cases: count }) => [id, count])).toEqual([['metadata-http', 2]]);
  });
});

function nameOf({ suite, name }: CaseResult): string {
  return `${suite}/${name}`;
}

function isOpen(one: CaseResult, asked: string): boolean {
  return knownOpen.some((open) => open.asked === asked && (open.case ?? nameOf(one)) === nameOf(one));
}
