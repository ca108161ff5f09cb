import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderTable } from '../../src/cli/format/text-table.js';
import { plain, textWidth, truncateMiddle } from '../../src/cli/format/text.js';
import { shortId, tally } from '../../src/cli/format/words.js';
import { formatAge } from '../../src/net/age.js';
import { parseServiceName } from '../../src/cli/service-name.js';

const paint = (_: unknown, text: string) => text;

describe('width', () => {
  it.each([
    ['web', 3],
    ['服务', 4],
    ['ｗｅｂ', 6],
    ['e\u0301', 1],
    ['🚀', 2],
    ['', 0],
  ])('%j takes %i columns', (text, width) => expect(textWidth(text)).toBe(width));

  it('columns align in any script', () => {
    const rows = [
      ['服务', 'x'],
      ['web', 'y'],
    ];
    const columns = [0, 1].map((index) => ({ header: 'H', value: (row: string[]) => row[index] ?? '' }));
    const ends = renderTable(rows, columns, { paint })
      .trimEnd()
      .split('\n')
      .map((line) => textWidth(line));
    expect(new Set(ends).size).toBe(1);
  });

  it('cuts the middle to exactly the allowed width, or one less beside a wide character', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 40 }),
        fc.integer({ min: 1, max: 30 }),
        (text, width) => {
          const cut = truncateMiddle(text, width);
          expect(textWidth(cut)).toBeLessThanOrEqual(width);
          if (textWidth(text) <= width) expect(cut).toBe(text);
        },
      ),
    );
    expect(truncateMiddle('abcdefghij', 7)).toBe('abc…hij');
  });

  it('removes everything that controls a terminal', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(plain(text)).not.toMatch(/[\p{Cc}\u202a-\u202e]/u);
      }),
    );
  });
});

it.each([
  [-5, '0s'],
  [8_900, '8s'],
  [192_000, '3m12s'],
  [180_000, '3m'],
  [18_180_000, '5h3m'],
  [352_800_000, '4d2h'],
  [120 * 86_400_000, '120d'],
])('%i ms is %s', (ms, text) => expect(formatAge(ms)).toBe(text));

it('shortens container ids only', () => {
  expect(shortId('ab'.repeat(32), true)).toBe('abababababab');
  expect(shortId('ab'.repeat(32), false)).toHaveLength(64);
  expect(shortId('file:shop/web/shop_web_1', true)).toBe('file:shop/web/shop_web_1');
});

it('lists counts in descending order and omits zeros', () => {
  expect(tally({ A: 1, AAAA: 5, MX: 0 })).toBe('AAAA 5, A 1');
});

it.each([
  ['web', { service: 'web' }],
  ['web.shop', { service: 'web', stack: 'shop' }],
  ['Logger.Web.Shop.', { sidekick: 'logger', service: 'web', stack: 'shop' }],
  ['web.shop.rancher.internal', { service: 'web', stack: 'shop' }],
  ['shop/web/logger', { sidekick: 'logger', service: 'web', stack: 'shop' }],
  ['web.', { service: 'web' }],
  ['.shop', undefined],
  ['a.b.c.d', undefined],
  ['a/b/c/d', undefined],
  ['', undefined],
])('the service %j is %j', (text, name) => expect(parseServiceName(text, 'rancher.internal')).toEqual(name));
