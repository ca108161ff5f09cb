import { describe, expect, it } from 'vitest';
import type { Facts } from '../../../src/catalog/facts.js';
import type { TYPE } from '../../../src/wire/constants.js';
import { ref, taskFact } from '../../support/facts.js';
import { answerTo, zoneOf } from './support.js';

const member = '10.5.0.1';
const stranger = '192.0.2.1';
const PTR_ZERO = '0.'.repeat(30);

const network = (name: string, subnets: readonly string[]) => ({
  id: name,
  name,
  driver: 'bridge',
  internal: false,
  subnets,
  gateways: [],
});

const facts: Facts = {
  tasks: [
    taskFact('w', { name: 'web_1', service: ref('web.test'), ip: member, network: 'front' }),
    taskFact('s', { name: 'six_1', service: ref('test.test'), ip: 'fd00::7:1', network: 'front' }),
    // In no network that is known.
    taskFact('f', { name: 'far', ip: '10.77.3.4' }),
    taskFact('p', { name: 'public', ip: '203.0.114.9' }),
  ],
  services: [{ ...ref('web.local'), kind: 'external', externalIps: ['192.0.2.60'] }],
  networks: [
    network('front', ['10.5.0.0/24', 'fd00::7:0/112']),
    network('wide', ['172.16.0.0/12', '203.0.115.0/24']),
  ],
};

const { zone } = zoneOf(facts);

function ask(name: string, type: keyof typeof TYPE, from = stranger, of = zone): string {
  return answerTo(of, name, type, from);
}

describe('names that mean nothing on the Internet', () => {
  it.each<[string, keyof typeof TYPE, string]>([
    ['localhost', 'A', '127.0.0.1'],
    ['x.localhost', 'AAAA', '::1'],
    ['localhost', 'TXT', 'NODATA localhost'],
    ['1.0.0.127.in-addr.arpa', 'PTR', 'PTR localhost.'],
    [`1.0.${PTR_ZERO}ip6.arpa`, 'PTR', 'PTR localhost.'],
    ['2.0.0.127.in-addr.arpa', 'PTR', 'NXDOMAIN 127.in-addr.arpa'],
    [`0.0.${PTR_ZERO}ip6.arpa`, 'PTR', `NODATA 0.0.${PTR_ZERO}ip6.arpa`],
    ['x.invalid', 'A', 'NXDOMAIN invalid'],
    ['test', 'A', 'NODATA test'],
    ['printer.local', 'A', 'NXDOMAIN local'],
    ['x.onion', 'A', 'NXDOMAIN onion'],
    ['x.alt', 'A', 'NXDOMAIN alt'],
    ['other.internal', 'A', 'NXDOMAIN internal'],
    ['internal', 'A', 'NODATA internal'],
    ['home.arpa', 'A', 'NODATA home.arpa'],
    ['home.arpa', 'NS', 'NS ns.rancher.internal.'],
    // The proof that the zone is not signed is the parent's.
    ['home.arpa', 'DS', 'forward'],
    ['x.home.arpa', 'DS', 'NXDOMAIN home.arpa'],
    ['_dns.resolver.arpa', 'SVCB', 'NXDOMAIN resolver.arpa'],
    ['use-application-dns.net', 'A', 'NXDOMAIN use-application-dns.net'],
    ['ipv4only.arpa', 'A', 'forward'],
    ['home\\.arpa', 'A', 'NXDOMAIN .'],
  ])('%s %s: %s', (name, type, expected) => expect(ask(name, type)).toBe(expected));

  it.each([
    ['web.test', member, member],
    ['web.test', stranger, 'NXDOMAIN test'],
    ['web.local', member, '192.0.2.60'],
    ['test', member, 'NODATA .'],
  ])('a service may have: %s from %s: %s', (name, from, expected) =>
    expect(ask(name, 'A', from)).toBe(expected),
  );
});

