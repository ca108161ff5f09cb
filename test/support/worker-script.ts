import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';

const source = new URL('../../src/dns/server/native/worker.ts', import.meta.url);
// Below node_modules, so that packages are found and the checkout stays clean.
const target = new URL(`../../node_modules/.cache/fairlead-test/worker.${process.pid}.mjs`, import.meta.url);
let isBuilt = false;

/** The file that an answering thread runs, from the source as it is: threads know no TypeScript. */
export function workerScript(): URL {
  if (!isBuilt) {
    buildSync({
      entryPoints: [fileURLToPath(source)],
      outfile: fileURLToPath(target),
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      packages: 'external',
      logLevel: 'error',
    });
    isBuilt = true;
  }
  return pathToFileURL(fileURLToPath(target));
}
