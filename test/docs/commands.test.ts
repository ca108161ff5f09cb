import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/command-table.js';
import { GLOBAL_OPTIONS } from '../../src/cli/table/shared-options.js';
import { allKeys } from '../../src/config/keys.js';

const root = join(import.meta.dirname, '../..');
const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith('.md'),
);
const read = (page: string): string => readFileSync(join(root, page), 'utf8');

/** Command lines of Fairlead in shell blocks and in inline code, without the comments behind them. */
function commandLines(text: string): readonly string[] {
  const shell = [...text.matchAll(/^(?:\$ )?(?:docker exec fairlead )?fairlead ([a-z].*)$/gm)];
  const inline = [...text.matchAll(/`fairlead ([a-z][^`\n]*)`/g)];
  return [...shell, ...inline].map(([, line = '']) => line.replace(/\s+#.*$/, ''));
}

/** `-o` and `--output` of `-o, --output <format>`. */
const flagsOf = (flags: string) => flags.match(/--?[a-z][\w-]*/g) ?? [];

/** @returns what is wrong with a command line */
function faultsOf(line: string): readonly string[] {
  const words = line.split(/\s+/);
  const spec = COMMANDS.filter(({ name }) => `${line} `.startsWith(`${name} `)).sort(
    (a, b) => b.name.length - a.name.length,
  )[0];
  if (!spec) return [`no command "${words[0] ?? ''}"`];
  // These are consul-template's, with one hyphen.
  if (spec.name === 'render') return [];
  const known = new Set([...GLOBAL_OPTIONS, ...(spec.options ?? [])].flatMap(({ flags }) => flagsOf(flags)));
  const given = words.filter((word) => /^--?[a-z]/.test(word)).map((word) => word.split('=')[0] ?? '');
  return given.filter((flag) => flag !== '--help' && !known.has(flag)).map((flag) => `no option ${flag}`);
}

it('every command of the pages exists, with its options', () => {
  const all = pages.flatMap((page) => commandLines(read(page)).map((line) => ({ page, line })));
  expect(all.length).toBeGreaterThan(50);
  const wrong = all.flatMap(({ page, line }) =>
    faultsOf(line).map((fault) => `${page}: fairlead ${line}: ${fault}`),
  );
  expect(wrong).toEqual([]);
});

it.each(['README.md', 'docs/install.md', 'docs/adoption.md', 'docs/migrating.md', 'docs/troubleshooting.md'])(
  'every key of the configuration in %s exists',
  (page) => {
    const known = allKeys().map(({ path }) => path);
    const sections = [...new Set(known.map((path) => path.split('.')[0] ?? ''))].join('|');
    const named = [...read(page).matchAll(new RegExp(`\`((?:${sections})\\.[\\w.]*\\w)[\`:=]`, 'g'))];
    const unknown = named
      .map(([, key = '']) => key)
      // These are DNS names.
      .filter((key) => !/^(?:vip\.web|host\.docker)\b/.test(key))
      .filter((key) => !known.some((path) => path === key || path.startsWith(`${key}.`)));
    expect(unknown).toEqual([]);
  },
);
