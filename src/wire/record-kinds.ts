import { TYPE } from './constants.js';
import {
  bytesOf,
  domainName,
  ipv4,
  ipv6,
  keyword,
  MAX_STRING,
  rest,
  string,
  strings,
  u16,
  u32,
  u8,
} from './fields.js';
import { recordKind, type DataOf, type RecordKind } from './record-kind.js';

/** A name in a type of RFC 1035, which writers may compress. */
const name = domainName({ compress: true });
const nameOrRoot = domainName({ compress: true, root: true });
/** A name in a later type, which writers must not compress (RFC 3597 section 4). */
const plainName = domainName({ compress: false });
const plainNameOrRoot = domainName({ compress: false, root: true });

/**
 * The one table of record types. To add a type, add a row. The type is then read and written on the wire, in zone files
 * (`dns.records`), in `explain` and in the API. Types without a row are passed on unchanged and shown as RFC 3597 says.
 *
 * A type whose data may contain a compressed name must have a row: relayed data would otherwise contain pointers into
 * the original message. This concerns the types of RFC 1035 and those listed in RFC 3597 section 4.
 */
const table = {
  a: recordKind(
    'A',
    TYPE.A,
    { address: ipv4 },
    { example: '192.0.2.7', takes: 'one IPv4 address', rotates: true },
  ),
  aaaa: recordKind(
    'AAAA',
    TYPE.AAAA,
    { address: ipv6 },
    { example: '2001:db8::7', takes: 'one IPv6 address', rotates: true },
  ),
  caa: recordKind(
    'CAA',
    TYPE.CAA,
    { flags: u8, tag: keyword, value: rest },
    { example: '0 issue "ca.example"', lenient: true },
  ),
  cname: recordKind('CNAME', TYPE.CNAME, { target: name }, { example: 'web.example', takes: 'one name' }),
  mx: recordKind(
    'MX',
    TYPE.MX,
    { preference: u16, exchange: nameOrRoot },
    { example: '10 mail.example', leadsTo: ({ exchange }) => exchange },
  ),
  naptr: recordKind(
    'NAPTR',
    TYPE.NAPTR,
    {
      ...{ order: u16, preference: u16 },
      ...{ flags: string, services: string, regexp: string },
      replacement: plainNameOrRoot,
    },
    { example: '100 10 "s" "SIP+D2U" "" _sip._udp.example' },
  ),
  ptr: recordKind('PTR', TYPE.PTR, { target: name }, { example: 'web.example', takes: 'one name' }),
  srv: recordKind(
    'SRV',
    TYPE.SRV,
    { priority: u16, weight: u16, port: u16, target: plainNameOrRoot },
    { example: '0 100 389 dc.example', rotates: true, leadsTo: ({ target }) => target },
  ),
  txt: recordKind('TXT', TYPE.TXT, { strings }, { example: '"v=spf1 -all"', parse: parseTexts }),

  // Operators cannot write the following types. Fairlead makes them itself, or they are obsolete.
  ns: recordKind('NS', TYPE.NS, { target: name }),
  soa: recordKind('SOA', TYPE.SOA, {
    ...{ mname: name, rname: name },
    ...{ serial: u32, refresh: u32, retry: u32, expire: u32, minimum: u32 },
  }),
  dname: recordKind('DNAME', TYPE.DNAME, { target: plainName }),
  hinfo: recordKind('HINFO', TYPE.HINFO, { cpu: string, os: string }, { lenient: true }),
  afsdb: recordKind('AFSDB', TYPE.AFSDB, { subtype: u16, hostname: plainName }),
  kx: recordKind('KX', TYPE.KX, { preference: u16, exchanger: plainName }),
  px: recordKind('PX', TYPE.PX, { preference: u16, map822: plainName, mapx400: plainName }),
  rp: recordKind('RP', TYPE.RP, { mailbox: plainName, text: plainName }),
  rt: recordKind('RT', TYPE.RT, { preference: u16, host: plainName }),
  mb: recordKind('MB', TYPE.MB, { target: name }),
  md: recordKind('MD', TYPE.MD, { target: name }),
  mf: recordKind('MF', TYPE.MF, { target: name }),
  mg: recordKind('MG', TYPE.MG, { target: name }),
  mr: recordKind('MR', TYPE.MR, { target: name }),
  minfo: recordKind('MINFO', TYPE.MINFO, { rmailbx: name, emailbx: name }),
};

function parseTexts(words: readonly string[]): { readonly strings: readonly Uint8Array[] } | string {
  if (words.length === 0) return 'has no text';
  return words.every((word) => word.length <= MAX_STRING)
    ? { strings: words.map(bytesOf) }
    : `has a string of more than ${MAX_STRING} bytes; write it as several`;
}

type Table = typeof table;

/** The name of a row, such as `srv`. */
export type KindName = keyof Table;

/** The data type of one row. */
export type KindData<K extends KindName> = Table[K] extends RecordKind<infer L> ? DataOf<L> : never;

/** The rows in table order, by name. */
export const recordKinds: ReadonlyMap<KindName, RecordKind> = new Map(
  Object.entries(table) as [KindName, RecordKind][],
);
