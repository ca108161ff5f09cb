import { ipBytes } from '../net/ip.js';
import type { NftSet } from './nft-table.js';

/** How the keys, and in a map the values, of a set are written for the kernel. */
export interface ElementForm {
  readonly key: (text: string) => Uint8Array;
  /** Absent in a set that is not a map. */
  readonly value?: (text: string) => Uint8Array;
}

type Writer = (text: string) => Uint8Array;

const PROTOCOLS: Readonly<Record<string, number>> = { tcp: 6, udp: 17 };
/** IFNAMSIZ (linux/if.h). */
const INTERFACE_NAME = 16;

/** The types of nft(8), as far as sets of ours have them. */
const WRITERS: Readonly<Record<string, Writer>> = {
  ipv4_addr: (text) => ofSize(ipBytes(text), 4),
  ipv6_addr: (text) => ofSize(ipBytes(text), 16),
  inet_proto: (text) => Uint8Array.of(PROTOCOLS[text] ?? number(text, 0xff)),
  inet_service: (text) => {
    const port = number(text, 0xffff);
    return Uint8Array.of(port >> 8, port & 0xff);
  },
  // The only one in the order of this machine's bytes.
  mark: (text) => new Uint8Array(Uint32Array.of(number(text, 0xffff_ffff)).buffer),
  ifname: (text) => {
    const name = Buffer.from(text.replaceAll('"', ''));
    if (name.length >= INTERFACE_NAME)
      throw new RangeError(`${text} is longer than the name of an interface`);
    const bytes = new Uint8Array(INTERFACE_NAME);
    bytes.set(name);
    return bytes;
  },
};

/** @returns undefined for a set of another kind: with ranges, with timeouts, of other types, of verdicts */
export function elementForm({ statements }: NftSet): ElementForm | undefined {
  const [type = '', ...others] = statements;
  if (!type.startsWith('type ') || others.some((each) => each.startsWith('flags'))) return undefined;
  const [key, value] = type.slice('type '.length).split(' : ').map(writerOf);
  if (!key) return undefined;
  if (!type.includes(' : ')) return { key };
  return value && { key, value };
}

/** Each field of several begins at a multiple of four bytes, a register of the kernel. */
function writerOf(types: string): Writer | undefined {
  const writers = types.split(' . ').map((type) => WRITERS[type]);
  if (!writers.every((writer) => writer !== undefined)) return undefined;
  const [only] = writers;
  if (only && writers.length === 1) return only;
  return (text) => {
    const fields = text.split(' . ');
    if (fields.length !== writers.length) throw new RangeError(`${text} does not have ${types}`);
    return Buffer.concat(
      writers.flatMap((writer, at) => {
        const bytes = writer(fields[at] ?? '');
        return [bytes, new Uint8Array(-bytes.length & 3)];
      }),
    );
  };
}

function ofSize(bytes: Uint8Array, size: number): Uint8Array {
  if (bytes.length !== size) throw new RangeError(`${bytes.length} bytes instead of ${size}`);
  return bytes;
}

function number(text: string, most: number): number {
  const value = Number(text);
  if (text === '' || !Number.isInteger(value) || value < 0 || value > most)
    throw new RangeError(`${text} is not a whole number from 0 to ${most}`);
  return value;
}
