import { parseBoolean } from '../../net/boolean.js';
import { durationForm, formatDuration, parseDuration } from '../../net/duration.js';
import { printable, quoted } from '../../text/printable.js';
import { type RecoveryStrategy, type StatusRange, dnsCheckTypes, type DnsCheckType } from '../check.js';

/** The result of reading a value. `fault` continues the sentence "KEY has the value "...", which ...". */
export type Reading<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: string };

export type Reader<T> = (text: string) => Reading<T>;

const good = <T>(value: T): Reading<T> => ({ ok: true, value });
const bad = (fault: string): { readonly ok: false; readonly fault: string } => ({ ok: false, fault });

export const readPort: Reader<number> = (text) => {
  const port = Number(text);
  return /^\d{1,5}$/.test(text) && port >= 1 && port <= 65535
    ? good(port)
    : bad('is not a port; write a whole number from 1 to 65535');
};

const longestMs = 24 * 3_600_000;

/**
 * A duration, in milliseconds.
 * @param least the shortest allowed duration in milliseconds; less would do harm
 * @param bare whether a number without a unit means milliseconds, as in Rancher
 */
export function readDuration(least: number, bare: boolean): Reader<number> {
  return (text) => {
    const ms = bare && /^\d{1,9}$/.test(text) ? Number(text) : parseDuration(text);
    if (ms !== undefined && ms >= least && ms <= longestMs) return good(ms);
    const form = bare ? 'written in milliseconds, such as 2000, or with a unit, such as 2s' : durationForm;
    return bad(`is not a duration from ${formatDuration(least)} to 24h, ${form}`);
  };
}

/** A threshold. */
export const readCount: Reader<number> = (text) => {
  const count = Number(text);
  return /^\d{1,3}$/.test(text) && count >= 1 && count <= 100
    ? good(count)
    : bad('is not a whole number from 1 to 100');
};

export const readBoolean: Reader<boolean> = (text) => {
  const value = parseBoolean(text);
  return value === undefined ? bad('must be true or false') : good(value);
};

export function readOneOf<T extends string>(words: readonly T[]): Reader<T> {
  return (text) => {
    const found = words.find((word) => word.toLowerCase() === text.toLowerCase());
    return found === undefined ? bad(`must be one of ${words.join(', ')}`) : good(found);
  };
}

const strategies: readonly RecoveryStrategy[] = ['none', 'recreate', 'recreateOnQuorum'];
export const readStrategy: Reader<RecoveryStrategy> = readOneOf(strategies);
export const readDnsType: Reader<DnsCheckType> = readOneOf<DnsCheckType>(dnsCheckTypes);

/** `200-399, 401` */
export const readStatuses: Reader<readonly StatusRange[]> = (text) => {
  const ranges: StatusRange[] = [];
  for (const item of text.split(',').map((each) => each.trim())) {
    const match = /^(\d{3})(?:\s*-\s*(\d{3}))?$/.exec(item);
    const from = Number(match?.[1]);
    const to = Number(match?.[2] ?? match?.[1]);
    if (!match || from < 100 || to > 599 || from > to)
      return bad('is not a list of HTTP statuses from 100 to 599; write them as 200-399, 401');
    ranges.push({ from, to });
  }
  return good(ranges);
};

/** RFC 9110 section 5.6.2. */
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/;
const headerValue = /^[\t\x20-\x7e\x80-\xff]{0,1024}$/;
/** Headers that the probe itself sets. A second one would change the meaning of the request. */
const ownHeaders: readonly string[] = ['host', 'connection', 'content-length', 'transfer-encoding'];

/** `Name: value; Name: value` */
export const readHeaders: Reader<Readonly<Record<string, string>>> = (text) => {
  const headers: Record<string, string> = {};
  for (const item of text.split(';').map((each) => each.trim())) {
    if (item === '') continue;
    const colon = item.indexOf(':');
    const name = item.slice(0, colon).trim();
    const value = item.slice(colon + 1).trim();
    if (colon < 1 || !token.test(name) || !headerValue.test(value))
      return bad('is not a list of headers; write them as "Name: value; Name: value"');
    if (ownHeaders.includes(name.toLowerCase()))
      return bad(`sets the header ${name}, which the check sets itself (Host has its own key)`);
    headers[name] = value;
  }
  return good(headers);
};

