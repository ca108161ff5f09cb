import { describe, expect, it } from 'vitest';
import { formatUpstream, parseUpstream } from '../../src/net/upstream.js';

describe('a DNS server as text', () => {
  it.each([
    ['192.0.2.53', { ip: '192.0.2.53', port: 53 }, '192.0.2.53:53'],
    ['192.0.2.53:5353', { ip: '192.0.2.53', port: 5353 }, '192.0.2.53:5353'],
    ['2001:DB8::1', { ip: '2001:db8::1', port: 53 }, '[2001:db8::1]:53'],
    ['[2001:db8::1]:5353', { ip: '2001:db8::1', port: 5353 }, '[2001:db8::1]:5353'],
    ['tls://192.0.2.53', { ip: '192.0.2.53', port: 853, tls: {} }, 'tls://192.0.2.53:853'],
    [
      'TLS://[2001:db8::1]:8853#DNS.Example',
      { ip: '2001:db8::1', port: 8853, tls: { name: 'dns.example' } },
      'tls://[2001:db8::1]:8853#dns.example',
    ],
  ])('%s', (text, upstream, formatted) => {
    expect(parseUpstream(text)).toEqual(upstream);
    expect(formatUpstream(upstream)).toBe(formatted);
    expect(parseUpstream(formatted)).toEqual(upstream);
  });

  it.each([
    '',
    'dns.example',
    'tls://',
    'tls://dns.example',
    'tls://192.0.2.53#',
    'tls://192.0.2.53#a b',
    '192.0.2.53#dns.example',
    'https://192.0.2.53',
    '192.0.2.53:99999',
    '192.0.2.53:0',
    'tls://192.0.2.53:0',
    '192.0.2',
  ])('is not "%s"', (text) => {
    expect(parseUpstream(text)).toBeUndefined();
  });
});
