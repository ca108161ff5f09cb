import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  byteLength,
  compareStrings,
  fromBytes,
  sliceBytes,
  toBytes,
} from '../../src/template/byte-strings.js';
import { nodeText } from '../../src/template/node-text.js';
import { parse } from '../../src/template/parser.js';
import { TemplateError } from '../../src/template/template-error.js';
import { Template } from '../../src/template/template.js';
import { BUILTINS } from '../../src/template/builtins.js';
import { runs } from '../support/depth.js';
import { TemplateGenerator } from './template-generator.js';

const options = { hasFunction: (name: string) => BUILTINS.has(name) };

function printed(text: string): string | undefined {
  try {
    const trees = parse('t', text, options);
    return [...trees]
      .map(([name, { root }]) =>
        name === 't' ? nodeText(root) : `{{define ${JSON.stringify(name)}}}${nodeText(root)}{{end}}`,
      )
      .sort()
      .join('');
  } catch (error) {
    if (error instanceof TemplateError) return undefined;
    throw error;
  }
}

test('parsing what was printed prints the same', () => {
  let parsed = 0;
  for (let seed = 1; seed <= 1500; seed += 1) {
    const text = new TemplateGenerator(seed).template();
    const once = printed(text);
    if (once === undefined) continue;
    parsed += 1;
    expect(printed(once), text).toBe(once);
  }
  expect(parsed).toBeGreaterThan(700);
});

const LIMITS = { steps: 20_000, output: 100_000 };

function survives(text: string, data: ReturnType<TemplateGenerator['data']>): void {
  try {
    Template.parse('f', text, { limits: LIMITS }).execute(data.value);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
  }
}

test('any text gives output or a template error', () => {
  const data = new TemplateGenerator(7).data();
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => survives(text, data)),
    { numRuns: runs(500) },
  );
  const pieces = [
    '{{',
    '}}',
    '{{-',
    '-}}',
    'range',
    'if',
    'end',
    'else',
    'with',
    'define',
    'template',
    '"a"',
    '$x',
    ':=',
    '=',
    ',',
    '|',
    '(',
    ')',
    '.',
    '.a',
    ' ',
    '\n',
    '1',
    '0x',
    "'",
    '`',
    '/*',
    '*/',
    'len',
    'printf',
    '"%*d"',
    'index',
    'nil',
    'break',
    '\ud800',
    '\udcff',
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 40 }), (parts) =>
      survives(parts.join(''), data),
    ),
    { numRuns: runs(3000) },
  );
});

test('generated templates with pieces removed or duplicated give output or a template error', () => {
  for (let seed = 1; seed <= 700; seed += 1) {
    const generator = new TemplateGenerator(seed);
    const data = generator.data();
    const text = generator.template();
    const at = (seed * 7919) % text.length;
    survives(text.slice(0, at) + text.slice(at + 1 + (seed % 5)), data);
    survives(text.slice(0, at) + text.slice(at >> 1, at) + text.slice(at), data);
  }
});

test('strings preserve all bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(40), (bytes, cut) => {
      const text = fromBytes(bytes);
      expect([...toBytes(text)]).toEqual([...bytes]);
      expect(byteLength(text)).toBe(bytes.length);
      expect([...toBytes(sliceBytes(text, 0, cut))]).toEqual([...bytes.subarray(0, cut)]);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 6 }), fc.uint8Array({ maxLength: 6 }), (a, b) => {
      expect(Math.sign(compareStrings(fromBytes(a), fromBytes(b)))).toBe(
        Buffer.compare(Buffer.from(a), Buffer.from(b)),
      );
    }),
  );
});
