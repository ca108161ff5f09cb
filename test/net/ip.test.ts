import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalIp,
  formatHostPort,
  ipBytes,
  ipFromBytes,
  ipFromReverseLabels,
  isLinkLocal,
  parseCidr,
  parseHostPort,
  reverseLabels,
} from '../../src/net/ip.js';
import { labelFault, nameFault } from '../../src/net/dns-labels.js';

describe('canonicalIp', () => {
  it.each([
    ['10.42.0.7', '10.42.0.7'],
    ['::FFFF:10.0.0.1', '10.0.0.1'],
    ['FD00:0:0::1', 'fd00::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['010.0.0.1', undefined],
    ['0x7f.1', undefined],
    ['10.1', undefined],
    ['2130706433', undefined],
    ['256.0.0.1', undefined],
    ['fd00:::1', undefined],
    ['', undefined],
  ])('%s is %s', (text, expected) => expect(canonicalIp(text)).toBe(expected));

  it('round-trips with bytes and reverse names', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const ip = canonicalIp(text);
        if (ip === undefined) return;
        expect(ipFromBytes(ipBytes(ip))).toBe(ip);
        expect(ipFromReverseLabels(reverseLabels(ip))).toBe(ip);
      }),
    );
  });
});

describe('reverse names', () => {
  it.each([
    [['7', '0', '42', '10', 'in-addr', 'arpa'], '10.42.0.7'],
    [['0', '42', '10', 'in-addr', 'arpa'], undefined],
    [['07', '0', '42', '10', 'in-addr', 'arpa'], undefined],
    [['1', 'ip6', 'arpa'], undefined],
    [['arpa'], undefined],
    [[], undefined],
  ])('%j', (labels, expected) => expect(ipFromReverseLabels(labels)).toBe(expected));
});

describe('parseHostPort', () => {
  it.each([
    ['169.254.169.250', { ip: '169.254.169.250', port: 53 }],
    ['127.0.0.1:5353', { ip: '127.0.0.1', port: 5353 }],
    ['[::1]:5353', { ip: '::1', port: 5353 }],
    ['::1', { ip: '::1', port: 53 }],
    ['127.0.0.1:99999', undefined],
    ['localhost:53', undefined],
    ['[127.0.0.1]:53', undefined],
    [':53', undefined],
  ])('%s', (text, expected) => {
    const parsed = parseHostPort(text, 53);
    expect(parsed).toEqual(expected);
    if (parsed) expect(parseHostPort(formatHostPort(parsed), 1)).toEqual(parsed);
  });
});

describe('parseCidr', () => {
  it.each([
    ['10.0.0.0/8', '10.255.0.1', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['10.0.0.7', '10.0.0.7', true],
    ['fd00::/8', 'fd12::1', true],
    ['fd00::/8', '10.0.0.1', false],
  ])('%s holds %s: %s', (range, ip, expected) => expect(parseCidr(range)?.contains(ip)).toBe(expected));
  it.each(['10.0.0.0/33', '10.0.0.0/', 'x/8', '10.0.0.0/-1'])('%s is not a CIDR', (text) =>
    expect(parseCidr(text)).toBeUndefined(),
  );
});

it('recognizes link-local addresses', () => {
  expect([isLinkLocal('169.254.169.250'), isLinkLocal('fe80::1'), isLinkLocal('127.0.0.1')]).toEqual([
    true,
    true,
    false,
  ]);
});

describe('labels', () => {
  it.each([
    ['web', undefined],
    ['Shop_Web-1', undefined],
    ['', 'is empty'],
    ['a'.repeat(64), 'is longer than 63 bytes'],
    ['a.b', 'has a character other than a-z, 0-9, "-" and "_"'],
    ['straße', 'has a character other than a-z, 0-9, "-" and "_"'],
    ['-a', 'begins or ends with "-"'],
    ['_tcp', 'begins with "_", which is kept for SRV names'],
  ])('%s', (label, fault) => expect(labelFault(label)).toBe(fault));

  it('make names of 253 bytes at most', () => {
    expect(nameFault('web.1.abc')).toBeUndefined();
    expect(nameFault(`a..b`)).toContain('is empty');
    expect(nameFault(Array(5).fill('a'.repeat(60)).join('.'))).toBe('is longer than 253 bytes');
  });
});
