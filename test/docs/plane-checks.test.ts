import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

it('each check of the rules of kernel planes names a test that is there', () => {
  const tests = readFileSync('test/e2e/planes.test.ts', 'utf8');
  const rows = readFileSync('test/e2e/planes.md', 'utf8').matchAll(/^\| (\d+) \|[^|]+\| (.+) \|$/gm);
  const named = Array.from(rows, ([, number, title = '']) => [Number(number), title] as const);
  expect(named.map(([number]) => number)).toEqual(Array.from({ length: 30 }, (_, at) => at + 1));
  const missing = named.filter(([, title]) => !title.startsWith('none: ') && !tests.includes(title));
  expect(missing).toEqual([]);
});
