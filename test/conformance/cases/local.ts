import { TYPE } from '../../../src/wire/constants.js';
import { SUBNET } from '../golden/fixture.js';
import type { ConformanceCase, ReferenceName } from '../model.js';
import { query } from '../packets.js';
import { nodata, noerror, nxdomain, servfail, soaOf, udp, webRecords } from './build.js';
import * as note from './discussion.js';
import { all, but, resolversOnly } from './discussion.js';

const A = TYPE.A;
const reverseSoa = soaOf(SUBNET.reverse, 1);
const outside = 'outside.example. * IN A 192.0.2.80';

const special = (item: number, name: string, type: number, answer: readonly string[]): ConformanceCase =>
  udp(item, `${name} ${type === A ? 'A' : 'AAAA'}`, query(`${name}.`, type), noerror(answer), {
    ...resolversOnly,
    ...but({ named: note.ASKS_UPSTREAM }),
  });

/** Denied here, with whichever SOA, and never asked upstream: it would answer there. */
const denied = (
  item: number,
  name: string,
  owner: string,
  type: number,
  rest: Pick<ConformanceCase, 'unasked' | 'differs'> = {},
): ConformanceCase =>
  udp(item, `${name} is denied`, query(`${name}.`, type), nxdomain({ authority: [anySoa(owner)] }), {
    ...resolversOnly,
    ...rest,
  });

const upstreamAt = (...names: readonly ReferenceName[]) => but(all(note.ASKS_UPSTREAM, ...names));

/** RFC 6303. */
const localReverse = {
  unasked: { ...resolversOnly.unasked, named: 'it makes no empty zones when it forwards everything' },
} as const;