export const readMethod: Reader<string> = (text) =>
  token.test(text) ? good(text.toUpperCase()) : bad('is not an HTTP method, such as GET');

/** The target of a request: RFC 9112 section 3.2.1, or `*`. */
export const readPath: Reader<string> = (text) =>
  text.length <= 2048 && (text === '*' || /^\/[\x21-\x7e]*$/.test(text))
    ? good(text)
    : bad('is not a valid path; write one that begins with "/" and escapes blanks and special characters');

export const readVersion: Reader<'1.0' | '1.1'> = (text) => {
  const match = /^(?:HTTP\/)?1\.([01])$/i.exec(text);
  return match ? good(match[1] === '0' ? '1.0' : '1.1') : bad('is not an HTTP version; write 1.0 or 1.1');
};

export const readHost: Reader<string> = (text) =>
  /^[\x21-\x7e]{1,255}$/.test(text) && !/[/\\@?#]/.test(text)
    ? good(text)
    : bad('is not a valid Host header, such as www.example.com');

/** A regular expression, compiled once to check it. */
export const readPattern: Reader<string> = (text) => {
  if (text.length > 1000) return bad('is longer than 1000 characters');
  try {
    new RegExp(text, 'u');
    return good(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^.*: /s, '') : '';
    return bad(`is not a regular expression (${printable(reason)})`);
  }
};

/** Bytes written as text, with `\n`, `\r`, `\t`, `\0`, `\\` and `\xHH`. @returns one character per byte */
export const readOctets: Reader<string> = (text) => {
  const raw = Buffer.from(text, 'utf8').toString('latin1');
  let wrong: string | undefined;
  const plain: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '0': '\0', '\\': '\\' };
  const value = raw.replace(/\\(?:x([0-9a-fA-F]{2})|(.?))/gs, (whole, hex?: string, letter?: string) => {
    if (hex !== undefined) return String.fromCharCode(parseInt(hex, 16));
    const char = plain[letter ?? ''];
    if (char === undefined) wrong ??= whole;
    return char ?? '';
  });
  if (wrong !== undefined) return bad(`has ${quoted(wrong)}; write \\n, \\r, \\t, \\0, \\\\ or \\xHH`);
  return value.length <= 1400 ? good(value) : bad('is longer than 1400 bytes');
};

export const readDnsName: Reader<string> = (text) => {
  const name = text.toLowerCase().replace(/\.$/, '');
  const isName = name.length <= 253 && name.split('.').every((label) => /^[a-z0-9_-]{1,63}$/.test(label));
  return name === '' || isName ? good(name === '' ? '.' : name) : bad('is not a valid domain name');
};

/** A gRPC service name such as `shop.v1.Cart`; '' means the whole server. */
export const readGrpcService: Reader<string> = (text) =>
  /^[\x21-\x7e]{0,200}$/.test(text) ? good(text) : bad('is not a gRPC service name, such as shop.v1.Cart');

/** A JSON array is an argument list; any other text is a line for `/bin/sh -c`. */
export const readCommand: Reader<readonly string[]> = (text) => {
  if (text === '') return bad('is empty; write a command');
  if (text.length > 4096) return bad('is longer than 4096 characters');
  if (!text.startsWith('[')) return good(['/bin/sh', '-c', text]);
  try {
    const parsed: unknown = JSON.parse(text);
    if (Array.isArray(parsed) && parsed.length > 0 && parsed.every((each) => typeof each === 'string'))
      return good(parsed);
  } catch {
    // Reported below, because a text that begins with a bracket must be a list.
  }
  return bad('is not a list of words; write ["program", "argument"] or a line for the shell');
};
