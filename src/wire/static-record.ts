import { typeName } from './constants.js';
import { recordKinds, type KindName } from './record-kinds.js';
import { rdataToText } from './record-text.js';
import type { Rdata } from './resource-record.js';

/** One resource record of a name, as an operator writes it. */
export interface StaticRecord {
  /** `printer.lan`, `*.dev.example`: lower case, without a final dot. */
  readonly owner: string;
  /** Seconds. Undefined: the default TTL. */
  readonly ttl?: number;
  readonly type: number;
  readonly rdata: Rdata;
}

export type RecordResult =
  | { readonly ok: true; readonly record: StaticRecord }
  /** `fault` continues from "the record ...". */
  | { readonly ok: false; readonly fault: string };

/** The types that operators may write, by name. */
const writable: ReadonlyMap<string, KindName> = new Map(
  [...recordKinds]
    .filter(([, { example }]) => example !== undefined)
    .map(([kind, { type }]) => [typeName(type), kind]),
);

/** `A, AAAA, CAA, ...` */
export const WRITABLE_TYPES = [...writable.keys()].join(', ');

/** RFC 2181 section 8. */
const MAX_TTL = 2 ** 31 - 1;

/**
 * Reads one line of a zone file (RFC 1035 section 5.1): `owner [ttl] [IN] type data`. All names are absolute, with or
 * without the final dot. A `*` as the first label of the owner makes a wildcard (RFC 4592).
 */
export function parseRecord(line: string): RecordResult {
  const words = splitWords(line);
  if (!words) return fault('has a quote that is not closed');
  const [owner = '', ...rest] = words;
  const ttlText = /^\d+$/.test(rest[0] ?? '') ? rest.shift() : undefined;
  if (/^in$/i.test(rest[0] ?? '')) rest.shift();
  const [typeText, ...data] = rest;
  const ownerName = readOwner(owner);
  if (ownerName === undefined) return fault(`has the owner "${owner}", which is not a valid domain name`);
  if (typeText === undefined)
    return fault('is not complete: write "owner [ttl] type data", such as "printer.lan A 192.0.2.7"');
  const kind = writable.get(typeText.toUpperCase());
  const row = kind && recordKinds.get(kind);
  if (!row) return fault(`has the type "${typeText}"; it must be one of ${WRITABLE_TYPES}`);
  const ttl = ttlText === undefined ? undefined : Number(ttlText);
  if (ttl !== undefined && ttl > MAX_TTL)
    return fault(`has a TTL of ${ttlText ?? ''}; the largest is ${MAX_TTL} seconds`);
  const parsed = row.parse(data);
  if (typeof parsed === 'string') return fault(parsed);
  const rdata = { kind, ...parsed } as unknown as Rdata;
  return { ok: true, record: { owner: ownerName, ...(ttl !== undefined && { ttl }), type: row.type, rdata } };
}

/** The line that {@link parseRecord} reads as this record. */
export function formatRecord({ owner, ttl, type, rdata }: StaticRecord): string {
  return [`${owner}.`, ...(ttl === undefined ? [] : [ttl]), typeName(type), rdataToText(rdata)].join(' ');
}

const fault = (text: string): RecordResult => ({ ok: false, fault: text });

/** A name whose labels may begin with an underscore. The first label may be `*`. */
function readOwner(text: string): string | undefined {
  const name = text.toLowerCase().replace(/\.$/, '');
  const labels = name.split('.');
  const isLabel = (label: string, at: number) =>
    /^[a-z0-9_-]{1,63}$/.test(label) || (at === 0 && label === '*' && labels.length > 1);
  return name.length <= 253 && labels.every(isLabel) ? name : undefined;
}

/**
 * Splits at white space. A quoted word may be empty and contain anything, with `\"`, `\\` and `\DDD` as in a zone file.
 * Text becomes UTF-8 bytes, one character each.
 * @returns undefined when a quote is not closed
 */
function splitWords(line: string): string[] | undefined {
  const words: string[] = [];
  const pattern = /\s*(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))/suy;
  let end = 0;
  for (let match = pattern.exec(line); match; match = pattern.exec(line)) {
    end = pattern.lastIndex;
    words.push(unescaped(match[1] ?? match[2] ?? ''));
  }
  return line.slice(end).trim() === '' ? words : undefined;
}

function unescaped(text: string): string {
  const bytes = Buffer.from(text, 'utf8').toString('latin1');
  return bytes.replace(
    /\\(?:(\d{3})|(.))/gs,
    (whole, decimal: string | undefined, plain: string | undefined) => {
      if (decimal === undefined) return plain ?? '';
      return Number(decimal) > 255 ? whole : String.fromCharCode(Number(decimal));
    },
  );
}
