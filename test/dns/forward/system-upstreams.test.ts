import { describe, expect, it } from 'vitest';
import {
  isOwnAddress,
  parseNameservers,
  systemUpstreams,
} from '../../../src/dns/forward/system-upstreams.js';

describe('parseNameservers', () => {
  it.each([
    ['an empty file', '', []],
    [
      'the usual',
      'search a.b\nnameserver 10.0.0.53\nnameserver 1.1.1.1\noptions ndots:1\n',
      ['10.0.0.53', '1.1.1.1'],
    ],
    [
      'tabs, blanks and CRLF',
      '\tnameserver\t 10.0.0.1  \r\nnameserver 10.0.0.2\r\n',
      ['10.0.0.1', '10.0.0.2'],
    ],
    ['comments', '# nameserver 10.0.0.1\n; nameserver 10.0.0.2\nnameserver 10.0.0.3 # here\n', ['10.0.0.3']],
    ['no last line end', 'nameserver 10.0.0.1', ['10.0.0.1']],
    ['IPv6, in one spelling', 'nameserver 2001:DB8:0::1\nnameserver 2001:db8::1', ['2001:db8::1']],
    ['a zone', 'nameserver fe80::1%eth0', ['fe80::1%eth0']],
    ['IPv4 in IPv6', 'nameserver ::ffff:10.0.0.1', ['10.0.0.1']],
    ['doubles', 'nameserver 10.0.0.1\nnameserver 10.0.0.1', ['10.0.0.1']],
    [
      'no address',
      'nameserver\nnameserver  \nnameserver dns.example\nnameserver 010.1.1.1\nnameserver 10.1',
      [],
    ],
    ['another word', 'nameservers 10.0.0.1\nxnameserver 10.0.0.2', []],
  ])('reads %s', (_, text, servers) => {
    expect(parseNameservers(text)).toEqual(servers);
  });
});

describe('systemUpstreams', () => {
  it('never names this process, and keeps the stub of systemd-resolved', () => {
    const text = 'nameserver 169.254.169.250\nnameserver 127.0.0.53\nnameserver 10.0.0.53\n';
    expect(systemUpstreams(text, [{ ip: '169.254.169.250', port: 53 }])).toEqual([
      { ip: '127.0.0.53', port: 53 },
      { ip: '10.0.0.53', port: 53 },
    ]);
  });
});

describe('isOwnAddress', () => {
  const host = () => ['127.0.0.1', '10.0.0.5', 'fe80::1'];
  it.each([
    ['the address itself', '10.0.0.5', 53, { ip: '10.0.0.5', port: 53 }, true],
    ['another port', '10.0.0.5', 53, { ip: '10.0.0.5', port: 5353 }, false],
    ['a host address, on all', '10.0.0.5', 53, { ip: '0.0.0.0', port: 53 }, true],
    ['any loopback address, on all', '127.0.0.53', 53, { ip: '0.0.0.0', port: 53 }, true],
    ['a foreign address, on all', '10.0.0.6', 53, { ip: '0.0.0.0', port: 53 }, false],
    ['IPv4, on all of IPv6', '10.0.0.5', 53, { ip: '::', port: 53 }, false],
    ['a zoned address, on all of IPv6', 'fe80::1%eth0', 53, { ip: '::', port: 53 }, true],
  ])('%s', (_, ip, port, listen, expected) => {
    expect(isOwnAddress({ ip, port }, [listen], host)).toBe(expected);
  });
});
