import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { readPlainYaml } from '../../src/text/plain-yaml.js';

/** What the yaml package makes of a text; undefined when it finds fault with it. */
function byPackage(text: string): unknown {
  try {
    const document = parseDocument(text, { strict: true, prettyErrors: false, logLevel: 'error' });
    return document.errors.length + document.warnings.length > 0 ? undefined : (document.toJS() as unknown);
  } catch {
    return undefined;
  }
}

const SERVICES = `---
# Prices are somebody else's.
stacks:
  shop:   # the shop
    services:
      web:
        ports: [http=80/tcp, "8080:80", 9090]
        balancing: { scheduler: lc, affinity: 10m, max_per_client: 100 }
        labels:
          fairlead.health.type: tcp
          'odd key': it's "quoted"
        tasks:
        - { name: shop_web_1, ip: 127.0.0.11, health: healthy }
        - name: shop_web_2
          ip6: "::1"
          weight: 007
          ports: { 80/tcp: 8080 }
        -
          name: shop_web_3
      store:
      none: ~
      truth: [true, False, null, 0x1f, 0o17, 1e3, -.5, +7, .inf, 1.50, 1_000, -a, Off]
      empty: [{}, []]
clients:
  10: { stack: shop }
  1.0: é
`;

describe('readPlainYaml', () => {
  it('reads what files of services are written in', () => {
    expect(readPlainYaml(SERVICES)).toEqual(byPackage(SERVICES));
    expect(readPlainYaml(SERVICES)).toMatchObject({
      stacks: {
        shop: {
          services: {
            web: {
              ports: ['http=80/tcp', '8080:80', 9090],
              labels: { 'fairlead.health.type': 'tcp', 'odd key': 'it\'s "quoted"' },
              tasks: [
                { name: 'shop_web_1', ip: '127.0.0.11', health: 'healthy' },
                { name: 'shop_web_2', ip6: '::1', weight: 7, ports: { '80/tcp': 8080 } },
                { name: 'shop_web_3' },
              ],
            },
            store: null,
            none: null,
            empty: [{}, []],
          },
        },
      },
      clients: { 10: { stack: 'shop' }, 1: 'é' },
    });
  });

  it('reads the example of the documentation', () => {
    const text = readFileSync(new URL('../../docs/sources-file.md', import.meta.url), 'utf8');
    const [example = ''] = /(?<=```yaml\n)stacks:[^]*?(?=```)/.exec(text) ?? [];
    expect(readPlainYaml(example)).toEqual(byPackage(example));
    expect(readPlainYaml(example)).toHaveProperty('stacks.shop.services.web.tasks[1].ip6', '::1');
  });

  it.each([
    ['an anchor', 'a: &x 1\nb: *x\n'],
    ['a tag', 'a: !!str 1\n'],
    ['a text of several lines', 'a: b\n  c\n'],
    ['a text of several lines in quotes', 'a: "b\n  c"\n'],
    ['a block of text', 'a: |\n  b\n'],
    ['an escape', String.raw`a: "\n"` + '\n'],
    ['an escaped quote', "a: 'it''s'\n"],
    ['brackets on several lines', 'a: [\n  b ]\n'],
    ['a pair within a list', 'a: [b: c]\n'],
    ['a key without a value within brackets', 'a: { b, c }\n'],
    ['two documents', 'a: 1\n---\na: 2\n'],
    ['a second document after its end', 'a: 1\n...\n'],
    ['a directive', '%YAML 1.2\n---\na: 1\n'],
    ['a complex key', '? a\n: b\n'],
    ['a merge', 'a: { <<: { b: 1 } }\n'],
    ['a tab', 'a:\tb\n'],
    ['line ends of Windows', 'a: b\r\n'],
    ['a mark of byte order', '\ufeffa: b\n'],
    ['the same key twice', 'a: 1\na: 2\n'],
    ['keys that are the same as text', 'a: 1\n"a": 2\n'],
    ['a key that is no property', '__proto__: 1\n'],
    ['a mapping within a line', 'a: b: c\n'],
    ['a key that is too far to the right', 'a: 1\n  b: 2\n'],
    ['a key between two levels', 'a:\n    b: 1\n  c: 2\n'],
    ['a comment without a space before it', 'a: "b"#c\n'],
    ['a very long key', `${'k'.repeat(1100)}: 1\n`],
    ['too many levels', Array.from({ length: 40 }, (_, at) => `${' '.repeat(at)}a:\n`).join('')],
    ['a list', '- a\n'],
    ['a text', 'a\n'],
    ['nothing', ''],
    ['only a comment', '# a\n'],
  ])('leaves %s to the yaml package', (_what, text) => expect(readPlainYaml(text)).toBeUndefined());

  it('never says anything else than the yaml package', () => {
    const token = fc.constantFrom(
      ...['a', 'b', 'key', 'a: ', 'b: ', 'c:', '"d": ', "'e': ", '"f":', '7: ', '1.0: ', 'a b: ', '...'],
      ...['- ', '- ', '-', '\n', '\n', '\n', '\n  ', '\n  ', '\n    ', '\n- ', '\n  - ', ' ', '  ', '---'],
      ...['{', '}', '{ ', ' }', '[', ']', ', ', ',', ':', ': ', '"', "'", '#', ' #', '# x', '"q"', "'s'"],
      ...[
        '1',
        '007',
        '0x1F',
        '0o7',
        '1e3',
        '.5',
        '-1',
        '+.inf',
        '~',
        'null',
        'True',
        'no',
        '10.0.0.1',
        '::1',
      ],
      ...[
        '&a ',
        '*a',
        '|',
        '>',
        '!x ',
        '? ',
        '<<: ',
        '%',
        '@',
        '`',
        '\\',
        '\t',
        'é',
        '__proto__: ',
        'toString: ',
      ],
    );
    let read = 0;
    const text = fc.array(token, { maxLength: 14 }).map((tokens) => tokens.join(''));
    fc.assert(
      fc.property(text, (given) => {
        const value = readPlainYaml(given);
        if (value === undefined) return;
        read += 1;
        expect(value, JSON.stringify(given)).toEqual(byPackage(given));
      }),
      { numRuns: 5000 },
    );
    expect(read).toBeGreaterThan(50);
  });

  it('reads every mapping that is written plainly', () => {
    const word = fc.oneof(
      fc.stringMatching(/^[a-z0-9_][a-z0-9_.:/=-]{0,12}[a-z0-9]$/),
      fc.constantFrom('true', 'null', '12', '1.5', '10.0.0.1', '80/tcp'),
    );
    const { tree } = fc.letrec((tie) => ({
      // A key that is null is left to the yaml package.
      tree: fc.dictionary(
        word.filter((each) => each !== 'null'),
        tie('value'),
        { maxKeys: 4 },
      ),
      value: fc.oneof({ maxDepth: 4 }, word, tie('tree'), fc.array(tie('value'), { maxLength: 4 })),
    }));
    fc.assert(
      fc.property(tree, fc.boolean(), (given, isFlow) => {
        if (Object.keys(given).length === 0) return;
        const text = isFlow
          ? Object.entries(given)
              .map(([key, value]) => `${key}: ${flow(value)}\n`)
              .join('')
          : block(given, '');
        const expected = byPackage(text);
        // Keys may be the same number.
        if (expected === undefined) return;
        expect(readPlainYaml(text), text).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });
});

function flow(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  const pairs = Object.entries(value as object).map(([key, each]) => `${key}: ${flow(each)}`);
  return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`;
}

function block(value: unknown, margin: string): string {
  const inner = (each: unknown) =>
    typeof each === 'string' || Object.keys(each as object).length === 0
      ? ` ${flow(each)} # comment\n`
      : `\n${block(each, `${margin}  `)}`;
  if (Array.isArray(value)) return value.map((each) => `${margin}-${inner(each)}`).join('');
  return Object.entries(value as object)
    .map(([key, each]) => `${margin}${key}:${inner(each)}`)
    .join('');
}
