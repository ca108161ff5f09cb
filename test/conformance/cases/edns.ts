import { TYPE } from '../../../src/wire/constants.js';
import type { ConformanceCase } from '../model.js';
import { header, opt, query, question, record, u16, unhex, wireName, type OptFields } from '../packets.js';
import * as note from './discussion.js';
import { all, but, resolversOnly } from './discussion.js';
import { formerr, nodata, noerror, nxdomain, tcp, udp, webRecords } from './build.js';

const web = (fields: OptFields) => query('web.stack', TYPE.A, { opt: fields });
const answered = noerror(webRecords(), { opt: {} });
const WEB_A = question('web.stack', TYPE.A);
const big = (size: number) => query('big.stack', TYPE.A, { opt: { size } });

/** A query whose additional section is this. */
const withAdditional = (count: number, ...octets: readonly Uint8Array[]) =>
  Buffer.concat([header({ counts: [1, 0, 0, count] }), WEB_A, ...octets]);

const truncatedEmpty = but(all(note.TC_EMPTY, 'named', 'knot', 'unbound'));
const versionNoted = but({
  unbound: 'The same with RA set. Nothing was looked at but the version; named and knot leave RA clear too.',
});
const optLost =
  'FORMERR without an OPT. The OPT itself could be read, so that the answer has one (RFC 6891 section 7).';
const optionsPassedOver =
  'Answers, and passes over the options. They do not add up, so that none of them can be trusted.';
const manyOptions = but(
  all(
    'Answers. To look at 16,000 options is work that only an attacker asks for (CVE-2026-41292).',
    'named',
    'knot',
    'unbound',
  ),
);

const badvers = { rcode: 'BADVERS', flags: 'RD', opt: {} } as const;

