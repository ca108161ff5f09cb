// The daemon's own modules as one file, and more for what is loaded on demand: loading 400 files takes twice the CPU time.
// Threads keep the files that the build makes one by one: there constants stay constants, which V8 makes part of the code.
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { build } from 'esbuild';

/**
 * Bundles dist/daemon/run-daemon.js into dist/bundle/, and has dist/main.js load that.
 * @param {string} root the checkout
 */
export async function bundle(root) {
  const [dist, place] = [join(root, 'dist'), join(root, 'dist/bundle')];
  const { metafile } = await build({
    entryPoints: [join(dist, 'daemon/run-daemon.js')],
    outdir: place,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    metafile: true,
    logLevel: 'warning',
    plugins: [{ name: 'places', setup: (builder) => keepPlaces(builder, place) }],
  });
  const made = new Set(Object.keys(metafile.outputs).map((path) => basename(path)));
  for (const file of readdirSync(place)) if (!made.has(file)) rmSync(join(place, file));
  const main = join(dist, 'main.js');
  const text = readFileSync(main, 'utf8');
  const [loading, bundled] = ['import("./daemon/run-daemon.js")', 'import("./bundle/run-daemon.js")'];
  // A build that did not touch main.ts leaves what the last one wrote.
  if (text.includes(bundled)) return;
  if (!text.includes(loading)) throw new Error(`${main} does not load the daemon with ${loading}`);
  writeFileSync(main, text.replace(loading, bundled));
}

/** All that is written is in one folder, so what is beside a module or above it is found from there. */
function keepPlaces(builder, place) {
  builder.onResolve({ filter: /\/vendor\// }, ({ path }) => ({
    path: `../vendor/${basename(path)}`,
    external: true,
  }));
  builder.onLoad({ filter: /\.js$/ }, ({ path }) => {
    const from = JSON.stringify(relative(place, path));
    const contents = readFileSync(path, 'utf8');
    return { contents: contents.replaceAll('import.meta.url', `new URL(${from}, import.meta.url).href`) };
  });
}