describe('reverse names', () => {
  it.each<[string, keyof typeof TYPE, string]>([
    ['1.0.5.10.in-addr.arpa', 'PTR', 'PTR web_1.rancher.internal.'],
    ['1.0.5.10.in-addr.arpa', 'A', 'NODATA 0.5.10.in-addr.arpa'],
    ['9.0.5.10.in-addr.arpa', 'PTR', 'NXDOMAIN 0.5.10.in-addr.arpa'],
    ['x.1.0.5.10.in-addr.arpa', 'PTR', 'NXDOMAIN 0.5.10.in-addr.arpa'],
    ['4.3.77.10.in-addr.arpa', 'PTR', 'PTR far.rancher.internal.'],
    ['4.3.77.10.in-addr.arpa', 'A', 'NODATA 10.in-addr.arpa'],
    ['9.9.9.10.in-addr.arpa', 'PTR', 'NXDOMAIN 10.in-addr.arpa'],
    ['x.10.in-addr.arpa', 'PTR', 'NXDOMAIN 10.in-addr.arpa'],
    ['1.32.172.in-addr.arpa', 'PTR', 'forward'],
    ['9.114.0.203.in-addr.arpa', 'PTR', 'PTR public.rancher.internal.'],
    ['10.114.0.203.in-addr.arpa', 'PTR', 'forward'],
    ['9.115.0.203.in-addr.arpa', 'PTR', 'NXDOMAIN 115.0.203.in-addr.arpa'],
    ['1.1.63.100.in-addr.arpa', 'PTR', 'forward'],
    ['1.1.64.100.in-addr.arpa', 'PTR', 'NXDOMAIN 64.100.in-addr.arpa'],
    ['8.8.8.8.in-addr.arpa', 'PTR', 'forward'],
    ['999.0.0.10.in-addr.arpa', 'PTR', 'NXDOMAIN 10.in-addr.arpa'],
  ])('%s %s: %s', (name, type, expected) => expect(ask(name, type)).toBe(expected));

  it.each<[string, keyof typeof TYPE, string]>([
    ['0.5.10.in-addr.arpa', 'NS', 'NS ns.rancher.internal.'],
    ['0.5.10.in-addr.arpa', 'PTR', 'NODATA 0.5.10.in-addr.arpa'],
    ['5.10.in-addr.arpa', 'PTR', 'NODATA 10.in-addr.arpa'],
    ['10.in-addr.arpa', 'NS', 'NS ns.rancher.internal.'],
    ['3.77.10.in-addr.arpa', 'PTR', 'NODATA 10.in-addr.arpa'],
    ['77.10.in-addr.arpa', 'PTR', 'NODATA 10.in-addr.arpa'],
    ['78.10.in-addr.arpa', 'PTR', 'NXDOMAIN 10.in-addr.arpa'],
    ['114.0.203.in-addr.arpa', 'PTR', 'forward'],
    ['0.203.in-addr.arpa', 'PTR', 'forward'],
    ['d.f.ip6.arpa', 'PTR', 'NODATA d.f.ip6.arpa'],
    ['0.0.d.f.ip6.arpa', 'PTR', 'NODATA d.f.ip6.arpa'],
    ['1.0.d.f.ip6.arpa', 'PTR', 'NXDOMAIN d.f.ip6.arpa'],
    [`${'0.'.repeat(14)}d.f.ip6.arpa`, 'PTR', `NODATA ${'0.'.repeat(12)}0.0.d.f.ip6.arpa`],
    [`7.0.0.0.${'0.'.repeat(22)}d.f.ip6.arpa`, 'PTR', `NODATA ${'0.'.repeat(14)}d.f.ip6.arpa`],
    [`8.7.0.0.0.${'0.'.repeat(22)}d.f.ip6.arpa`, 'PTR', `NXDOMAIN ${'0.'.repeat(14)}d.f.ip6.arpa`],
  ])('of a part of an address exist if something is below: %s %s: %s', (name, type, expected) =>
    expect(ask(name, type)).toBe(expected),
  );
});

describe('an upstream for a zone opens it', () => {
  const { zone: open } = zoneOf(facts, {
    forwardSuffixes: ['home.arpa', 'corp.internal', 'rancher.internal', '10.in-addr.arpa', 'box', 'test'],
  });
  it.each<[string, string, string]>([
    ['nas.home.arpa', stranger, 'forward'],
    ['home.arpa', stranger, 'forward'],
    ['x.corp.internal', stranger, 'forward'],
    ['x.other.internal', stranger, 'NXDOMAIN internal'],
    ['nobody.rancher.internal', stranger, 'NXDOMAIN rancher.internal'],
    ['9.9.9.10.in-addr.arpa', stranger, 'forward'],
    ['9.0.5.10.in-addr.arpa', stranger, 'forward'],
    ['box', stranger, 'forward'],
    ['printer', stranger, 'NXDOMAIN .'],
    // A service comes first, the short forms of the own stack do not.
    ['web.test', member, member],
    ['tasks.test', member, 'forward'],
  ])('%s from %s: %s', (name, from, expected) => expect(ask(name, 'A', from, open)).toBe(expected));

  it('but does not affect our own names', () =>
    expect(ask('1.0.5.10.in-addr.arpa', 'PTR', stranger, open)).toBe('PTR web_1.rancher.internal.'));
});

describe('while facts are still missing', () => {
  const { zone: loading } = zoneOf(undefined);
  const notReady = 'SERVFAIL the catalog is still loading';
  it.each<[string, keyof typeof TYPE, string]>([
    ['9.9.9.10.in-addr.arpa', 'PTR', notReady],
    ['nobody', 'A', notReady],
    ['x.rancher.internal', 'A', notReady],
    ['x.invalid', 'A', 'NXDOMAIN invalid'],
    ['x.onion', 'A', 'NXDOMAIN onion'],
    ['localhost', 'MX', 'NODATA localhost'],
    ['localhost', 'A', '127.0.0.1'],
    ['rancher.internal', 'NS', 'NS ns.rancher.internal.'],
  ])('%s %s: %s', (name, type, expected) => expect(ask(name, type, stranger, loading)).toBe(expected));
});
