import { OPCODE, TYPE } from '../../../src/wire/constants.js';
import type { ConformanceCase } from '../model.js';
import { header, opt, query, question, record, u16, unhex, wireName } from '../packets.js';
import { bareFormerr, formerr, noerror, nxdomain, tcp, udp, webRecords } from './build.js';
import * as note from './discussion.js';
import { all, but } from './discussion.js';

const web = (options: Parameters<typeof query>[2] = {}) => query('web.stack', TYPE.A, options);
const answered = noerror(webRecords());
const WEB_A = question('web.stack', TYPE.A);

const unreadable = but({ knot: note.UNREADABLE_SILENT, unbound: note.UNREADABLE_SENT_BACK });

/** A question's bytes that are none. */
const questions: Readonly<Record<string, Buffer>> = {
  'a name that is cut off': unhex('03776562'),
  'a question without a class': Buffer.concat([wireName('web.stack'), u16(TYPE.A)]),
  'a label of type 0x40': Buffer.concat([unhex('4161'), WEB_A]),
  'a label of type 0x80': Buffer.concat([unhex('8161'), WEB_A]),
  'a name of 256 octets': Buffer.concat([unhex('0161'.repeat(126)), unhex('02616100'), u16(1, 1)]),
  'a pointer to itself': Buffer.concat([unhex('c00c'), u16(1, 1)]),
  'a pointer into the header': Buffer.concat([unhex('c000'), u16(1, 1)]),
  'a pointer forward': Buffer.concat([unhex('c012'), u16(1, 1), wireName('web.stack')]),
};

const notImplemented = (opcode: number) =>
  ({ rcode: 'NOTIMP', opcode, flags: '', question: 'none' }) as const;

const NOTIFY_KNOWN =
  'It knows this opcode and refuses this message of it. Fairlead takes no zone from anybody and knows QUERY only.';

/** Opcodes, and who says something else. */
const opcodes: readonly (readonly [opcode: number, differs: ConformanceCase['differs']])[] = [
  [OPCODE.IQUERY, all(note.OPCODE_ECHOED, 'knot', 'unbound')],
  [OPCODE.STATUS, all(note.OPCODE_ECHOED, 'knot', 'unbound')],
  [OPCODE.NOTIFY, all(NOTIFY_KNOWN, 'named', 'knot', 'unbound')],
  [OPCODE.UPDATE, { ...all(NOTIFY_KNOWN, 'named', 'knot'), unbound: note.OPCODE_ECHOED }],
  [OPCODE.DSO, all(note.OPCODE_ECHOED, 'knot', 'unbound')],
  [15, all(note.OPCODE_ECHOED, 'knot', 'unbound')],
];

/** Labels that fill a name below the domain to 255 bytes. */
const LONGEST = [63, 63, 63, 44].map((length) => 'x'.repeat(length)).join('.');

/** Of a query without a question. */
const COOKIE_SENT_BACK = 'FORMERR with the client’s own cookie sent back, which is no server cookie.';

