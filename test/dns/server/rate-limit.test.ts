import { describe, expect, it } from 'vitest';
import { kindKey, RateLimiter, type ReplyKind } from '../../../src/dns/server/rate-limit.js';
import { RCODE } from '../../../src/wire/constants.js';
import { name } from '../../wire/helpers.js';

const kind = (fields: Partial<ReplyKind> = {}): ReplyKind => ({
  rcode: RCODE.NOERROR,
  source: 'own',
  name: name('web.x'),
  ...fields,
});

function limiter(perSecond: number, maxBuckets?: number) {
  const clock = { ms: 1000 };
  const limit = new RateLimiter({ perSecond, isExempt: () => false }, () => clock.ms, maxBuckets);
  const many = (count: number, address = '192.0.2.1', of = kind()) => {
    const verdicts = Array.from({ length: count }, () => limit.check(address, of));
    return ['send', 'slip', 'drop'].map((each) => verdicts.filter((verdict) => verdict === each).length);
  };
  return { clock, limit, many };
}

describe('RateLimiter', () => {
  it('sends a burst of a second’s worth, then every second reply as truncated', () => {
    const { many, clock } = limiter(5);
    expect(many(25)).toEqual([5, 10, 10]);
    clock.ms += 400;
    expect(many(10)).toEqual([2, 4, 4]);
    clock.ms += 3_600_000;
    expect(many(10)).toEqual([5, 2, 3]);
  });

  it('sends truncated replies where every other reply is sent', () => {
    const { many, clock } = limiter(1);
    many(1);
    const seen = Array.from({ length: 8 }, () => {
      clock.ms += 500;
      return many(1).indexOf(1);
    });
    expect([...new Set(seen)].sort()).toEqual([0, 1, 2]);
  });

  it.each([
    ['addresses of one /24', '192.0.2.1', '192.0.2.200', true],
    ['addresses of two /24', '192.0.2.1', '192.0.3.1', false],
    ['addresses of one /56', '2001:db8:0:1100::1', '2001:db8:0:11ff::2', true],
    ['addresses of two /56', '2001:db8:0:1100::1', '2001:db8:0:1200::1', false],
  ])('counts %s together or apart', (_, one, other, together) => {
    const { many } = limiter(5);
    expect(many(5, one)).toEqual([5, 0, 0]);
    expect(many(1, other)).toEqual(together ? [0, 0, 1] : [1, 0, 0]);
  });

  it('remembers no more networks than its limit', () => {
    const { many } = limiter(1, 2);
    many(1, '192.0.2.1');
    for (let i = 0; i < 10; i++) many(1, `198.51.${i}.1`);
    expect(many(1, '192.0.2.1')).toEqual([1, 0, 0]);
    expect(many(1, '198.51.9.1')).toEqual([0, 0, 1]);
  });
});

describe('kindKey', () => {
  const denied = { rcode: RCODE.NXDOMAIN, zone: name('x') };
  const from = { source: 'upstream' as const };
  it.each([
    ['a name in another case', {}, { name: name('WEB.X') }, true],
    ['another name', {}, { name: name('app.x') }, false],
    ['another code', {}, denied, false],
    ['names that a zone denies', denied, { ...denied, name: name('no.x') }, true],
    ['names that two zones deny', denied, { ...denied, zone: name('y') }, false],
    ['names below a wildcard', { wildcard: name('*.x') }, { wildcard: name('*.x'), name: name('q.x') }, true],
    ['errors for two names', { rcode: 5 }, { rcode: 5, name: name('no.x') }, true],
    ['errors without a name', { rcode: 1 }, { rcode: 1, name: undefined }, true],
    ['two errors', { rcode: 1 }, { rcode: 5 }, false],
    [
      'names of one domain elsewhere',
      { ...from, name: name('a.b.Example.org') },
      { ...from, name: name('example.org') },
      true,
    ],
    [
      'names of two domains elsewhere',
      { ...from, name: name('a.example.org') },
      { ...from, name: name('a.example.net') },
      false,
    ],
    ['the root and nothing', { ...from, name: name('.') }, { ...from, name: name('org') }, false],
  ])('counts %s together: %#', (_, one, other, together) => {
    expect(kindKey(kind(one)) === kindKey(kind(other))).toBe(together);
  });
});
