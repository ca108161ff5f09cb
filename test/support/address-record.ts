import { ipBytes, ipFamily } from '../../src/net/ip.js';
import { CLASS, TYPE } from '../../src/wire/constants.js';
import type { DnsName } from '../../src/wire/name.js';
import type { ResourceRecord } from '../../src/wire/resource-record.js';

/** The A or AAAA record of a canonical address. */
export function addressRecord(owner: DnsName, ttl: number, canonicalIp: string): ResourceRecord {
  const address = ipBytes(canonicalIp);
  return ipFamily(canonicalIp) === 4
    ? { owner, type: TYPE.A, class: CLASS.IN, ttl, rdata: { kind: 'a', address } }
    : { owner, type: TYPE.AAAA, class: CLASS.IN, ttl, rdata: { kind: 'aaaa', address } };
}
