import { TYPE } from '../../../src/wire/constants.js';
import type { ConformanceCase } from '../model.js';
import { query, unhex, wireName } from '../packets.js';
import { but, resolversOnly } from './discussion.js';
import { noerror, nxdomain, records, SOA, tcp, udp, WEB, webRecords } from './build.js';

const STORED_CASE =
  'The owner in the case of the zone file. A resolver that varies the case to hinder forgers (0x20) looks at the question, some stubs at the owner; a pointer to the question suits both.';

const MIXED = 'wEb.StAcK.rAnChEr.InTeRnAl.';

/** Labels of one name in hex, in front of the domain. */
const below = (hex: string) => Buffer.concat([unhex(hex), wireName('')]);

/** Names, case, compression: items 19-22. */
export const nameCases: readonly ConformanceCase[] = [
  udp(
    19,
    'the case of the question in the answer',
    query(MIXED, TYPE.A),
    noerror(
      WEB.map((address) => `${MIXED} 1 IN A ${address}`),
      { exactCase: true },
    ),
    but({ named: STORED_CASE }),
  ),
  tcp(
    19,
    'the case of the question in the answer over TCP',
    [
      {
        packet: query(MIXED, TYPE.A),
        expect: noerror(
          WEB.map((address) => `${MIXED} 1 IN A ${address}`),
          { exactCase: true },
        ),
      },
    ],
    but({ named: STORED_CASE }),
  ),
  udp(19, 'the case of the question in a denial', query('No.rAncher.internal.', TYPE.A), {
    rcode: 'NXDOMAIN',
    authority: [SOA],
  }),
  udp(
    19,
    'the case of the question at the head of a chain',
    query('aLiAs.stack', TYPE.A),
    noerror([...records('aLiAs.stack', 'CNAME web.stack.rancher.internal.'), ...webRecords()], {
      exactCase: true,
    }),
    but({ named: STORED_CASE }),
  ),
  udp(
    19,
    'the case of the question in an answer from upstream',
    query('oUtSiDe.ExAmPlE.', TYPE.A),
    noerror(['oUtSiDe.ExAmPlE. * IN A 192.0.2.80'], { flags: 'RD RA', exactCase: true }),
    resolversOnly,
  ),
  udp(
    19,
    'the case of the question in an answer from upstream, asked again',
    query('OUTSIDE.example.', TYPE.A),
    noerror(['OUTSIDE.example. * IN A 192.0.2.80'], { flags: 'RD RA', exactCase: true }),
    {
      ...resolversOnly,
      ...but({
        named:
          'The owner in the case of whoever asked first, from its cache. The question is the one to follow.',
      }),
    },
  ),
  udp(20, 'the octets ff fe', query(below('02fffe'), TYPE.A), nxdomain()),
  udp(20, 'the octets e9 c9, which only Latin-1 folds', query(below('02e9c9'), TYPE.A), nxdomain()),
  udp(20, 'a NUL in a label', query(below('03610062'), TYPE.A), nxdomain()),
  udp(20, 'the one label "web.stack"', query(below('097765622e737461636b'), TYPE.A), nxdomain()),
  udp(20, 'a space and a newline in a label', query(below('0320610a'), TYPE.A), nxdomain()),
  udp(
    21,
    'SRV targets whole',
    query('_http._tcp.web.stack', TYPE.SRV),
    noerror(3, {
      additional: [1, 2, 3].flatMap((n) => records(`web-${n}`, `A ${WEB[n - 1] ?? ''}`)),
      contains: Buffer.from(wireName('web-1')).toString('hex'),
    }),
  ),
  udp(
    21,
    'names in SOA and NS data are pointers',
    query('', TYPE.NS),
    noerror(records('', 'NS ns.rancher.internal.'), {
      additional: records('ns', 'A 127.0.0.1'),
      contains: '026e73c00c',
    }),
  ),
];
