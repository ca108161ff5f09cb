import { describe, expect, it, vi } from 'vitest';
import { nearest } from '../../src/text/nearest.js';
import { readYaml } from '../../src/text/yaml.js';

describe('readYaml', () => {
  it('locates keys and values, or the nearest enclosing node', () => {
    const yaml = readYaml('a:\n  b: [x, y]\n  c:\n', 'a: b');
    if (!yaml.ok) throw new Error('it is good YAML');
    expect(yaml.value).toEqual({ a: { b: ['x', 'y'], c: null } });
    expect(yaml.locate(['a', 'b'], 'key')).toEqual({ line: 2, column: 3 });
    expect(yaml.locate(['a', 'b', 1], 'value')).toEqual({ line: 2, column: 10 });
    expect(yaml.locate(['a', 'c'], 'value')).toEqual({ line: 3, column: 3 });
    expect(yaml.locate(['a', 'absent'], 'key')).toEqual({ line: 1, column: 1 });
  });

  it.each([
    [
      'a key twice',
      'a: 1\na: 2\n',
      { line: 2, column: 1, message: 'is not valid YAML: Map keys must be unique; keep one of the two' },
    ],
    [
      'brackets without end',
      '['.repeat(5000),
      { line: 1, column: 1, message: 'is nested too deeply to be read; write it with fewer levels' },
    ],
    [
      'indentation without end',
      Array.from({ length: 500 }, (_, at) => `${' '.repeat(at)}a:`).join('\n'),
      { message: 'is nested too deeply to be read; write it with fewer levels' },
    ],
    [
      'an alias bomb',
      `a: &a [x]\nb: &b [${'*a,'.repeat(99)}]\nc: [${'*b,'.repeat(99)}]\n`,
      { message: expect.stringContaining('write the values out instead of using aliases') as string },
    ],
    [
      'a key twice in mappings inside others, each at its place',
      'a: { b: 1, b: 2 }\nc:\n  - d: 1\n    d: 2\n',
      [
        { line: 1, column: 12 },
        { line: 4, column: 5 },
      ],
    ],
  ])('refuses %s', (_what, text, fault) => {
    const yaml = readYaml(text, 'a: b');
    expect(yaml.ok ? [] : yaml.faults).toMatchObject([fault].flat());
  });
});

/** How often `work` tests an item of a list, which is how the yaml package looks for duplicates. */
function comparisons(work: () => void): number {
  let count = 0;
  const { some } = Array.prototype;
  const spy = vi.spyOn(Array.prototype, 'some').mockImplementation(function (this: unknown[], test) {
    return some.call(this, (item, at, list) => {
      count += 1;
      return test(item, at, list) as boolean;
    });
  });
  try {
    work();
  } finally {
    spy.mockRestore();
  }
  return count;
}

describe('a mapping of 16,000 keys', () => {
  // The parser's own search for duplicates takes six seconds here, in which the daemon would answer nothing.
  const keys = Array.from({ length: 16_000 }, (_, at) => `key${at}`);

  it('is read with work in proportion to its length', () => {
    const compared = comparisons(() => {
      const yaml = readYaml(keys.map((key) => `${key}: 1\n`).join(''), 'a: b');
      if (!yaml.ok) throw new Error('it is good YAML');
      expect(Object.keys(yaml.value)).toEqual(keys);
      expect(keys.map((key) => yaml.locate([key], 'key').line)).toEqual(keys.map((_, at) => at + 1));
    });
    expect(compared).toBeLessThan(100 * keys.length);
  });

  it('is refused when its last key is its first one again', () => {
    const text = [...keys, 'key0'].map((key) => `${key}: 1\n`).join('');
    const yaml = readYaml(text, 'a: b');
    expect(!yaml.ok && yaml.faults).toMatchObject([{ line: 16_001, column: 1 }]);
  });
});

describe('nearest', () => {
  const keys = ['services', 'stacks', 'endpoint_mode', 'ip', 'ip6'];
  it.each([
    ['servces', 'services'],
    ['endpointMode', 'endpoint_mode'],
    ['stakcs', 'stacks'],
    ['colour', undefined],
    ['x', undefined],
    ['y'.repeat(1000), undefined],
  ])('%s is %s', (word, expected) => expect(nearest(word, keys)).toBe(expected));
});