/** EDNS, RFC 6891: items 23-34. */
export const ednsCases: readonly ConformanceCase[] = [
  udp(23, 'no OPT, no OPT back', query('web.stack', TYPE.A), noerror(webRecords())),
  udp(24, 'an OPT back with an answer', web({}), answered),
  udp(24, 'an OPT back with NODATA', query('web.stack', TYPE.AAAA, { opt: {} }), nodata({ opt: {} })),
  udp(24, 'an OPT back with NXDOMAIN', query('nobody', TYPE.A, { opt: {} }), nxdomain({ opt: {} })),
  udp(
    24,
    'an OPT back with SERVFAIL',
    query('ext-broken.stack', TYPE.A, { opt: {} }),
    {
      rcode: 'SERVFAIL',
      flags: 'RD RA',
      opt: { ede: 22 },
    },
    { ...resolversOnly, ...but({ named: note.NO_EDE, unbound: note.NO_CHASE }) },
  ),
  udp(
    24,
    'an OPT back with an answer from upstream',
    query('outside.example.', TYPE.A, { opt: {} }),
    noerror(['outside.example. * IN A 192.0.2.80'], { flags: 'RD RA', opt: {} }),
    resolversOnly,
  ),
  udp(25, 'our own size, not an echo of 4096', web({ size: 4096 }), answered),
  ...[0, 100].map((size) =>
    udp(
      26,
      `size ${size} means 512`,
      big(size),
      {
        ...noerror(28, { flags: 'AA TC RD RA', opt: {} }),
        size: { max: 512 },
      },
      truncatedEmpty,
    ),
  ),
  udp(
    26,
    'size 65535 gets no more than 1232',
    query('edns-over-123.stack', TYPE.A, { opt: { size: 65535 } }),
    {
      ...noerror(72, { flags: 'AA TC RD RA', opt: {} }),
      size: { max: 1232 },
    },
    truncatedEmpty,
  ),
  ...[1, 255].map((version) => udp(27, `EDNS version ${version}`, web({ version }), badvers, versionNoted)),
  udp(
    27,
    'EDNS version 1 and an unknown option',
    web({ version: 1, options: [[100, '']] }),
    badvers,
    versionNoted,
  ),
  udp(
    27,
    'EDNS version 1 and DO',
    web({ version: 1, flags: 0x8000 }),
    { ...badvers, opt: { dnssecOk: true } },
    versionNoted,
  ),
  udp(28, 'an unknown option', web({ options: [[100, '']] }), answered),
  udp(28, 'an unknown option with data', web({ options: [[65010, 'c0ffee']] }), answered),
  udp(29, 'an unknown EDNS flag', web({ flags: 0x0080 }), answered),
  udp(29, 'DO', web({ flags: 0x8000 }), noerror(webRecords(), { opt: { dnssecOk: true } })),
  udp(30, 'two OPTs', withAdditional(2, opt(), opt()), formerr(), but({ unbound: note.RECORDS_ECHOED })),
  udp(
    30,
    'an OPT that is not the root’s',
    withAdditional(1, opt({ owner: wireName('web.stack') })),
    formerr(),
    but({
      knot: 'Answers as if it were the root’s. RFC 6891 section 6.1.2 leaves the owner no choice.',
      unbound: note.ODD_OPT_ECHOED,
    }),
  ),
  udp(
    30,
    'an OPT in the answer section',
    Buffer.concat([header({ counts: [1, 1, 0, 0] }), WEB_A, opt()]),
    formerr(),
    but({ unbound: note.RECORDS_ECHOED }),
  ),
  udp(
    30,
    'an OPT in the authority section',
    Buffer.concat([header({ counts: [1, 0, 1, 0] }), WEB_A, opt()]),
    formerr(),
    but({ unbound: note.RECORDS_ECHOED }),
  ),
  udp(
    30,
    'an OPT longer than the message',
    withAdditional(1, opt({ length: 20 })),
    formerr(),
    but({ unbound: note.ODD_OPT_ECHOED }),
  ),
  udp(
    30,
    'an option longer than the OPT',
    web({ rdata: Buffer.concat([u16(100, 9), unhex('00')]) }),
    formerr({ opt: {} }),
    but({ ...all(optLost, 'named', 'knot'), unbound: optionsPassedOver }),
  ),
  udp(
    30,
    'half an option’s header',
    web({ rdata: unhex('000a00') }),
    formerr({ opt: {} }),
    but({ ...all(optLost, 'named', 'knot'), unbound: optionsPassedOver }),
  ),
  udp(
    30,
    'a TSIG behind the OPT',
    withAdditional(2, opt(), record(TYPE.TSIG, '')),
    formerr(),
    but({ unbound: note.RECORDS_ECHOED }),
  ),
  tcp(
    31,
    '16,000 empty options',
    [
      {
        packet: web({ options: Array.from({ length: 16_000 }, () => [65010, ''] as const) }),
        expect: formerr({ opt: {} }),
      },
    ],
    manyOptions,
  ),
  udp(31, '64 options', web({ options: Array.from({ length: 64 }, () => [65010, ''] as const) }), answered),
  udp(
    32,
    'NSID, which is not configured',
    web({ options: [[3, '']] }),
    answered,
    but({
      knot: 'Its host name: on by default. Here it is told when the operator asks for it (RFC 5001 section 3.1).',
    }),
  ),
  udp(
    32,
    'EXPIRE',
    web({ options: [[9, '']] }),
    answered,
    but({ knot: 'The expiry, which a secondary server wants (RFC 7314). There are none.' }),
  ),
  udp(32, 'PADDING', web({ options: [[12, '00000000']] }), answered),
  udp(32, 'edns-tcp-keepalive over UDP', web({ options: [[11, '']] }), answered),
  tcp(
    32,
    'edns-tcp-keepalive over TCP',
    [
      {
        packet: web({ options: [[11, '']] }),
        expect: noerror(webRecords(), { opt: { options: ['11:+2'] } }),
      },
    ],
    but(all('No keepalive, which is optional (RFC 7828 section 3.3.2).', 'knot', 'unbound')),
  ),
  udp(
    33,
    'a client subnet changes nothing',
    web({ options: [[8, '000118000a2a00']] }),
    answered,
    but({
      named:
        'The option sent back with scope 0. What is not used need not be answered (RFC 7871 section 7.2.1), and a view hangs on the packet’s source alone.',
    }),
  ),
  udp(
    33,
    'a client subnet of family 9',
    web({ options: [[8, '000918000a2a00']] }),
    answered,
    but({ named: 'FORMERR. Who does not use the option need not understand it (RFC 6891 section 6.1.2).' }),
  ),
  udp(
    34,
    'a client cookie',
    web({ options: [[10, '0102030405060708']] }),
    noerror(webRecords(), { opt: { options: ['10:0102030405060708+16'] } }),
    but(all(note.NO_COOKIES, 'knot', 'unbound')),
  ),
  udp(
    34,
    'a cookie of another server',
    web({ options: [[10, `0102030405060708${'ab'.repeat(16)}`]] }),
    noerror(webRecords(), { opt: { options: ['10:0102030405060708+16'] } }),
    but(all(note.NO_COOKIES, 'knot', 'unbound')),
  ),
  ...[7, 9, 15, 41].map((length) =>
    udp(
      34,
      `a cookie of ${length} octets`,
      web({ options: [[10, '01'.repeat(length)]] }),
      formerr({ opt: {} }),
      but(all(note.NO_COOKIES, 'knot', 'unbound')),
    ),
  ),
];
