import { expect, test } from 'vitest';
import { OUTPUT_LIMIT, runCommand } from '../../src/render/run-command.js';

const options = { timeoutMs: 60_000, file: '/tmp/the file' };
const numbers = (to: number): string => Array.from({ length: to }, (_, at) => `${at + 1}\n`).join('');

test('the last 64 KiB of the output are kept', async () => {
  expect(OUTPUT_LIMIT).toBe(65_536);
  const { ok, output } = await runCommand('seq 1 60000', options);
  expect(ok).toBe(true);
  expect(numbers(60_000).length).toBeGreaterThan(5 * OUTPUT_LIMIT);
  expect(output === numbers(60_000).slice(-OUTPUT_LIMIT)).toBe(true);
});

test('output up to the limit is kept whole, from both streams', async () => {
  const { output } = await runCommand('seq 1 5000; exec 1>&-; echo oops >&2', options);
  expect(output).toContain(numbers(5000));
  expect(output).toContain('oops\n');
});

test.each([
  ['a list', ['printf', '%s|', '{file}', 'x{file}y'], '/tmp/the file|x/tmp/the filey|'],
  ['a shell line', "printf '%s|' {file}", '/tmp/the file|'],
])('{file} in %s is the file', async (_, command, output) => {
  expect(await runCommand(command, options)).toMatchObject({ ok: true, output });
});
