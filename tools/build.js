// Builds src/ into dist/, file by file: esbuild strips the types, tsc only checks them (`npm run types`). Files keep their places,
// so that threads and commands that are loaded on demand are found as they are in src/. What is up to date is left alone.
import { chmodSync, existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(fileURLToPath(new URL('..', import.meta.url)));
const [src, dist] = [join(root, 'src'), join(root, 'dist')];

/** Files below a folder, relative to it. */
function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)));
}

const changedAt = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
const built = (source) => source.replace(/\.ts$/, '.js');

const sources = filesBelow(src).filter(
  // What runs in the browser is bundled by tools/dashboard.js.
  (file) => file.endsWith('.ts') && !file.endsWith('.d.ts') && !file.startsWith('ui/'),
);
const wanted = new Set(sources.map(built));
for (const file of filesBelow(dist))
  if (!wanted.has(file) && !/^(vendor|bundle|dashboard)\//.test(file)) rmSync(join(dist, file));

// What decides how files are built makes all of them again.
const rules = Math.max(
  ...['package-lock.json', 'tools/build.js', 'tools/vendor.js', 'tools/bundle.js', 'tools/dashboard.js'].map(
    (file) => changedAt(join(root, file)),
  ),
);
const stale = sources.filter((source) => {
  const at = changedAt(join(dist, built(source)));
  return at < Math.max(rules, changedAt(join(src, source)));
});
if (stale.length > 0) {
  const what = stale.length === sources.length ? 'src/' : `${stale.length} changed files of src/`;
  process.stderr.write(`building ${what} into dist/ ... `);
  const started = performance.now();
  const { build } = await import('esbuild');
  await build({
    entryPoints: stale.map((source) => join(src, source)),
    outbase: src,
    outdir: dist,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    logLevel: 'warning',
  });
  const { vendor } = await import('./vendor.js');
  const place = (source) => join(dist, built(source));
  await vendor(root, sources.map(place), stale.map(place));
  const { bundle } = await import('./bundle.js');
  await bundle(root);
  // npm needs it for `bin` when the package is used from a checkout.
  chmodSync(join(dist, 'main.js'), 0o755);
  process.stderr.write(`${((performance.now() - started) / 1000).toFixed(1)} s\n`);
}

// The dashboard has parts of src/ in it, too.
const newest = Math.max(rules, ...filesBelow(src).map((file) => changedAt(join(src, file))));
if (changedAt(join(dist, 'dashboard/index.html')) < newest) {
  const { dashboard } = await import('./dashboard.js');
  await dashboard(root, join(dist, 'dashboard'));
}
