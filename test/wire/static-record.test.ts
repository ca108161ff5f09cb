import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatRecord, parseRecord } from '../../src/wire/static-record.js';

describe('a line of a zone file', () => {
  it.each([
    ['printer.lan A 192.0.2.7', 'printer.lan. A 192.0.2.7'],
    ['Printer.LAN. 60 IN a 192.0.2.7', 'printer.lan. 60 A 192.0.2.7'],
    ['printer 0 AAAA FD00:0::7', 'printer. 0 AAAA fd00::7'],
    ['*.dev.example CNAME Web.shop.', '*.dev.example. CNAME web.shop.'],
    ['7.2.0.192.in-addr.arpa PTR a.lan', '7.2.0.192.in-addr.arpa. PTR a.lan.'],
    ['_ldap._tcp.lan SRV 1 2 389 dc.lan', '_ldap._tcp.lan. SRV 1 2 389 dc.lan.'],
    ['_x._udp.lan SRV 0 0 0 .', '_x._udp.lan. SRV 0 0 0 .'],
    ['lan MX 10 mail.lan', 'lan. MX 10 mail.lan.'],
    ['lan MX 0 .', 'lan. MX 0 .'],
    ['lan CAA 128 Issue "ca.example; policy=ev"', 'lan. CAA 128 issue "ca.example; policy=ev"'],
    ['lan NAPTR 100 10 s SIP+D2U "" _sip._udp.lan', 'lan. NAPTR 100 10 "s" "SIP+D2U" "" _sip._udp.lan.'],
    ['t.lan TXT one "two words" ""', 't.lan. TXT "one" "two words" ""'],
    ['t.lan\tTXT  "a\\"b\\\\c\\009"', 't.lan. TXT "a\\"b\\\\c\\009"'],
    ['t.lan TXT "é"', 't.lan. TXT "\\195\\169"'],
  ])('%s is read and written as %s', (line, written) => {
    const result = parseRecord(line);
    if (!result.ok) throw new Error(result.fault);
    expect(formatRecord(result.record)).toBe(written);
    expect(parseRecord(written)).toEqual(result);
  });

  it.each<[string, string]>([
    ['', 'has the owner "", which is not a valid domain name'],
    ['. A 192.0.2.7', 'has the owner ".", which is not a valid domain name'],
    ['a..b A 192.0.2.7', 'has the owner "a..b", which is not a valid domain name'],
    ['* A 192.0.2.7', 'has the owner "*", which is not a valid domain name'],
    ['a.*.b A 192.0.2.7', 'has the owner "a.*.b", which is not a valid domain name'],
    [
      `${'a'.repeat(64)}.b A 192.0.2.7`,
      `has the owner "${'a'.repeat(64)}.b", which is not a valid domain name`,
    ],
    ['a.lan', 'is not complete: write "owner [ttl] type data", such as "printer.lan A 192.0.2.7"'],
    ['a.lan SOA x', 'has the type "SOA"; it must be one of A, AAAA, CAA, CNAME, MX, NAPTR, PTR, SRV, TXT'],
    ['a.lan TYPE1 192.0.2.7', expect.stringContaining('has the type "TYPE1"') as string],
    ['a.lan MX ten b', 'has the data "ten b"; MX takes "preference exchange", such as "10 mail.example"'],
    ['a.lan MX 65536 b', expect.stringContaining('MX takes "preference exchange"') as string],
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
    [`a.lan TXT ${'x'.repeat(256)}`, 'has a string of more than 255 bytes; write it as several'],
  ])('%s: %s', (line, fault) => expect(parseRecord(line)).toEqual({ ok: false, fault }));

  it('returns any text that is quoted as in a zone file', () => {
    const octet = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(fc.array(octet, { maxLength: 255 }), (octets) => {
        const quoted = octets.map((each) => `\\${String(each).padStart(3, '0')}`).join('');
        const strings = [Uint8Array.from(octets)];
        expect(parseRecord(`t.lan TXT "${quoted}"`)).toMatchObject({
          ok: true,
          record: { rdata: { kind: 'txt', strings } },
        });
      }),
    );
  });

  it('is read or refused, whatever it contains', () => {
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
