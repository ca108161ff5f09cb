// The packages that a start loads, each as one file in dist/vendor/ that holds what is used of it. As they are installed
// they are some 300 files: loading those takes longer, and V8 keeps their whole text.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { build } from 'esbuild';

// dockerode and koffi load native code by its place, and are loaded only where they are needed.
const PACKAGES = [
  'commander',
  'fastify',
  'immutable',
  'ipaddr.js',
  'lru-cache',
  'pino',
  're2js',
  'yaml',
  'zod',
];

/** fastify loads these when a route has a schema, and in tests. */
const RARE = ['@fastify/ajv-compiler', '@fastify/fast-json-stringify-compiler', 'light-my-request'];

const names = PACKAGES.map((name) => name.replaceAll('.', String.raw`\.`)).join('|');
/** As esbuild prints them: `import a, { b as c } from "zod";`, `import("yaml")`. */
const IMPORTS = new RegExp(
  String.raw`^(import|export) (?:(\w+)(?:, | ))?(?:\{([^}]*)\} )?from "(?:[./]*/vendor/)?(${names})(?:\.js)?";$`,
  'gm',
);
const DYNAMIC = new RegExp(
  String.raw`const \{([^}]*)\} = await import\("(?:[./]*/vendor/)?(${names})(?:\.js)?"\)`,
  'g',
);
const VENDORED = /\b(?:from |import\()"[./]*\/vendor\//g;
const SPECIFIER = new RegExp(String.raw`(\bfrom |\bimport\()"(${names})"`, 'g');

/**
 * Has built files import the packages from dist/vendor/, and builds what they import.
 * @param {string} root the checkout
 * @param {readonly string[]} files all built files, absolute
 * @param {readonly string[]} fresh those of them that still name packages
 */
export async function vendor(root, files, fresh) {
  const place = join(root, 'dist/vendor');
  for (const file of fresh) {
    const text = readFileSync(file, 'utf8');
    const to = relative(dirname(file), place);
    const path = to.startsWith('.') ? to : `./${to}`;
    const next = text.replace(SPECIFIER, (_, before, name) => `${before}"${path}/${fileOf(name)}"`);
    if (next !== text) writeFileSync(file, next);
  }
  const used = usedNames(files);
  const { metafile } = await build({
    metafile: true,
    entryPoints: [...used.keys()].map((name) => ({ in: `vendor:${name}`, out: fileOf(name, '') })),
    outdir: place,
    bundle: true,
    splitting: true,
    minifyWhitespace: true,
    legalComments: 'eof',
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    external: RARE,
    banner: {
      js: `import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);`,
    },
    logLevel: 'warning',
    plugins: [entries(root, used), withoutLocales],
  });
  const made = new Set(Object.keys(metafile.outputs).map((path) => basename(path)));
  for (const file of readdirSync(place)) if (!made.has(file)) rmSync(join(place, file));
}

/** `ipaddr.js` is the package's name. */
function fileOf(name, ending = '.js') {
  return `${name.replace(/\.js$/, '')}${ending}`;
}

/** What is imported of each package. */
function usedNames(files) {
  const used = new Map();
  const note = (name, list) => {
    const set = used.get(name) ?? new Set();
    used.set(name, set);
    for (const each of list) if (each !== '') set.add(each);
  };
  const first = (list = '', mark = / as |: /) => list.split(',').map((each) => each.trim().split(mark)[0]);
  for (const file of files) {
    const text = readFileSync(file, 'utf8');
    const imports = [...text.matchAll(IMPORTS)];
    const dynamic = [...text.matchAll(DYNAMIC)];
    if (imports.length + dynamic.length !== [...text.matchAll(VENDORED)].length)
      throw new Error(`${file}: tools/vendor.js cannot read an import of a package; write { names }`);
    for (const [, , whole, list, name] of imports)
      note(packageOf(name), [...(whole ? ['default'] : []), ...first(list)]);
    for (const [, list, name] of dynamic) note(packageOf(name), first(list));
  }
  return used;
}

function packageOf(name) {
  return PACKAGES.find((each) => fileOf(each) === fileOf(name));
}

/** The entry of a package: it exports what is used. */
function entries(root, used) {
  return {
    name: 'entries',
    setup(builder) {
      builder.onResolve({ filter: /^vendor:/ }, ({ path }) => ({ path: path.slice(7), namespace: 'vendor' }));
      builder.onLoad({ filter: /.*/, namespace: 'vendor' }, ({ path }) => ({
        contents: `export { ${[...(used.get(path) ?? [])].sort().join(', ')} } from '${path}';`,
        resolveDir: root,
      }));
    },
  };
}

/** zod's texts in sixty languages. */
const withoutLocales = {
  name: 'without locales',
  setup(builder) {
    builder.onResolve({ filter: /\/locales\/index\.js$/ }, ({ path }) => ({ path, namespace: 'none' }));
    builder.onLoad({ filter: /.*/, namespace: 'none' }, () => ({ contents: 'export {};' }));
  },
};
