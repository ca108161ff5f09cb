import { formatConfigError } from '../../config/errors.js';
import { parseConfigText, readText, type LoadResult } from '../../config/load.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { count } from '../format/words.js';
import { loadWithOptions } from '../load-config.js';
import { printOne } from '../print-list.js';

export async function run(context: Context): Promise<number> {
  const file = context.argument(0);
  const result = file === '-' ? await fromStdin(context) : await loadWithOptions(context, file);
  const shown = file === '-' ? 'standard input' : (result.path ?? 'no file, defaults');
  const report = result.ok
    ? { valid: true, path: result.path, hash: result.hash, errors: [] }
    : { valid: false, path: result.path, errors: result.errors };
  await printOne(context, report, () => (result.ok ? `valid: ${shown}\n` : ''));
  if (result.ok) return EXIT.ok;
  for (const error of result.errors) context.io.stderr.write(`${formatConfigError(error)}\n`);
  context.io.stderr.write(
    `fairlead: ${count(result.errors.length, 'error')} in the configuration (${shown})\n`,
  );
  return EXIT.config;
}

async function fromStdin(context: Context): Promise<LoadResult> {
  const { io } = context;
  return parseConfigText(await io.readStdin(), {
    file: '-',
    cwd: io.cwd,
    env: io.env,
    set: context.texts('set'),
    read: readText,
  });
}
