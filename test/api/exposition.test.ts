import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { counter, exposition, gauge, histogram } from '../../src/api/metrics/exposition.js';
import { parseExposition } from './exposition-parser.js';

const group = {
  plain: gauge('One line\nand another, with a \\.'),
  labelled_total: counter('With labels.', 'first', 'second'),
  times_seconds: histogram('Times.', 'kind'),
};
const none = { plain: [], labelled_total: [], times_seconds: [] };
const written = (readings: Partial<Parameters<typeof exposition<typeof group>>[1]>) =>
  [...exposition(group, { ...none, ...readings })].join('');

describe('the exposition format', () => {
  it('is written exactly as specified', () => {
    const text = written({
      plain: [[-0.5]],
      labelled_total: [
        [1, 'a', ''],
        [2, 'say "hi"\\', 'line\nend'],
      ],
      times_seconds: [[{ bounds: [0.001, 0.25], counts: [2, 0, 1], sum: 3.5 }, 'tcp']],
    });
    expect(text).toBe(`# HELP plain One line\\nand another, with a \\\\.
# TYPE plain gauge
plain -0.5
# HELP labelled_total With labels.
# TYPE labelled_total counter
labelled_total{first="a"} 1
labelled_total{first="say \\"hi\\"\\\\",second="line\\nend"} 2
# HELP times_seconds Times.
# TYPE times_seconds histogram
times_seconds_bucket{kind="tcp",le="0.001"} 2
times_seconds_bucket{kind="tcp",le="0.25"} 2
times_seconds_bucket{kind="tcp",le="+Inf"} 3
times_seconds_sum{kind="tcp"} 3.5
times_seconds_count{kind="tcp"} 3
`);
  });

  it.each([
    [Infinity, '+Inf'],
    [-Infinity, '-Inf'],
    [NaN, 'NaN'],
    [1e21, '1e+21'],
    [0.000008, '0.000008'],
    [1e-7, '1e-7'],
  ])('has %d as %s', (value, expected) => {
    expect(written({ plain: [[value]] })).toContain(`\nplain ${expected}\n`);
  });

  it('allows any text in labels', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', minLength: 1 }),
        fc.string({ unit: 'binary' }),
        (first, second) => {
          const [sample] =
            parseExposition(written({ labelled_total: [[1, first, second]] })).get('labelled_total')
              ?.samples ?? [];
          expect(sample?.labels).toEqual({ first, ...(second !== '' && { second }) });
        },
      ),
    );
  });
});

describe('the parser of these tests refuses', () => {
  const head = '# HELP a x\n# TYPE a counter\n';
  it.each([
    ['an end that is missing', `${head}a 1`],
    ['a sample before its TYPE', 'a 1\n'],
    ['HELP alone', '# HELP a x\na 1\n'],
    ['a second HELP', `${head}a 1\n# HELP a x\n# TYPE a counter\n`],
    ['a type that there is not', '# HELP a x\n# TYPE a number\n'],
    ['a sample of another metric', `${head}b 1\n`],
    ['the same sample twice', `${head}a{x="1"} 1\na{x="1"} 2\n`],
    ['a label without quotes', `${head}a{x=1} 1\n`],
    ['a quote that is not escaped', `${head}a{x="""} 1\n`],
    ['a value that is none', `${head}a one\n`],
    ['a counter below 0', `${head}a -1\n`],
    [
      'a histogram that does not add up',
      '# HELP h x\n# TYPE h histogram\nh_bucket{le="+Inf"} 2\nh_sum 1\nh_count 3\n',
    ],
    ['a histogram without +Inf', '# HELP h x\n# TYPE h histogram\nh_bucket{le="1"} 2\nh_sum 1\nh_count 2\n'],
  ])('%s', (_, text) => {
    expect(() => parseExposition(text)).toThrow();
  });
});
