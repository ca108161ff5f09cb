import { CLASS, FLAG, OPCODE } from '../../src/wire/constants.js';
import { nameFromText } from '../../src/wire/name-text.js';
import { DOMAIN } from './golden/fixture.js';

/** The ID of queries, where nothing else is said. */
export const ID = 0x1234;

export type FlagName = keyof typeof FLAG;

export interface HeaderFields {
  readonly id?: number;
  readonly opcode?: number;
  /** `QR AA TC RD RA AD CD`; `RD` by default. */
  readonly flags?: string;
  /** Bits that have no name: Z is 0x40, an RCODE is 0..15. */
  readonly bits?: number;
  readonly counts?: readonly [questions: number, answers: number, authority: number, additionals: number];
}

export function header({
  id = ID,
  opcode = OPCODE.QUERY,
  flags = 'RD',
  bits = 0,
  counts = [1, 0, 0, 0],
}: HeaderFields = {}): Buffer {
  return u16(id, flagBits(flags) | (opcode << 11) | bits, ...counts);
}

/** `AA RD` to their bits. */
export function flagBits(names: string): number {
  return names
    .split(' ')
    .filter((name) => name !== '')
    .reduce((bits, name) => bits | FLAG[name as FlagName], 0);
}

/** A name below the domain, or with a dot at its end a whole one; escapes as in RFC 1035 section 5.1. */
export function wireName(text: string): Uint8Array {
  const name = nameFromText(text.endsWith('.') ? text : fullName(text));
  if (name === undefined) throw new Error(`not a name: ${text}`);
  return name;
}

/** `web.stack` to `web.stack.rancher.internal`. */
export function fullName(text: string): string {
  return text === '' ? DOMAIN : `${text}.${DOMAIN}`;
}

export function question(name: string | Uint8Array, type: number, klass: number = CLASS.IN): Buffer {
  return Buffer.concat([typeof name === 'string' ? wireName(name) : name, u16(type, klass)]);
}

export interface OptFields {
  readonly size?: number;
  readonly version?: number;
  /** The lower 16 bits of the TTL: DO is 0x8000. */
  readonly flags?: number;
  /** Code and data in hex. */
  readonly options?: readonly (readonly [code: number, hex: string])[];
  /** Bytes in the place of the options, when they are not well-formed. */
  readonly rdata?: Uint8Array;
  /** A length that is not that of the data. */
  readonly length?: number;
  readonly owner?: Uint8Array;
}

export function opt({ size = 1232, version = 0, flags = 0, options = [], ...rest }: OptFields = {}): Buffer {
  const { owner = Uint8Array.of(0), length } = rest;
  const rdata =
    rest.rdata ??
    Buffer.concat(options.map(([code, hex]) => Buffer.concat([u16(code, hex.length / 2), unhex(hex)])));
  const fixed = Buffer.concat([u16(41, size), Buffer.of(0, version), u16(flags, length ?? rdata.length)]);
  return Buffer.concat([owner, fixed, rdata]);
}

/** A record of the root with data in hex, for sections that a query must not have. */
export function record(type: number, hex: string): Buffer {
  return Buffer.concat([Buffer.of(0), u16(type, 1, 0, 0, hex.length / 2), unhex(hex)]);
}

export interface QueryOptions extends Omit<HeaderFields, 'counts'> {
  readonly class?: number;
  readonly opt?: OptFields;
}

/** A well-formed query. */
export function query(name: string | Uint8Array, type: number, options: QueryOptions = {}): Buffer {
  return Buffer.concat([
    header({ ...options, counts: [1, 0, 0, options.opt ? 1 : 0] }),
    question(name, type, options.class),
    ...(options.opt ? [opt(options.opt)] : []),
  ]);
}

export function unhex(text: string): Buffer {
  return Buffer.from(text.replace(/\s/g, ''), 'hex');
}

export function u16(...values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) buffer.writeUInt16BE(value, index * 2);
  return buffer;
}
