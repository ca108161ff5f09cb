import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { beforeAll, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** What `npm pack` would ship; the build in dist/ is as it is, or absent. */
let shipped: ReadonlySet<string>;
beforeAll(() => {
  const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [{ files }] = JSON.parse(output) as [{ files: { path: string }[] }];
  shipped = new Set(files.map(({ path }) => path));
});

const read = (page: string): string => readFileSync(join(root, page), 'utf8');

it('ships no maps without sources, no compiler state, no tests', () => {
  expect([...shipped].filter((path) => /\.map$|tsbuildinfo$|^(src|test|bench|tools)\//.test(path))).toEqual(
    [],
  );
});

it('ships every file that its pages link to or name as a sample', () => {
  const pages = [...shipped].filter((path) => path.endsWith('.md'));
  expect(pages).toContain('README.md');
  const missing = pages.flatMap((page) => {
    const links = [...read(page).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !/^[a-z]+:/.test(target))
      .map((target) => posix.normalize(posix.join(posix.dirname(page), target)));
    const samples = [...read(page).matchAll(/\bconfig\/[\w./-]+\.\w+/g)].map(([path]) => path);
    return [...links, ...samples]
      .filter((path) => !shipped.has(path) && !path.startsWith('.github/'))
      .map((path) => `${page}: ${path}`);
  });
  expect(missing).toEqual([]);
});
