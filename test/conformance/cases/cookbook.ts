import { NAME_SERVER, SOA_TIMES } from '../golden/fixture.js';
import type { ConformanceCase } from '../model.js';
import { unhex } from '../packets.js';
import { udp } from './build.js';
import * as note from './discussion.js';
import { but } from './discussion.js';

const hex = (value: number, octets: number) => value.toString(16).padStart(octets * 2, '0');

/** `ns.rancher.internal`, and the same without its first label. */
const NS = '026e730772616e6368657208696e7465726e616c00';
const NO = '024e6f0772416e6368657208696e7465726e616c00';
const ALIAS = '05616c69617305737461636b0772616e6368657208696e7465726e616c00';

/** Query or reply: ID, flags, counts of the sections, the rest. */
const message = (flags: string, counts: string, rest: string) => `1234${flags}${counts}${rest}`;

/**
 * The SOA's data after its two names: serial 1, MINIMUM 1. Refresh, retry, expire and MINIMUM are the golden zone's; the
 * checklist's lab had others.
 */
const times = [SOA_TIMES.serial, SOA_TIMES.refresh, SOA_TIMES.retry, SOA_TIMES.expire, 1]
  .map((n) => hex(n, 4))
  .join('');

/** An SOA record; each argument a name as it stands in the message. */
const soa = (owner: string, mname: string, rname: string) => {
  const rdata = `${mname}${rname}${times}`;
  return `${owner}0006000100000001${hex(rdata.length / 2, 2)}${rdata}`;
};

const HOSTMASTER = '0a686f73746d6173746572';
const A_RECORD = `c00c00010001000000010004${Buffer.from(NAME_SERVER.split('.').map(Number)).toString('hex')}`;

const SOA_WHOLE =
  'The SOA’s owner in full, where the question has it in another case than the zone. A pointer is shorter and gives the client its own case.';

/** The hex cookbook: whole messages, byte by byte. The item is that of the rule each one shows. */
export const cookbookCases: readonly ConformanceCase[] = [
  wire(
    14,
    'A',
    message('0100', '0001000000000000', `${NS}00010001`),
    message('8580', '0001000100000000', `${NS}00010001${A_RECORD}`),
  ),
  wire(
    48,
    'AAAA NODATA',
    message('0100', '0001000000000000', `${NS}001c0001`),
    message('8580', '0001000000010000', `${NS}001c0001${soa('c00f', 'c00c', `${HOSTMASTER}c00f`)}`),
  ),
  wire(
    19,
    'NXDOMAIN in the client’s case',
    message('0100', '0001000000000000', `${NO}00010001`),
    message('8583', '0001000000010000', `${NO}00010001${soa('c00f', '026e73c00f', `${HOSTMASTER}c00f`)}`),
    but({ named: SOA_WHOLE }),
  ),
  wire(
    27,
    'BADVERS',
    message('0100', '0001000000000001', `${NS}0001000100002904d0000100000000`),
    message('8100', '0001000000000001', `${NS}0001000100002904d0010000000000`),
    but({ unbound: 'The same with RA set.' }),
  ),
  wire(
    28,
    'an unknown option, an unknown flag and DO',
    message('0100', '0001000000000001', `${NS}0001000100002904d000008080000400640000`),
    message('8580', '0001000100000001', `${NS}00010001${A_RECORD}00002904d0000080000000`),
  ),
  wire(6, 'opcode 15, header only', '123478000000000000000000', '1234f8040000000000000000'),
  wire(8, 'QDCOUNT 0', '123400000000000000000000', '123480010000000000000000'),
  wire(
    30,
    'two OPTs',
    message('0000', '0001000000000002', `${NS}00010001${'00002904d0000000000000'.repeat(2)}`),
    message('8001', '0001000000000000', `${NS}00010001`),
    but({ unbound: note.RECORDS_ECHOED }),
  ),
  wire(
    52,
    'a CNAME to a name without AAAA',
    message('0100', '0001000000000000', `${ALIAS}001c0001`),
    message(
      '8580',
      '0001000100010000',
      `${ALIAS}001c0001c00c0005000100000001000603776562c012${soa('c018', '026e73c018', `${HOSTMASTER}c018`)}`,
    ),
    but({ named: SOA_WHOLE, unbound: 'The CNAME without the SOA (RFC 2308 section 2.2).' }),
  ),
];

function wire(
  item: number,
  name: string,
  packet: string,
  reply: string,
  rest: Pick<ConformanceCase, 'differs'> = {},
): ConformanceCase {
  return udp(item, `octets: ${name}`, unhex(packet), { wire: reply }, rest);
}
