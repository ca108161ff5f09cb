import fc from 'fast-check';
import { CLASS, TYPE } from '../../src/wire/constants.js';
import { nameFromLabels, type DnsName } from '../../src/wire/name.js';
import type { Rdata, ResourceRecord } from '../../src/wire/records.js';

/** Octets of every value, dots and NULs among them. */
const label = fc
  .uint8Array({ minLength: 1, maxLength: 63 })
  .map((octets) => Buffer.from(octets).toString('latin1'));

/** Few short labels, so that suffixes repeat and compression has something to do. */
const commonLabel = fc.constantFrom('a', 'B', 'web', 'Stack', 'rancher', 'internal');

export const anyName: fc.Arbitrary<DnsName> = fc
  .oneof(
    fc.array(commonLabel, { maxLength: 6 }),
    fc.array(label, { maxLength: 12 }),
    fc.array(fc.constant('x'), { maxLength: 127 }),
  )
  .map(nameFromLabels)
  .filter((name) => name !== undefined);

const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffffffff });

const typedRdata: fc.Arbitrary<{ type: number; rdata: Rdata }> = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }).map((address) => ({
    type: TYPE.A,
    rdata: { kind: 'a' as const, address },
  })),
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map((address) => ({
    type: TYPE.AAAA,
    rdata: { kind: 'aaaa' as const, address },
  })),
  anyName.map((target) => ({ type: TYPE.CNAME, rdata: { kind: 'cname' as const, target } })),
  anyName.map((target) => ({ type: TYPE.PTR, rdata: { kind: 'ptr' as const, target } })),
  anyName.map((target) => ({ type: TYPE.NS, rdata: { kind: 'ns' as const, target } })),
  fc
    .record({
      kind: fc.constant('soa' as const),
      mname: anyName,
      rname: anyName,
      serial: u32,
      refresh: u32,
      retry: u32,
      expire: u32,
      minimum: u32,
    })
    .map((rdata) => ({ type: TYPE.SOA, rdata })),
  fc
    .record({ kind: fc.constant('srv' as const), priority: u16, weight: u16, port: u16, target: anyName })
    .map((rdata) => ({ type: TYPE.SRV, rdata })),
  fc
    .record({ kind: fc.constant('mx' as const), preference: u16, exchange: anyName })
    .map((rdata) => ({ type: TYPE.MX, rdata })),
  fc
    .array(fc.uint8Array({ maxLength: 255 }), { maxLength: 4 })
    .map((strings) => ({ type: TYPE.TXT, rdata: { kind: 'txt' as const, strings } })),
  fc.uint8Array({ maxLength: 80 }).map((bytes) => ({ type: 65280, rdata: { kind: 'raw' as const, bytes } })),
);

export const anyRecord: fc.Arbitrary<ResourceRecord> = fc
  .record({ owner: anyName, ttl: fc.integer({ min: 0, max: 0x7fffffff }), typed: typedRdata })
  .map(({ owner, ttl, typed }) => ({ owner, ttl, class: CLASS.IN, ...typed }));
