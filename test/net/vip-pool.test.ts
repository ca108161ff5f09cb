import { expect, it } from 'vitest';
import { vipPool } from '../../src/net/vip-pool.js';

it.each([
  ['10.43.7.9/16', '10.43.0.0/16', 65_533, '10.43.0.2', '10.43.255.254'],
  ['10.43.0.0/30', '10.43.0.0/30', 1, '10.43.0.2', '10.43.0.2'],
  ['127.64.0.0/29', '127.64.0.0/29', 5, '127.64.0.2', '127.64.0.6'],
  ['FD00:43::/112', 'fd00:43::/112', 65_533, 'fd00:43::2', 'fd00:43::fffe'],
])(
  'of %s: neither the network nor its first and last address are leased',
  (text, canonical, size, first, last) => {
    const pool = vipPool(text);
    expect(pool).toMatchObject({ text: canonical, size });
    expect([pool?.at(0), pool?.at(size - 1)]).toEqual([first, last]);
    expect([first, last].map((each) => pool?.holds(each))).toEqual([true, true]);
  },
);

it('contains what it may lease, and nothing else', () => {
  const pool = vipPool('10.43.0.0/29');
  const given = Array.from({ length: pool?.size ?? 0 }, (_, index) => pool?.at(index));
  const all = Array.from({ length: 12 }, (_, last) => `10.43.0.${last}`);
  expect(all.filter((each) => pool?.holds(each))).toEqual(given);
  for (const text of ['10.44.0.3', 'fd00::3', '10.43.0.03', '::ffff:10.43.0.3', '', 'x', '999.1.1.1'])
    expect(pool?.holds(text)).toBe(false);
});

it.each(['10.43.0.0/31', '10.0.0.0/7', '10.43.0.1', 'fd00::/64', 'fd00::/127', '10.43.0.0/x', ''])(
  'cannot be %j',
  (text) => expect(vipPool(text)).toBeUndefined(),
);
