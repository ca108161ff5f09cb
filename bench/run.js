// Runs a benchmark as one plain JavaScript file: `node bench/run.js NAME [args]`. A loader that translates TypeScript on the
// fly would be in the process that is measured, in its memory and in its start.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const [name = '', ...args] = process.argv.slice(2);
// Below node_modules, so that packages are found and the checkout stays clean.
const outfile = fileURLToPath(
  new URL(`../node_modules/.cache/fairlead-bench/${name}.${process.pid}.mjs`, import.meta.url),
);
try {
  await build({
    entryPoints: [fileURLToPath(new URL(`${name}.ts`, import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    logLevel: 'error',
  });
  const { status } = spawnSync(process.execPath, ['--expose-gc', outfile, ...args], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
} finally {
  rmSync(outfile, { force: true });
}
