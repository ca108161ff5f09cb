import { canonicalIp, ipBytes, ipFamily, ipFromBytes } from '../net/ip.js';
import { latin1 } from './bytes.js';
import { nameFromLabels, ROOT, type DnsName } from './name.js';
import { nameToText } from './name-text.js';
import type { RdataCursor, RdataSink } from './rdata-cursor.js';

/**
 * One field of a record's data, on the wire and in a zone file. In text, a word is the part between white space,
 * without quotes and escapes. Each character is one byte.
 */
export interface Field<T> {
  read(cursor: RdataCursor): T;
  write(value: T, sink: RdataSink): void;
  /** @returns undefined when the word is not a valid value */
  parse(word: string): T | undefined;
  format(value: T): string;
  /** The value is a domain name. */
  readonly isName?: true;
}

function number(bytes: 1 | 2 | 4): Field<number> {
  const read = { 1: 'u8', 2: 'u16', 4: 'u32' } as const;
  const method = read[bytes];
  const most = 256 ** bytes - 1;
  return {
    read: (cursor) => cursor[method](),
    write: (value, sink) => sink[method](value),
    parse: (word) => (/^\d{1,10}$/.test(word) && Number(word) <= most ? Number(word) : undefined),
    format: String,
  };
}

export const u8 = number(1);
export const u16 = number(2);
export const u32 = number(4);

function address(family: 4 | 6): Field<Uint8Array> {
  return {
    read: (cursor) => cursor.bytes(family === 4 ? 4 : 16),
    write: (value, sink) => sink.bytes(value),
    parse(word) {
      const ip = canonicalIp(word);
      return ip !== undefined && ipFamily(ip) === family ? ipBytes(ip) : undefined;
    },
    format: (value) => ipFromBytes(value) ?? '',
  };
}

export const ipv4 = address(4);
export const ipv6 = address(6);

interface NameOptions {
  /**
   * Whether writers may compress it. Only the types of RFC 1035 allow this (RFC 3597 section 4). Readers always expand
   * it.
   */
  readonly compress: boolean;
  /** Whether the text may be the root, which means "none" (RFC 2782, RFC 7505). */
  readonly root?: boolean;
}

/** A domain name. Its text is absolute, with or without the final dot, and is converted to lower case. */
export function domainName({ compress, root = false }: NameOptions): Field<DnsName> {
  return {
    read: (cursor) => cursor.name(),
    write: (value, sink) => sink.name(value, compress),
    parse(word) {
      if (word === '.') return root ? ROOT : undefined;
      const labels = word.toLowerCase().replace(/\.$/, '').split('.');
      return labels.every((label) => /^[a-z0-9_-]+$/.test(label)) ? nameFromLabels(labels) : undefined;
    },
    format: absoluteName,
    isName: true,
  };
}

/** The name as text with the final dot. */
export function absoluteName(name: DnsName): string {
  const text = nameToText(name);
  return text === '.' ? text : `${text}.`;
}

/** The longest character-string (RFC 1035 section 3.3). */
export const MAX_STRING = 255;

const readString = (cursor: RdataCursor): Uint8Array => cursor.bytes(cursor.u8());

function writeString(value: Uint8Array, sink: RdataSink): void {
  const string = value.subarray(0, MAX_STRING);
  sink.u8(string.length);
  sink.bytes(string);
}

/** A character-string. */
export const string: Field<Uint8Array> = {
  read: readString,
  write: writeString,
  parse: (word) => (word.length <= MAX_STRING ? bytesOf(word) : undefined),
  format: quoted,
};

/** A character-string of letters and digits, which needs no quotes: the tag of CAA. */
export const keyword: Field<Uint8Array> = {
  read: readString,
  write: writeString,
  parse: (word) => (/^[a-z0-9]{1,255}$/i.test(word) ? bytesOf(word.toLowerCase()) : undefined),
  format: (value) => (/^[a-z0-9]+$/i.test(latin1(value)) ? latin1(value) : quoted(value)),
};

/** Character-strings up to the end of the data. In text, each is one word, separated by spaces. */
export const strings: Field<readonly Uint8Array[]> = {
  read(cursor) {
    const found: Uint8Array[] = [];
    while (cursor.left > 0) found.push(readString(cursor));
    return found;
  },
  write: (value, sink) => value.forEach((each) => writeString(each, sink)),
  parse: (word) => (word.length <= MAX_STRING ? [bytesOf(word)] : undefined),
  format: (value) => value.map(quoted).join(' '),
};

/** Text up to the end of the data, without a length prefix: the value of CAA. */
export const rest: Field<Uint8Array> = {
  read: (cursor) => cursor.bytes(cursor.left),
  write: (value, sink) => sink.bytes(value),
  parse: bytesOf,
  format: quoted,
};

/** @param word each character is one byte */
export function bytesOf(word: string): Uint8Array {
  return new Uint8Array(Buffer.from(word, 'latin1'));
}

/**
 * Quotes as in a zone file: printable ASCII in quotes, everything else as `\DDD`. The result is safe in a terminal.
 */
function quoted(bytes: Uint8Array): string {
  const escaped = latin1(bytes).replace(/["\\]|[^ -~]/g, (each) =>
    each === '"' || each === '\\' ? `\\${each}` : `\\${String(each.charCodeAt(0)).padStart(3, '0')}`,
  );
  return `"${escaped}"`;
}
