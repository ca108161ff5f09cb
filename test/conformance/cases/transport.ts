import { TYPE } from '../../../src/wire/constants.js';
import type { ConformanceCase, ReferenceName } from '../model.js';
import { header, query, unhex, wireName } from '../packets.js';
import * as note from './discussion.js';
import { all, but, resolversOnly } from './discussion.js';
import { bareFormerr, noerror, plainAsk, records, tcp, udp } from './build.js';

const big = (options: Parameters<typeof query>[2] = {}) => query('big.stack', TYPE.A, options);
const truncated = 'AA TC RD RA';
const emptyAt = (...names: readonly ReferenceName[]) => but(all(note.TC_EMPTY, ...names));
const manySrv = Array.from({ length: 9 }, (_, i) => `SRV 0 256 80 many-${i + 1}.rancher.internal.`);

/** Size, truncation, TCP: items 35-47. */
export const transportCases: readonly ConformanceCase[] = [
  udp(
    35,
    '60 addresses in 512 octets',
    big(),
    noerror(29, { flags: truncated, size: { max: 512 } }),
    emptyAt('knot', 'unbound'),
  ),
  tcp(35, '60 addresses over TCP', [{ packet: big(), expect: noerror(60, { size: 1004 }) }]),
  udp(
    36,
    '60 addresses, EDNS size 512',
    big({ opt: { size: 512 } }),
    {
      ...noerror(28, { flags: truncated, opt: {} }),
      size: { max: 512 },
    },
    emptyAt('named', 'knot', 'unbound'),
  ),
  udp(36, '60 addresses, EDNS size 1232', big({ opt: {} }), noerror(60, { opt: {}, size: 1015 })),
  udp(37, 'SRV loses additionals, not TC', query('_http._tcp.many.stack', TYPE.SRV), {
    ...noerror(records('_http._tcp.many.stack', ...manySrv), { additional: 'some' }),
    size: { max: 512 },
  }),
  tcp(37, 'SRV keeps all additionals over TCP', [
    {
      packet: query('_http._tcp.many.stack', TYPE.SRV),
      expect: noerror(records('_http._tcp.many.stack', ...manySrv), {
        additional: manySrv.flatMap((_, i) => records(`many-${i + 1}`, `A 10.50.0.${i}`)),
      }),
    },
  ]),
  udp(38, '25 addresses fit', query('mid.stack', TYPE.A), noerror(25, { size: 444 })),
  udp(38, 'exactly 512 octets', query('fit-512.stack', TYPE.A), noerror(29, { size: 512 })),
  udp(
    38,
    'one octet above 512',
    query('over-512.stack', TYPE.A),
    noerror(28, { flags: truncated, size: { max: 512 } }),
    emptyAt('knot', 'unbound'),
  ),
  udp(
    38,
    'exactly 1232 octets with OPT',
    query('edns-fit-123.stack', TYPE.A, { opt: {} }),
    noerror(73, { opt: {}, size: 1232 }),
  ),
  udp(
    38,
    'one octet above 1232 with OPT',
    query('edns-over-123.stack', TYPE.A, { opt: {} }),
    noerror(72, { flags: truncated, opt: {}, size: { max: 1232 } }),
    emptyAt('named', 'knot', 'unbound'),
  ),
  tcp(
    39,
    'five queries in one write',
    [1, 2, 3, 4, 5].map((id) => plainAsk(TYPE.A, id)),
  ),
  tcp(
    39,
    '1000 queries in one write',
    Array.from({ length: 1000 }, (_, i) => plainAsk(TYPE.A, i + 1)),
  ),
  tcp(
    39,
    'a query that upstream never answers holds up none behind it',
    [{ packet: query('slow.example.', TYPE.A, { id: 1 }), expect: 'silence' }, plainAsk(TYPE.A, 2)],
    resolversOnly,
  ),
  tcp(40, 'octet by octet', [plainAsk(TYPE.A, 1)], { carriage: { delivery: 'octets' } }),
  tcp(40, 'the length apart from the message', [plainAsk(TYPE.A, 1), plainAsk(TYPE.A, 2)], {
    carriage: { delivery: 'split' },
  }),
  tcp(41, 'one ID for two questions', [
    plainAsk(TYPE.A, 7),
    { packet: query('web-1', TYPE.A, { id: 7 }), expect: noerror(records('web-1', 'A 10.42.0.11')) },
  ]),
  tcp(42, 'the client ends its side after the query', [plainAsk(TYPE.A, 1)], {
    carriage: { halfClose: true, closes: true },
  }),
  tcp(
    42,
    'the client ends its side after a query for upstream',
    [
      {
        packet: query('outside.example.', TYPE.A),
        expect: noerror(['outside.example. * IN A 192.0.2.80'], { flags: 'RD RA' }),
      },
    ],
    { carriage: { halfClose: true, closes: true }, ...resolversOnly },
  ),
  tcp(43, 'a length of 0', [{ packet: new Uint8Array(0), expect: 'silence' }], {
    carriage: { closes: true },
  }),
  tcp(43, 'a message of 11 octets', [{ packet: header().subarray(0, 11), expect: 'silence' }], {
    carriage: { closes: true },
  }),
  tcp(43, 'a reply', [
    { packet: Buffer.concat([header({ flags: 'QR' }), wireName('web.stack')]), expect: 'silence' },
  ]),
  tcp(
    43,
    'a question that is none, then a query',
    [
      { packet: Buffer.concat([header({ id: 1 }), unhex('c00c00010001')]), expect: bareFormerr },
      plainAsk(TYPE.A, 2),
    ],
    but({ knot: note.UNREADABLE_SILENT, unbound: note.UNREADABLE_SENT_BACK }),
  ),
  tcp(
    46,
    'more addresses than a message can hold',
    [{ packet: query('huge.stack', TYPE.A), expect: noerror(4093, { size: { max: 65535 } }) }],
    but({
      named: 'As many records as fit, with TC, over TCP. There is nothing further that a client could try.',
      knot: 'SERVFAIL. One of the addresses is all that most clients want.',
      unbound: 'TC without records, over TCP. There is nothing further that a client could try.',
    }),
  ),
  udp(
    46,
    'more addresses than a message can hold, over UDP',
    query('huge.stack', TYPE.A, { opt: { size: 65535 } }),
    {
      ...noerror(73, { flags: truncated, opt: {} }),
      size: { max: 1232 },
    },
    emptyAt('named', 'knot', 'unbound'),
  ),
];
