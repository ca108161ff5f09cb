import { describe, expect, it } from 'vitest';
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
  ])('refuses %s', (_what, text, fault) => {
    const yaml = readYaml(text, 'a: b');
    expect(yaml.ok ? [] : yaml.faults).toMatchObject([fault]);
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
