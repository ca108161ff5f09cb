import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HclError, parseHcl, type HclObject, type HclValue } from '../../src/render/hcl.js';
import { runs } from '../support/depth.js';

function plain(value: HclValue): unknown {
  if (Array.isArray(value)) return value.map(plain);
  return typeof value === 'object' ? entries(value) : value;
}

const entries = (object: HclObject): unknown[] =>
  object.entries.map(({ key, value, line }) => [line, key, plain(value)]);

test.each([
  [
    'a = "x"\nb = 1\nc = -1.5\nd = true\ne = false',
    [
      [1, 'a', 'x'],
      [2, 'b', 1],
      [3, 'c', -1.5],
      [4, 'd', true],
      [5, 'e', false],
    ],
  ],
  ['a = "q\\"\\\\ \\n\\t${x}"', [[1, 'a', 'q"\\ \n\t${x}']]],
  ['a = ["x", 1,\n [true],]', [[1, 'a', ['x', 1, [true]]]]],
  [
    'a { b = 1 c { d = 2 } }\na {}',
    [
      [
        1,
        'a',
        [
          [1, 'b', 1],
          [1, 'c', [[1, 'd', 2]]],
        ],
      ],
      [2, 'a', []],
    ],
  ],
  [
    'a = { b = 1, c = 2 }',
    [
      [
        1,
        'a',
        [
          [1, 'b', 1],
          [1, 'c', 2],
        ],
      ],
    ],
  ],
  ['# one\n// two\n/* three\n\n*/ a = 1 # four', [[5, 'a', 1]]],
  [
    'a = <<EOF\nx "y"\n  z\nEOF\nb = 1',
    [
      [1, 'a', 'x "y"\n  z\n'],
      [5, 'b', 1],
    ],
  ],
  ['a = <<-EOF\n    x\n\n      y\n    EOF\n', [[1, 'a', 'x\n\n  y\n']]],
  [
    '{"a": {"b": [1, "x"]}, "c": true}',
    [
      [1, 'a', [[1, 'b', [1, 'x']]]],
      [1, 'c', true],
    ],
  ],
  ['', []],
])('%j', (text, expected) => expect(entries(parseHcl(text))).toEqual(expected));

test.each([
  ['a', 1, 'expected "=" or "{" after a'],
  ['a =', 1, 'expected a value, found "the end"; put text in quotes'],
  ['\na = x', 2, 'expected a value, found "x"; put text in quotes'],
  ['a = "x\n"', 1, 'a string is not closed: " is missing'],
  ['a = "\\q"', 1, 'unknown escape \\q'],
  ['a {\nb = 1\n', 3, 'a block is not closed: "}" is missing'],
  ['a = [1,', 1, 'a list is not closed: "]" is missing'],
  ['a = [1', 1, 'expected "," or "]" in a list'],
  ['a = [1 2]', 1, 'expected "," or "]" in a list'],
  ['a = <<EOF\nx', 2, 'the text is not closed: a line EOF is missing'],
  ['a = <<1', 1, 'expected << and a word, such as <<EOF'],
  ['=', 1, 'expected a key, found "="'],
  ['{"a": 1} x', 1, 'unexpected "x"'],
  ['a{'.repeat(60), 1, 'more than 50 levels'],
  [`a = ${'['.repeat(60)}`, 1, 'more than 50 levels'],
])('%j is refused with its line', (text, line, message) => {
  expect(() => parseHcl(text)).toThrow(expect.objectContaining({ name: 'HclError', line, message }) as Error);
});

test('any text gives an object or an error of HCL', () => {
  const survives = (text: string) => {
    try {
      parseHcl(text);
    } catch (error) {
      if (!(error instanceof HclError)) throw error;
    }
  };
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), survives), { numRuns: runs(5000) });
  const pieces = [
    'a',
    ' = ',
    '"x"',
    '{',
    '}',
    '[',
    ']',
    ',',
    '\n',
    '<<E\n',
    'E\n',
    '"',
    '\\',
    '#',
    '/*',
    '*/',
    '1',
    'true',
    ':',
  ];
  const text = fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((parts) => parts.join(''));
  fc.assert(fc.property(text, survives), { numRuns: runs(10_000) });
});
