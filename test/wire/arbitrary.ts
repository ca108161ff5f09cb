import fc from 'fast-check';
import { CLASS } from '../../src/wire/constants.js';
import { ipv4, ipv6, keyword, rest, string, strings, u16, u32, u8 } from '../../src/wire/fields.js';
import { nameFromLabels, type DnsName } from '../../src/wire/name.js';
import { recordKinds, type KindName } from '../../src/wire/record-kinds.js';
import type { Rdata, ResourceRecord } from '../../src/wire/resource-record.js';

/** Bytes of every value, dots and NULs among them. */
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

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const text = fc.uint8Array({ maxLength: 255 });

/** Values of the fields that rows of `record-kinds.ts` are made of. */
const values = new Map<unknown, fc.Arbitrary<unknown>>([
  [u8, fc.integer({ min: 0, max: 0xff })],
  [u16, fc.integer({ min: 0, max: 0xffff })],
  [u32, fc.integer({ min: 0, max: 0xffffffff })],
  [ipv4, bytes(4)],
  [ipv6, bytes(16)],
  [string, text],
  [keyword, text],
  [rest, text],
  [strings, fc.array(text, { maxLength: 4 })],
]);

/** Data of one kind. */
export function anyRdata(kind: KindName): fc.Arbitrary<Rdata> {
  const fields = Object.entries(recordKinds.get(kind)?.layout ?? {});
  return fc
    .record(Object.fromEntries(fields.map(([name, field]) => [name, values.get(field) ?? anyName])))
    .map((data) => ({ kind, ...data }) as unknown as Rdata);
}

const typedRdata: fc.Arbitrary<{ type: number; rdata: Rdata }> = fc.oneof(
  ...[...recordKinds].map(([kind, { type }]) => anyRdata(kind).map((rdata) => ({ type, rdata }))),
  fc
    .uint8Array({ maxLength: 80 })
    .map((raw) => ({ type: 65280, rdata: { kind: 'raw' as const, bytes: raw } })),
);

export const anyRecord: fc.Arbitrary<ResourceRecord> = fc
  .record({ owner: anyName, ttl: fc.integer({ min: 0, max: 0x7fffffff }), typed: typedRdata })
  .map(({ owner, ttl, typed }) => ({ owner, ttl, class: CLASS.IN, ...typed }));
