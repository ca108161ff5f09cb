import { ipBytes, ipFamily } from '../net/ip.js';
import { CLASS, TYPE } from './constants.js';
import type { DnsName } from './name.js';

/** The data of a record. Names in it are uncompressed; `raw` is the wire form of every type not named here. */
export type Rdata =
  /** Four octets. */
  | { readonly kind: 'a'; readonly address: Uint8Array }
  /** Sixteen octets. */
  | { readonly kind: 'aaaa'; readonly address: Uint8Array }
  | { readonly kind: 'cname'; readonly target: DnsName }
  | { readonly kind: 'ptr'; readonly target: DnsName }
  | { readonly kind: 'ns'; readonly target: DnsName }
  | ({ readonly kind: 'soa' } & Soa)
  | {
      readonly kind: 'srv';
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      readonly target: DnsName;
    }
  | { readonly kind: 'mx'; readonly preference: number; readonly exchange: DnsName }
  /** Each string is 255 octets at most. */
  | { readonly kind: 'txt'; readonly strings: readonly Uint8Array[] }
  | { readonly kind: 'raw'; readonly bytes: Uint8Array };

/** RFC 1035 section 3.3.13; times in seconds. */
export interface Soa {
  readonly mname: DnsName;
  readonly rname: DnsName;
  readonly serial: number;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  readonly minimum: number;
}

/** A record: `owner` in wire form, `ttl` in seconds (0..2^31-1), and data that fits `type`. */
export interface ResourceRecord {
  readonly owner: DnsName;
  readonly type: number;
  readonly class: number;
  readonly ttl: number;
  readonly rdata: Rdata;
}

/** The A or AAAA record of a canonical address. */
export function addressRecord(owner: DnsName, ttl: number, canonicalIp: string): ResourceRecord {
  const address = ipBytes(canonicalIp);
  return ipFamily(canonicalIp) === 4
    ? { owner, type: TYPE.A, class: CLASS.IN, ttl, rdata: { kind: 'a', address } }
    : { owner, type: TYPE.AAAA, class: CLASS.IN, ttl, rdata: { kind: 'aaaa', address } };
}
