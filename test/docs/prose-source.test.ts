import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../src');
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .sort();

/** The comments and quoted texts of a source file: line by line, numbered from 1. */
function prose(text: string): (readonly [number, string])[] {
  return text.split('\n').flatMap((line, index) => {
    const comment = /^\s*(?:\*|\/\*\*?|\/\/)(.*)/.exec(line)?.[1];
    const texts =
      comment === undefined
        ? [...line.matchAll(/'(?:[^'\\]|\\.)* (?:[^'\\]|\\.)*'|`[^`]* [^`]*`/g)].map(([quoted]) => quoted)
        : [comment];
    return texts.map((each) => [index + 1, each] as const);
  });
}

/** Words that native speakers do not write so, and what to write instead. */
const CLUMSY: readonly (readonly [RegExp, string])[] = [
  [/(?<!\bthere )\b(is|was|be) no (?!longer|more|less|need|use|one\b|other)[a-z]/i, 'is not a'],
  [/\bis none of\b/i, 'must be one of'],
  [/(?<!\bthere )\bis none\b(?! of)/i, 'is not one'],
  [/\b(anew|afresh)\b/i, 'again'],
  [/\bfor ever\b/i, 'without end, no limit'],
  [/\boctets?\b(?!.*\b(RFC \d|octal))/i, 'bytes'],
  [/\b(nobody|somebody|anybody|whoever)\b/i, 'the name of the actor'],
  [/\b(gets?|is|are|was|were) told\b/i, 'receives, is reported'],
  [/\b(is|are|stays?|stay|comes?) in force\b/i, 'is active, takes effect'],
  [/\bright by\b/i, 'depends on'],
  [/\bthe (only )?rooms?\b|\bwhich room\b/i, 'module'],
];

/** Right as they are: declarations of C, names of variables, and the octets of DNS messages (RFC 1035). */
const ALLOWED = /\buintptr_t octets\b|`octets`/;
const OF_RFCS = /^wire\//;

describe('comments and texts of the source', () => {
  it('exist', () => expect(files.length).toBeGreaterThan(500));

  it('are plain English', () => {
    const found = files.flatMap((file) =>
      prose(readFileSync(join(root, file), 'utf8')).flatMap(([number, text]) =>
        ALLOWED.test(text) || (OF_RFCS.test(file) && /octet/i.test(text))
          ? []
          : CLUMSY.filter(([word]) => word.test(text)).map(
              ([, instead]) => `src/${file}:${number}: write "${instead}": ${text.trim()}`,
            ),
      ),
    );
    expect(found).toEqual([]);
  });

  it('have no line beyond 120 columns', () => {
    const long = files.flatMap((file) =>
      readFileSync(join(root, file), 'utf8')
        .split('\n')
        .flatMap((line, index) =>
          /^\s*(\*|\/\/)/.test(line) && Array.from(line).length > 120 ? [`src/${file}:${index + 1}`] : [],
        ),
    );
    expect(long).toEqual([]);
  });
});
