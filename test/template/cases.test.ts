import { join } from 'node:path';
import { expect, test } from 'vitest';
import { failureOf, readCases } from './case-file.js';

const cases = readCases(join(import.meta.dirname, 'template-cases.json'));

test.each(cases.map((each) => [each.name, each] as const))('%s', (_, each) => {
  expect(failureOf(each)).toBeUndefined();
});
