import { CLASS, TYPE } from '../../../src/wire/constants.js';
import type { ConformanceCase } from '../model.js';
import { query } from '../packets.js';
import { formerr, nodata, noerror, nxdomain, refused, tcp, udp, webRecords } from './build.js';
import * as note from './discussion.js';
import { all, but } from './discussion.js';

const web = (options: Parameters<typeof query>[2] = {}) => query('web.stack', TYPE.A, options);
const answered = noerror(webRecords());

const BAD_CLASS = 'FORMERR. REFUSED says that the question was understood and is not served.';

const types: readonly (readonly [string, number])[] = [
  ['TXT', TYPE.TXT],
  ['MX', TYPE.MX],
  ['NS', TYPE.NS],
  ['SOA', TYPE.SOA],
  ['DS', TYPE.DS],
  ['RRSIG', TYPE.RRSIG],
  ['SVCB', TYPE.SVCB],
  ['HTTPS', TYPE.HTTPS],
  ['TYPE65280', 65280],
];

const QTYPE_AS_DATA =
  'NODATA, as for any type that the name has no data of. These are no types of data, and named and unbound say so.';
const TRANSFER_NOTAUTH = 'NOTAUTH. The zone is ours; what is refused is to hand it out.';

/** What flags, class and type of a well-formed query mean: items 13-18. */
export const questionCases: readonly ConformanceCase[] = [
  udp(13, 'AA in a query', web({ flags: 'RD AA' }), answered),
  udp(
    13,
    'TC in a query',
    web({ flags: 'RD TC' }),
    answered,
    but({ unbound: 'FORMERR. RFC 8906 section 3.1.3 asks for an answer.' }),
  ),
  udp(13, 'RA in a query', web({ flags: 'RD RA' }), answered),
  udp(13, 'Z in a query', web({ bits: 0x40 }), answered),
  udp(13, 'RCODE 3 in a query', web({ bits: 3 }), answered),
  udp(13, 'AD in a query', web({ flags: 'RD AD' }), answered),
  udp(
    13,
    'CD in a query',
    web({ flags: 'RD CD' }),
    noerror(webRecords(), { flags: 'AA RD RA CD' }),
    but({ knot: 'CD clear. A resolver copies it (RFC 4035 section 3.2.2); knot is none.' }),
  ),
  udp(14, 'RD', web(), answered),
  udp(
    14,
    'no RD',
    web({ flags: '' }),
    noerror(webRecords(), { flags: 'AA RA' }),
    but({ unbound: note.NO_RA }),
  ),
  udp(
    14,
    'no RD, no such name',
    query('nobody', TYPE.A, { flags: '' }),
    nxdomain({ flags: 'AA RA' }),
    but({ unbound: note.NO_RA }),
  ),
  udp(15, 'not ours, no recursion for this client', query('outside.example.', TYPE.A), refused(), {
    server: 'closed',
    ...but({
      unbound: 'REFUSED as a bare header. The question could be read, and some stubs match replies by it.',
    }),
  }),
  udp(
    15,
    'not ours, no recursion for this client, EDNS',
    query('outside.example.', TYPE.A, { opt: {} }),
    refused({ opt: { ede: 20 } }),
    {
      server: 'closed',
      ...but({
        named: note.NO_EDE,
        unbound: 'FORMERR as a bare header: a fault of unbound 1.17 where it refuses a client.',
      }),
    },
  ),
  ...(
    [
      ['not ours, RD clear', false],
      ['not ours, RD clear, EDNS', true],
    ] as const
  ).map(([name, edns]) =>
    udp(
      16,
      name,
      query('outside.example.', TYPE.A, { flags: '', ...(edns && { opt: {} }) }),
      refused({ flags: 'RA', ...(edns && { opt: { ede: 20 } }) }),
      but({
        named: 'A referral to the root. It is no help to a stub, and larger than the question.',
      }),
    ),
  ),
  ...(
    [
      ['0', 0, { named: BAD_CLASS }],
      ['CH', CLASS.CH, { named: note.NO_RA }],
      ['HS', CLASS.HS, { named: note.NO_RA }],
      ['NONE', CLASS.NONE, { named: BAD_CLASS }],
      [
        'ANY',
        CLASS.ANY,
        {
          named: BAD_CLASS,
          knot: 'Answers as for IN. There is one class here, and nobody asks for all of them.',
          unbound: 'Asks upstream, past the zone of that name: what is ours would leave.',
        },
      ],
    ] as const
  ).map(([name, klass, differs]) => udp(17, `class ${name}`, web({ class: klass }), refused(), but(differs))),
  ...['version.bind.', 'hostname.bind.', 'id.server.'].map((name) =>
    udp(
      17,
      `CH TXT ${name}`,
      query(name, TYPE.TXT, { class: CLASS.CH }),
      refused(),
      but(all(note.TELLS_VERSION, 'named', 'knot', 'unbound')),
    ),
  ),
  udp(
    18,
    'type 0',
    query('web.stack', 0),
    nodata(),
    but({
      knot: 'NOTIMP. Type 0 is reserved, and nothing follows from it: an unknown type is NODATA (RFC 3597 section 5).',
    }),
  ),
  ...(['OPT', 'TKEY', 'TSIG'] as const).map((name) =>
    udp(
      18,
      `type ${name}`,
      query('web.stack', TYPE[name]),
      formerr({ flags: 'RD RA' }),
      but({ knot: QTYPE_AS_DATA, unbound: note.NO_RA }),
    ),
  ),
  ...(['MAILA', 'MAILB'] as const).map((name) =>
    udp(
      18,
      `type ${name}`,
      query('web.stack', TYPE[name]),
      { rcode: 'NOTIMP', flags: 'RD RA' },
      but({
        knot: QTYPE_AS_DATA,
        unbound: 'FORMERR. The query is well-formed; what it asks for is obsolete (RFC 1035 section 3.2.3).',
      }),
    ),
  ),
  udp(
    18,
    'AXFR over UDP',
    query('', TYPE.AXFR),
    formerr({ flags: 'RD RA' }),
    but({
      ...all(
        'REFUSED: it looks at who may transfer first. AXFR over UDP is no query at all (RFC 5936 section 4.2).',
        'named',
        'unbound',
      ),
      knot: 'NOTIMP. AXFR over UDP is no query at all (RFC 5936 section 4.2).',
    }),
  ),
  tcp(
    18,
    'AXFR over TCP',
    [{ packet: query('', TYPE.AXFR), expect: refused() }],
    but({ knot: TRANSFER_NOTAUTH, unbound: note.NO_RA }),
  ),
  udp(
    18,
    'IXFR over UDP',
    query('', TYPE.IXFR),
    refused(),
    but({ knot: TRANSFER_NOTAUTH, unbound: note.NO_RA }),
  ),
  tcp(
    18,
    'IXFR over TCP',
    [{ packet: query('', TYPE.IXFR), expect: refused() }],
    but({ knot: TRANSFER_NOTAUTH, unbound: note.NO_RA }),
  ),
  ...types.map(([name, type]) =>
    udp(18, `type ${name} of a name that has addresses`, query('web.stack', type), nodata()),
  ),
];
