import { describe, expect, it } from 'vitest';
import { ipBytes } from '../../src/net/ip.js';
import { cookieAge, cookieTime, isCookieHash, isCookieLength, makeCookie } from '../../src/wire/cookie.js';
import { hex, unhex } from './helpers.js';

const SECRET = unhex('e5e973e5a6b2a43f48e7dc849e37bfcf');
const OLD_SECRET = unhex('dd3bdf9344b678b185a6f5cb60fca715');
const NEW_SECRET = unhex('445536bcd2513298075a5d379663c962');
const V6 = '2001:db8:220:1:59de:d0f4:8769:82b8';

describe('the examples of RFC 9018 appendix A', () => {
  it.each([
    [
      'A.1, a new cookie',
      SECRET,
      '198.51.100.100',
      0x5cf79f11,
      '2464c4abcf10c957010000005cf79f111f8130c3eee29480',
    ],
    [
      'A.2, a renewed one',
      SECRET,
      '198.51.100.100',
      0x5cf7a871,
      '2464c4abcf10c957010000005cf7a871d4a564a1442aca77',
    ],
    ['A.4, IPv6', NEW_SECRET, V6, 0x5cf7c609, '22681ab97d52c298010000005cf7c609a6bb79d16625507a'],
  ])('%s', (_, secret, client, seconds, cookie) => {
    const made = makeCookie(secret, unhex(cookie.slice(0, 16)), seconds, ipBytes(client));
    expect(hex(made)).toBe(cookie);
    expect(isCookieHash(secret, made, ipBytes(client))).toBe(true);
  });

  it.each([
    [
      'A.3, with reserved octets',
      SECRET,
      '203.0.113.203',
      'fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5',
    ],
    ['A.4, of the secret before', OLD_SECRET, V6, '22681ab97d52c298010000005cf7c57926556bd0934c72f8'],
  ])('%s is ours', (_, secret, client, cookie) => {
    expect(isCookieHash(secret, unhex(cookie), ipBytes(client))).toBe(true);
    expect(isCookieHash(secret, unhex(cookie), ipBytes('203.0.113.204'))).toBe(false);
    expect(
      isCookieHash(
        SECRET.map((octet) => octet ^ 1),
        unhex(cookie),
        ipBytes(client),
      ),
    ).toBe(false);
  });
});

describe('a cookie', () => {
  it('may have 8 octets, or 16 to 40', () => {
    const allowed = Array.from({ length: 60 }, (_, length) => length).filter(isCookieLength);
    expect(allowed).toEqual([8, ...Array.from({ length: 25 }, (_, i) => i + 16)]);
  });

  it.each([
    ['another version', '0102030405060708020000005cf79f111f8130c3eee29480', undefined],
    ['another length', '0102030405060708010000005cf79f111f8130c3eee294', undefined],
    ['our kind', '0102030405060708010000005cf79f111f8130c3eee29480', 0x5cf79f11],
  ])('of %s has the time %#', (_, cookie, time) => {
    expect(cookieTime(unhex(cookie))).toBe(time);
  });

  it.each([
    [0, 'fresh'],
    [1800, 'fresh'],
    [1801, 'renew'],
    [3600, 'renew'],
    [3601, 'expired'],
    [-300, 'fresh'],
    [-301, 'expired'],
  ])('that is %i seconds old is %s, even across the end of 32 bits', (age, expected) => {
    expect(cookieAge(1_800_000_000 - age, 1_800_000_000)).toBe(expected);
    const late = 2 ** 32 + 100;
    expect(cookieAge((late - age) >>> 0, late >>> 0)).toBe(expected);
  });
});
