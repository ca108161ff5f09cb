// Bundles src/ui/, which runs in the browser, into dist/dashboard/: a page, a script, a style and an icon. Their names have
// a hash of what is in them, and each has its gzip beside it, so that the daemon compresses nothing.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/**
 * @param {string} root the checkout
 * @param {string} place where to; what is there is replaced
 */
export async function dashboard(root, place) {
  rmSync(place, { recursive: true, force: true });
  const ui = join(root, 'src/ui');
  const { metafile } = await build({
    entryPoints: [join(ui, 'dashboard.tsx')],
    outdir: place,
    entryNames: '[name]-[hash]',
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: ['chrome123', 'firefox120', 'safari17.5'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    metafile: true,
    logLevel: 'warning',
  });
  mkdirSync(place, { recursive: true });
  const made = Object.keys(metafile.outputs).map((path) => basename(path));
  const named = (ending) => {
    const name = made.find((each) => each.endsWith(ending));
    if (name === undefined) throw new Error(`src/ui/dashboard.tsx gives no ${ending}`);
    return name;
  };
  for (const name of made) {
    const packed = gzipSync(readFileSync(join(place, name)), { level: 9 });
    writeFileSync(join(place, `${name}.gz`), packed);
  }
  writeFileSync(join(place, 'icon.svg'), readFileSync(join(ui, 'icon.svg')));
  // Written last: the build looks at its time.
  const page = readFileSync(join(ui, 'index.html'), 'utf8');
  const files = { SCRIPT: named('.js'), STYLE: named('.css') };
  writeFileSync(
    join(place, 'index.html'),
    page.replace(/\b(SCRIPT|STYLE)\b/g, (word) => files[word]),
  );
}
