import { basename } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';

const built = new Map<string, URL>();

/**
 * One plain JavaScript file of a source and all that it imports of ours, for whoever knows no TypeScript: threads, and processes that have
 * few descriptors for a loader.
 */
export function bundled(source: URL): URL {
  const known = built.get(source.href);
  if (known) return known;
  // Below node_modules, so that packages are found and the checkout stays clean.
  const name = `${basename(source.pathname, '.ts')}.${process.pid}.mjs`;
  const outfile = fileURLToPath(new URL(`../../node_modules/.cache/fairlead-test/${name}`, import.meta.url));
  buildSync({
    entryPoints: [fileURLToPath(source)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    logLevel: 'error',
  });
  const url = pathToFileURL(outfile);
  built.set(source.href, url);
  return url;
}
