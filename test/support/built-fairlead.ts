import { mkdirSync, mkdtempSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

const root = join(import.meta.dirname, '../..');

/**
 * Builds the command from the source as it is. It starts in a fraction of the CPU time that a loader of TypeScript takes.
 * @returns `folder`, to be removed; `command`, a file for Node to run
 */
export function builtFairlead(): { readonly folder: string; readonly command: string } {
  // Below node_modules, so that packages are found and the checkout stays clean.
  const cache = join(root, 'node_modules/.cache/fairlead-test');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'fairlead-'));
  const src = join(root, 'src');
  buildSync({
    entryPoints: readdirSync(src, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
      .map((name) => join(src, name)),
    outbase: src,
    outdir: join(folder, 'dist'),
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    logLevel: 'error',
  });
  // What the built files read beside them.
  for (const name of ['config', 'package.json']) symlinkSync(join(root, name), join(folder, name));
  // As npm links it.
  const command = join(folder, 'fairlead');
  symlinkSync(join(folder, 'dist/main.js'), command);
  return { folder, command };
}