/** Reverse names, special names, what is ours alone, and what is not known yet: items 59-62. */
export const localCases: readonly ConformanceCase[] = [
  udp(
    59,
    'PTR',
    query('11.0.42.10.in-addr.arpa.', TYPE.PTR),
    noerror(['11.0.42.10.in-addr.arpa. 1 IN PTR web-1.rancher.internal.']),
  ),
  udp(
    59,
    'SOA of the reverse zone of a network',
    query('0.42.10.in-addr.arpa.', TYPE.SOA),
    noerror([reverseSoa]),
  ),
  udp(
    59,
    'PTR of an address that nobody has',
    query('200.0.42.10.in-addr.arpa.', TYPE.PTR),
    nxdomain({ authority: [reverseSoa] }),
  ),
  udp(59, 'A of a reverse name', query('11.0.42.10.in-addr.arpa.', A), nodata({ authority: [reverseSoa] })),
  ...(
    [
      ['7.7.7.10.in-addr.arpa', '10.in-addr.arpa'],
      ['1.1.16.172.in-addr.arpa', '16.172.in-addr.arpa'],
      ['1.1.31.172.in-addr.arpa', '31.172.in-addr.arpa'],
      ['1.1.168.192.in-addr.arpa', '168.192.in-addr.arpa'],
      ['1.1.254.169.in-addr.arpa', '254.169.in-addr.arpa'],
      ['9.0.0.127.in-addr.arpa', '127.in-addr.arpa'],
      ['1.2.3.0.in-addr.arpa', '0.in-addr.arpa'],
      ['1.2.0.192.in-addr.arpa', '2.0.192.in-addr.arpa'],
      ['1.100.51.198.in-addr.arpa', '100.51.198.in-addr.arpa'],
      ['1.113.0.203.in-addr.arpa', '113.0.203.in-addr.arpa'],
      ['1.1.64.100.in-addr.arpa', '64.100.in-addr.arpa'],
      ['1.1.127.100.in-addr.arpa', '127.100.in-addr.arpa'],
      ['1.d.f.ip6.arpa', 'd.f.ip6.arpa'],
      ['1.8.e.f.ip6.arpa', '8.e.f.ip6.arpa'],
      ['1.b.e.f.ip6.arpa', 'b.e.f.ip6.arpa'],
      ['1.8.b.d.0.1.0.0.2.ip6.arpa', '8.b.d.0.1.0.0.2.ip6.arpa'],
    ] as const
  ).map(([name, owner]) => denied(59, name, owner, TYPE.PTR, localReverse)),
  udp(
    59,
    'the one address of a local zone',
    query('255.255.255.255.in-addr.arpa.', TYPE.PTR),
    nodata({ authority: [anySoa('255.255.255.255.in-addr.arpa')] }),
    localReverse,
  ),
  udp(
    59,
    'SOA of a local zone',
    query('10.in-addr.arpa.', TYPE.SOA),
    noerror(['10.in-addr.arpa. * IN SOA *']),
    localReverse,
  ),
  udp(
    59,
    'PTR of the loopback address',
    query('1.0.0.127.in-addr.arpa.', TYPE.PTR),
    noerror(['1.0.0.127.in-addr.arpa. * IN PTR localhost.']),
    localReverse,
  ),
  special(60, 'localhost', A, ['localhost. * IN A 127.0.0.1']),
  special(60, 'localhost', TYPE.AAAA, ['localhost. * IN AAAA ::1']),
  special(60, 'x.localhost', A, ['x.localhost. * IN A 127.0.0.1']),
  udp(60, 'localhost MX', query('localhost.', TYPE.MX), nodata({ authority: [anySoa('localhost')] }), {
    ...resolversOnly,
    ...upstreamAt('named'),
  }),
  ...['invalid', 'test', 'onion'].map((top) => denied(60, `x.${top}`, top, A, upstreamAt('named'))),
  ...['local', 'alt'].map((top) => denied(60, `x.${top}`, top, A, upstreamAt('named', 'unbound'))),
  denied(60, 'x.home.arpa', 'home.arpa', A, upstreamAt('named')),
  denied(60, 'x.other.internal', 'internal', A, upstreamAt('named', 'unbound')),
  denied(60, '_dns.resolver.arpa', 'resolver.arpa', TYPE.SVCB, upstreamAt('named', 'unbound')),
  denied(60, 'use-application-dns.net', 'use-application-dns.net', A, upstreamAt('named', 'unbound')),
  udp(
    60,
    'a single label is never asked upstream',
    query('printer.', A),
    {
      rcode: 'NXDOMAIN',
      authority: [anySoa('')],
    },
    { ...resolversOnly, ...upstreamAt('named', 'unbound') },
  ),
  udp(61, 'what is ours and not there is never asked upstream', query('nobody.nowhere', A), nxdomain()),
  udp(62, 'no denial while loading', query('web.stack', A), servfail(), {
    server: 'loading',
    unasked: noLoading(),
  }),
  udp(
    62,
    'no denial while loading, and why',
    query('web.stack', A, { opt: {} }),
    servfail({ opt: { ede: 14 } }),
    {
      server: 'loading',
      unasked: noLoading(),
    },
  ),
  udp(
    62,
    'no denial of a reverse name while loading',
    query('200.0.42.10.in-addr.arpa.', TYPE.PTR, { opt: {} }),
    servfail({ opt: { ede: 14 } }),
    {
      server: 'loading',
      unasked: noLoading(),
    },
  ),
  udp(
    62,
    'a denial of what can never be ours while loading',
    query('x.invalid.', A),
    nxdomain({ authority: [anySoa('invalid')] }),
    { server: 'loading', unasked: noLoading() },
  ),
  udp(62, 'the domain itself while loading', query('', TYPE.SOA), noerror([soaOf('rancher.internal', 1)]), {
    server: 'loading',
    unasked: noLoading(),
  }),
  udp(62, 'other names while loading', query('outside.example.', A), noerror([outside], { flags: 'RD RA' }), {
    server: 'loading',
    unasked: noLoading(),
  }),
  udp(62, 'the last data while the source is away', query('web.stack', A), noerror(webRecords()), {
    server: 'stale',
    unasked: noLoading(),
  }),
  udp(62, 'a denial while the source is away', query('nobody', A), nxdomain(), {
    server: 'stale',
    unasked: noLoading(),
  }),
];

/** An SOA of this zone, whatever its data. */
function anySoa(owner: string): string {
  return `${owner}. * IN SOA *`;
}

function noLoading(): NonNullable<ConformanceCase['unasked']> {
  const why = 'it has its zone from the start';
  return { named: why, knot: why, unbound: why };
}