/** Header, opcode, garbage: items 1-12. */
export const headerCases: readonly ConformanceCase[] = [
  udp(1, 'a reply', header({ flags: 'QR RD' }), 'silence'),
  udp(1, 'a reply with a question', Buffer.concat([header({ flags: 'QR RD' }), WEB_A]), 'silence'),
  udp(1, 'a reply of opcode 15', Buffer.concat([header({ flags: 'QR', opcode: 15 }), WEB_A]), 'silence'),
  ...[0, 2, 11].map((size) => udp(2, `${size} octets`, header().subarray(0, size), 'silence')),
  udp(3, 'a header that counts a question that is not there', header(), bareFormerr, unreadable),
  ...Object.entries(questions).map(([name, octets]) =>
    udp(4, name, Buffer.concat([header(), octets]), bareFormerr, unreadable),
  ),
  udp(5, 'a name of 255 octets', query(LONGEST, TYPE.A), nxdomain()),
  udp(5, 'a label of 63 octets', query('x'.repeat(63), TYPE.A), nxdomain()),
  ...opcodes.map(([opcode, differs]) =>
    udp(6, `opcode ${opcode}`, web({ opcode }), notImplemented(opcode), differs && { differs }),
  ),
  udp(
    6,
    'opcode 15, a bare header',
    header({ opcode: 15, flags: '', counts: [0, 0, 0, 0] }),
    notImplemented(15),
  ),
  udp(
    7,
    'opcode 15 and EDNS version 1',
    web({ opcode: 15, opt: { version: 1 } }),
    notImplemented(15),
    but({
      ...all(
        'BADVERS: it looks at the version first. No RFC gives an order; the opcode needs no look at the rest.',
        'named',
        'knot',
      ),
      unbound: note.OPCODE_ECHOED,
    }),
  ),
  udp(8, 'no question', header({ counts: [0, 0, 0, 0] }), bareFormerr),
  udp(8, 'no question, an OPT', Buffer.concat([header({ counts: [0, 0, 0, 1] }), opt()]), {
    ...bareFormerr,
    opt: {},
  }),
  udp(
    8,
    'no question, a cookie',
    Buffer.concat([header({ counts: [0, 0, 0, 1] }), opt({ options: [[10, '0102030405060708']] })]),
    noerror([], { flags: 'RD RA', question: 'none', opt: { options: ['10:0102030405060708+16'] } }),
    but({
      named: note.NO_RA,
      knot: note.NO_COOKIES,
      unbound: COOKIE_SENT_BACK,
    }),
  ),
  udp(
    8,
    'no question, a cookie of another server',
    Buffer.concat([
      header({ counts: [0, 0, 0, 1] }),
      opt({ options: [[10, `0102030405060708${'ab'.repeat(16)}`]] }),
    ]),
    {
      rcode: 'BADCOOKIE',
      flags: 'RD RA',
      question: 'none',
      opt: { options: ['10:0102030405060708+16'] },
    },
    but({
      named: 'NOERROR, without RA. RFC 7873 section 5.4 has BADCOOKIE where a server cookie is no good.',
      knot: note.NO_COOKIES,
      unbound: COOKIE_SENT_BACK,
    }),
  ),
  udp(
    8,
    'no question, a cookie of 9 octets',
    Buffer.concat([header({ counts: [0, 0, 0, 1] }), opt({ options: [[10, '010203040506070809']] })]),
    { ...bareFormerr, opt: {} },
    but({ unbound: COOKIE_SENT_BACK }),
  ),
  udp(
    9,
    'the same question twice',
    Buffer.concat([header({ counts: [2, 0, 0, 0] }), WEB_A, WEB_A]),
    bareFormerr,
    but({ knot: note.UNREADABLE_SILENT, unbound: note.ECHOES }),
  ),
  udp(
    9,
    'two questions',
    Buffer.concat([header({ counts: [2, 0, 0, 0] }), WEB_A, question('web.stack', TYPE.AAAA)]),
    bareFormerr,
    but({ knot: note.UNREADABLE_SILENT, ...all(note.ECHOES, 'named', 'unbound') }),
  ),
  tcp(
    9,
    'two questions over TCP, then a query',
    [
      { packet: Buffer.concat([header({ counts: [2, 0, 0, 0] }), WEB_A, WEB_A]), expect: bareFormerr },
      { packet: web({ id: 2 }), expect: answered },
    ],
    but({ knot: note.UNREADABLE_SILENT, unbound: note.ECHOES }),
  ),
  ...(
    [
      ['answer', [1, 1, 0, 0], note.RECORDS_ECHOED],
      ['authority', [1, 0, 1, 0], note.RECORDS_ECHOED],
      ['additional', [1, 0, 0, 1], note.ODD_OPT_ECHOED],
    ] as const
  ).map(([section, counts, unbound]) =>
    udp(
      10,
      `a record in the ${section} section`,
      Buffer.concat([header({ counts }), WEB_A, record(TYPE.A, '0a000001')]),
      formerr(),
      but({ ...all(note.LENIENT_SECTIONS, 'named', 'knot'), unbound }),
    ),
  ),
  udp(
    11,
    'an additional record that is not there',
    Buffer.concat([header({ counts: [1, 0, 0, 1] }), WEB_A]),
    formerr(),
    but({ unbound: note.ODD_OPT_ECHOED }),
  ),
  udp(
    12,
    'octets after the last record',
    Buffer.concat([web(), unhex('00ff')]),
    formerr(),
    but(all(note.LENIENT_TRAILING, 'named', 'unbound')),
  ),
  udp(
    12,
    'octets after the OPT',
    Buffer.concat([web({ opt: {} }), unhex('00')]),
    formerr({ opt: {} }),
    but({
      ...all(note.LENIENT_TRAILING, 'named', 'unbound'),
      knot: 'FORMERR without an OPT. The OPT was read before the fault was found (RFC 6891 section 7).',
    }),
  ),
];
