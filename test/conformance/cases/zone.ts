import { TYPE } from '../../../src/wire/constants.js';
import type { ConformanceCase } from '../model.js';
import { query } from '../packets.js';
import * as note from './discussion.js';
import { all, but, resolversOnly } from './discussion.js';
import { nodata, noerror, nxdomain, records, servfail, soaOf, tcp, udp, WEB, webRecords } from './build.js';

const A = TYPE.A;
const toWeb = records('alias.stack', 'CNAME web.stack.rancher.internal.');
const toOutside = records('ext.stack', 'CNAME outside.example.');
const toMissing = records('ext-missing.stack', 'CNAME missing.example.');
const outside = 'outside.example. * IN A 192.0.2.80';
const exampleSoa = 'example. * IN SOA ns.example. hostmaster.example. 1 3600 600 86400 5';

/** Zone semantics: items 48-58. */
export const zoneCases: readonly ConformanceCase[] = [
  udp(48, 'NODATA', query('web.stack', TYPE.AAAA), nodata()),
  udp(48, 'NODATA of a name with AAAA only', query('v6.stack', A), nodata()),
  udp(48, 'a service without a task', query('quiet.stack', A), nodata()),
  udp(48, 'NXDOMAIN', query('nobody.stack', A), nxdomain()),
  udp(48, 'a name whose search list was put behind it', query('github.com.stack', A), nxdomain()),
  udp(
    48,
    'the TTL of a denial is the lesser of SOA TTL and MINIMUM',
    query('nobody', A),
    nxdomain({ authority: [soaOf('rancher.internal', 5)] }),
    { server: 'closed' },
  ),
  udp(48, 'AAAA', query('v6.stack', TYPE.AAAA), noerror(records('v6.stack', 'AAAA fd00::6'))),
  udp(49, 'an empty non-terminal of three labels', query('a.b.c', A), nodata()),
  udp(49, 'an empty non-terminal of two labels', query('b.c', A), nodata()),
  udp(49, 'an empty non-terminal of one label', query('c', A), nodata()),
  udp(49, 'a name beside an empty non-terminal', query('x.b.c', A), nxdomain()),
  udp(
    49,
    'what the empty non-terminals lead to',
    query('deep.a.b.c', A),
    noerror(records('deep.a.b.c', 'A 10.42.0.50')),
  ),
  udp(49, 'a stack', query('stack', A), nodata()),
  udp(49, '_tcp above an SRV owner', query('_tcp.web.stack', TYPE.SRV), nodata()),
  udp(49, 'a port that no service has', query('_nope._tcp.web.stack', TYPE.SRV), nxdomain()),
  udp(50, 'A of the domain', query('', A), nodata()),
  udp(50, 'SOA of the domain', query('', TYPE.SOA), noerror([soaOf('rancher.internal', 1)])),
  udp(
    50,
    'NS of the domain',
    query('', TYPE.NS),
    noerror(records('', 'NS ns.rancher.internal.'), { additional: records('ns', 'A 127.0.0.1') }),
  ),
  udp(50, 'DS of the domain', query('', TYPE.DS), nodata(), but(all(note.DS_AT_PARENT, 'named', 'unbound'))),
  udp(51, 'a wildcard', query('foo.wild.stack', A), noerror(records('foo.wild.stack', 'A 10.42.0.90')), {}),
  udp(
    51,
    'a wildcard over two labels',
    query('x.y.wild.stack', A),
    noerror(records('x.y.wild.stack', 'A 10.42.0.90')),
  ),
  udp(51, 'another type of a wildcard', query('foo.wild.stack', TYPE.AAAA), nodata(), {}),
  udp(51, 'a name that is there blocks the wildcard', query('sub.wild.stack', A), nodata(), {}),
  udp(51, 'below a name that is there', query('x.sub.wild.stack', A), nxdomain(), {}),
  udp(51, 'an empty non-terminal blocks the wildcard', query('ent.wild.stack', A), nodata(), {}),
  udp(51, 'below an empty non-terminal', query('y.ent.wild.stack', A), nxdomain(), {
    differs: {
      unbound:
        'Synthesises from the wildcard. The closest encloser is the empty non-terminal, which has none (RFC 4592 section 3.3.1).',
    },
  }),
  udp(
    51,
    'the asterisk itself',
    query('*.wild.stack', A),
    noerror(records('*.wild.stack', 'A 10.42.0.90')),
    {},
  ),
  udp(51, 'TXT', query('text.stack', TYPE.TXT), noerror(records('text.stack', 'TXT "one" "two"')), {}),
  udp(52, 'a CNAME first, then its addresses', query('alias.stack', A), noerror([...toWeb, ...webRecords()])),
  udp(
    52,
    'a chain of two',
    query('chain.stack', A),
    noerror([...records('chain.stack', 'CNAME alias.stack.rancher.internal.'), ...toWeb, ...webRecords()]),
  ),
  udp(52, 'the CNAME itself', query('alias.stack', TYPE.CNAME), noerror(toWeb)),
  udp(
    52,
    'a CNAME to a name without the type',
    query('alias.stack', TYPE.AAAA),
    nodata({ answer: toWeb }),
    but({ unbound: 'The CNAME without the SOA, so that nobody may keep it (RFC 2308 section 2.2).' }),
  ),
  udp(
    52,
    'a CNAME to no name',
    query('dangling.stack', A),
    nxdomain({ answer: records('dangling.stack', 'CNAME nobody.stack.rancher.internal.') }),
    but({ unbound: 'NOERROR with the CNAME alone. The code is that of the last name (RFC 6604 section 3).' }),
  ),
  udp(53, 'a CNAME that leads outside', query('ext.stack', A), noerror([...toOutside, outside]), {
    ...resolversOnly,
    ...but({ unbound: note.NO_CHASE }),
  }),
  udp(
    53,
    'a CNAME that leads outside, RD clear',
    query('ext.stack', A, { flags: '' }),
    noerror(toOutside, { flags: 'AA RA' }),
    but({
      named:
        'Follows the CNAME from its cache, which the row before filled. Without RD nobody asked for that.',
      unbound: note.NO_RA,
    }),
  ),
  udp(
    53,
    'a CNAME that leads outside to no name',
    query('ext-missing.stack', A),
    nxdomain({ answer: toMissing.map(anyTtl), authority: [exampleSoa] }),
    { ...resolversOnly, ...but({ unbound: note.NO_CHASE }) },
  ),
  udp(53, 'a CNAME that leads outside, where all fails', query('ext-broken.stack', A), servfail(), {
    ...resolversOnly,
    ...but({ unbound: note.NO_CHASE }),
  }),
  udp(
    54,
    'a loop of CNAMEs',
    query('loopa.stack', A),
    servfail({ flags: 'AA RD RA' }),
    but({
      named: 'SERVFAIL with the CNAMEs, which help nobody.',
      ...all(note.LOOP_NOERROR, 'knot', 'unbound'),
    }),
  ),
  udp(54, 'a loop of CNAMEs through upstream', query('ext-loop.stack', A), servfail(), {
    ...resolversOnly,
    ...but({
      named: 'SERVFAIL with AA and the CNAMEs. AA would speak for data, and there is none.',
      unbound: note.NO_CHASE,
    }),
  }),
  udp(
    56,
    'SRV with the addresses of its targets',
    query('_http._tcp.web.stack', TYPE.SRV),
    noerror(
      records('_http._tcp.web.stack', ...WEB.map((_, i) => `SRV 0 256 80 web-${i + 1}.rancher.internal.`)),
      { additional: WEB.flatMap((address, i) => records(`web-${i + 1}`, `A ${address}`)) },
    ),
  ),
  udp(
    56,
    'SRV by port number',
    query('_80._tcp.web.stack', TYPE.SRV),
    noerror(
      records('_80._tcp.web.stack', ...WEB.map((_, i) => `SRV 0 256 80 web-${i + 1}.rancher.internal.`)),
      { additional: WEB.flatMap((address, i) => records(`web-${i + 1}`, `A ${address}`)) },
    ),
  ),
  udp(56, 'A of an SRV owner', query('_http._tcp.web.stack', A), nodata()),
  udp(
    56,
    'SRV that says "not here"',
    query('_null._tcp.stack', TYPE.SRV),
    noerror(records('_null._tcp.stack', 'SRV 0 0 0 .')),
    {},
  ),
  udp(
    57,
    'ANY',
    query('web.stack', TYPE.ANY),
    noerror(records('web.stack', 'HINFO "RFC8482" ""')),
    but(all(note.ONE_RRSET, 'named', 'knot', 'unbound')),
  ),
  tcp(
    57,
    'ANY over TCP',
    [
      {
        packet: query('web.stack', TYPE.ANY),
        expect: noerror(records('web.stack', 'HINFO "RFC8482" ""')),
      },
    ],
    but(all(note.ONE_RRSET, 'named', 'knot', 'unbound')),
  ),
  udp(57, 'ANY of no name', query('nobody', TYPE.ANY), nxdomain()),
  udp(58, 'nothing beside an answer', query('web.stack', A), noerror(webRecords(), { size: 92 })),
];

function anyTtl(line: string): string {
  return line.replace(/ \d+ IN /, ' * IN ');
}
