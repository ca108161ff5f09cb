import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const read = (page: string): string => readFileSync(join(root, page), 'utf8');
const modules = readdirSync(join(root, 'src'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => `src/${name}`);

const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'],
  ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`),
  ...modules.map((module) => `${module}/README.md`),
].filter((page) => page.endsWith('.md') && existsSync(join(root, page)));

/** The lines of a page outside code, numbered from 1. */
function prose(page: string): (readonly [number, string])[] {
  let isCode = false;
  return read(page)
    .split('\n')
    .map((line, index) => [index + 1, line] as const)
    .filter(([, line]) => {
      const isFence = line.trimStart().startsWith('```');
      if (isFence) isCode = !isCode;
      return !isCode && !isFence;
    });
}

/** Words that native speakers do not write so, and what to write instead. */
const CLUMSY: readonly (readonly [RegExp, string])[] = [
  [/(?<!\bthere )\b(is|was|be) no (?!longer|more|less|need|use|room|one\b|other)[a-z]/i, 'is not a'],
  [/\bis none of\b/i, 'must be one of'],
  [/\b(anew|afresh)\b/i, 'again'],
  [/\boctets?\b(?!.*\bRFC \d)/i, 'bytes'],
  [/\b(nobody|somebody|whoever)\b/i, 'the name of the actor'],
  [/\b(is|are|was|were) told\b/i, 'receives, is reported'],
  [/\bthe (only )?rooms?\b|\bwhich room\b/i, 'module'],
];

/** Pages that are made from the code: the words of their tables are corrected there. */
const GENERATED = /^docs\/(cli|configuration|conformance|metrics|labels)\.md$/;

describe('the pages', () => {
  it('exist', () => expect(pages.length).toBeGreaterThan(20));

  it.each(pages)('%s has no line of prose beyond 120 columns', (page) => {
    const long = prose(page).filter(
      ([, line]) =>
        Array.from(line).length > 120 && !/^\s*[|#]|^<!--/.test(line) && !/^\S+$/.test(line.trim()),
    );
    expect(long).toEqual([]);
  });

  it.each(pages)('%s is plain English', (page) => {
    const found = prose(page).flatMap(([number, line]) =>
      GENERATED.test(page) && (line.startsWith('|') || page.endsWith('conformance.md'))
        ? []
        : CLUMSY.filter(([word]) => word.test(line)).map(
            ([, instead]) => `${page}:${number}: write "${instead}": ${line}`,
          ),
    );
    expect(found).toEqual([]);
  });

  it.each(pages)('%s names only files that are in a clone', (page) => {
    const text = read(page);
    const named = [...text.matchAll(/`((?:src|test|bench|tools|config|docs)\/[\w./-]+)`/g)].map(
      ([, path = '']) => path,
    );
    const beside = page.startsWith('src/')
      ? [...text.matchAll(/`([a-z][\w/-]*(?:\.ts|\/))`/g)].map(([, path = '']) => path)
      : [];
    const below = readdirSync(join(root, dirname(page)), { recursive: true, encoding: 'utf8' });
    const isThere = (path: string): boolean =>
      [path, join('src', path)].some((each) => existsSync(join(root, each))) ||
      below.some((each) => `/${each}`.endsWith(`/${path.replace(/\/$/, '')}`));
    const planned = /^src\/(publishers|ui)\//;
    expect([...named, ...beside].filter((path) => !isThere(path) && !planned.test(path))).toEqual([]);
    expect(text).not.toMatch(/(?<![\w/])reference\/\w+\.md|design card/);
  });

  it.each(modules)(
    '%s has a README: purpose, front door, and what to touch for the usual changes',
    (module) => {
      expect(existsSync(join(root, module, 'README.md'))).toBe(true);
    },
  );
});
