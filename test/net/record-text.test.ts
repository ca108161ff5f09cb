import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRecord, type StaticRecord } from '../../src/net/record-text.js';

describe('a line of a zone file', () => {
  it.each<[string, StaticRecord]>([
    ['printer.lan A 192.0.2.7', { owner: 'printer.lan', type: 'A', address: '192.0.2.7' }],
    ['Printer.LAN. 60 IN a 192.0.2.7', { owner: 'printer.lan', ttl: 60, type: 'A', address: '192.0.2.7' }],
    ['printer 0 AAAA FD00:0::7', { owner: 'printer', ttl: 0, type: 'AAAA', address: 'fd00::7' }],
    ['*.dev.example CNAME web.shop.', { owner: '*.dev.example', type: 'CNAME', target: 'web.shop' }],
    ['7.2.0.192.in-addr.arpa PTR a.lan', { owner: '7.2.0.192.in-addr.arpa', type: 'PTR', target: 'a.lan' }],
    [
      '_ldap._tcp.lan SRV 1 2 389 dc.lan',
      { owner: '_ldap._tcp.lan', type: 'SRV', priority: 1, weight: 2, port: 389, target: 'dc.lan' },
    ],
    [
      '_x._udp.lan SRV 0 0 0 .',
      { owner: '_x._udp.lan', type: 'SRV', priority: 0, weight: 0, port: 0, target: '' },
    ],
    ['t.lan TXT one "two words" ""', { owner: 't.lan', type: 'TXT', strings: ['one', 'two words', ''] }],
    ['t.lan\tTXT  "a\\"b\\\\c\\009"', { owner: 't.lan', type: 'TXT', strings: ['a"b\\c\t'] }],
    ['t.lan TXT "é"', { owner: 't.lan', type: 'TXT', strings: ['\u00c3\u00a9'] }],
  ])('%s', (line, record) => expect(parseRecord(line)).toEqual({ ok: true, record }));

  it.each<[string, string]>([
    ['', 'has the owner "", which is no domain name'],
    ['. A 192.0.2.7', 'has the owner ".", which is no domain name'],
    ['a..b A 192.0.2.7', 'has the owner "a..b", which is no domain name'],
    ['* A 192.0.2.7', 'has the owner "*", which is no domain name'],
    ['a.*.b A 192.0.2.7', 'has the owner "a.*.b", which is no domain name'],
    [`${'a'.repeat(64)}.b A 192.0.2.7`, `has the owner "${'a'.repeat(64)}.b", which is no domain name`],
    ['a.lan', 'is not complete: write "owner [ttl] type data", such as "printer.lan A 192.0.2.7"'],
    ['a.lan MX 10 b', 'has the type "MX"; it must be one of A, AAAA, CNAME, PTR, SRV, TXT'],
    ['a.lan 2147483648 A 192.0.2.7', 'has a TTL of 2147483648; the largest is 2147483647 seconds'],
    ['a.lan A fd00::1', 'has the data "fd00::1"; A takes one IPv4 address'],
    ['a.lan A 192.0.2.07', 'has the data "192.0.2.07"; A takes one IPv4 address'],
    ['a.lan A 192.0.2.7 192.0.2.8', 'has the data "192.0.2.7 192.0.2.8"; A takes one IPv4 address'],
    ['a.lan AAAA 192.0.2.7', 'has the data "192.0.2.7"; AAAA takes one IPv6 address'],
    ['a.lan CNAME *.b', 'has the data "*.b"; CNAME takes one name'],
    ['a.lan PTR .', 'has the data "."; PTR takes one name'],
    [
      'a.lan SRV 0 0 389',
      'has the data "0 0 389"; SRV takes "priority weight port target", such as "0 100 389 dc.example"',
    ],
    ['a.lan SRV 0 0 389 b c', 'has more than the four fields of SRV'],
    ['a.lan TXT', 'has no text'],
    ['a.lan TXT "x', 'has a quote that is not closed'],
    [`a.lan TXT ${'x'.repeat(256)}`, 'has a string of more than 255 octets; write it as several'],
  ])('%s: %s', (line, fault) => expect(parseRecord(line)).toEqual({ ok: false, fault }));

  it('gives back any text that is quoted as a zone file quotes it', () => {
    const octet = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(fc.array(octet, { maxLength: 255 }), (octets) => {
        const quoted = octets.map((each) => `\\${String(each).padStart(3, '0')}`).join('');
        const strings = [String.fromCharCode(...octets)];
        expect(parseRecord(`t.lan TXT "${quoted}"`)).toMatchObject({ ok: true, record: { strings } });
      }),
    );
  });

  it('is read or refused, whatever it is', () => {
    const word = fc.oneof(
      fc.string(),
      fc.constantFrom('A', 'SRV', 'TXT', 'IN', '60', '"', '\\', 'a.lan', '.'),
    );
    fc.assert(
      fc.property(fc.array(word), (words) => {
        const result = parseRecord(words.join(' '));
        expect(result.ok || result.fault !== '').toBe(true);
      }),
    );
  });
});
