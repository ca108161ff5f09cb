import { ANY, INT, STRING } from '../../template/types.js';
import { toBytes, fromBytes } from '../../template/byte-strings.js';
import { quote } from '../../template/quote.js';
import { stringList, stringMap } from '../../template/go-values.js';
import type { Value } from '../../template/value.js';
import { FunctionError } from '../../template/template-error.js';
import { decodeBase64, hexDigest } from './digests.js';
import { splitText, titleCase, trimCharacters, trimSpace } from './strings.js';
import { named, ofMany, strval, stringsOf, toCount, type Named } from './sprig-values.js';

const text = (value: Value): string => (typeof value === 'string' ? value : '');

function of(name: string, count: number, call: (...args: string[]) => Value): Named {
  return named(
    name,
    Array.from({ length: count }, () => STRING),
    (args) => call(...args.map(text)),
  );
}

function truncate(count: number, value: string): string {
  const bytes = toBytes(value);
  if (count < 0 && bytes.length + count > 0) return fromBytes(bytes.subarray(bytes.length + count));
  return count >= 0 && bytes.length > count ? fromBytes(bytes.subarray(0, count)) : value;
}

function abbreviate(left: number, width: number, value: string): string {
  if (width < 4 || (left > 0 && width < 7)) return value;
  const chars = Array.from(value);
  if (chars.length <= width) return value;
  const offset = Math.min(left, chars.length);
  const start = chars.length - offset < width - 3 ? chars.length - (width - 3) : offset;
  if (start <= 4) return `${chars.slice(0, width - 3).join('')}...`;
  if (start + width - 3 < chars.length) return `...${abbreviate(0, width - 3, chars.slice(start).join(''))}`;
  return `...${chars.slice(chars.length - (width - 3)).join('')}`;
}

/** The words of an identifier in any of the usual forms. */
function words(value: string): string[] {
  return value.match(/\p{Lu}+(?!\p{Ll})|\p{Lu}?[\p{Ll}]+|\p{N}+|[\p{L}]+/gu) ?? [];
}

function substring(start: number, end: number, value: string): string {
  const bytes = toBytes(value);
  const from = start < 0 ? 0 : start;
  const to = end < 0 || end > bytes.length ? bytes.length : end;
  if (from > to) throw new FunctionError(`slice bounds out of range [${from}:${to}]`);
  return fromBytes(bytes.subarray(from, to));
}

function wrap(width: number, separator: string, value: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of value.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].join(separator);
}

function repeat(count: number, value: string): string {
  if (count < 0) throw new FunctionError('strings: negative Repeat count');
  if (count * value.length > 100_000_000) throw new FunctionError('the text would be too long');
  return value.repeat(count);
}

function adler32(value: string): string {
  let [a, b] = [1, 0];
  for (const byte of toBytes(value)) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return String(((b << 16) | a) >>> 0);
}

const BASE_32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

function encodeBase32(value: string): string {
  let bits = '';
  for (const byte of toBytes(value)) bits += byte.toString(2).padStart(8, '0');
  const groups = bits.match(/.{1,5}/g) ?? [];
  const out = groups.map((group) => BASE_32[Number.parseInt(group.padEnd(5, '0'), 2)] ?? '').join('');
  return out.padEnd(Math.ceil(out.length / 8) * 8, '=');
}

function decodeBase32(value: string): string {
  let bits = '';
  for (const char of value.replace(/=+$/, '')) {
    const at = BASE_32.indexOf(char);
    if (at < 0) return 'illegal base32 data';
    bits += at.toString(2).padStart(5, '0');
  }
  const bytes = (bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2));
  return fromBytes(Uint8Array.from(bytes));
}

function splitDict(parts: readonly string[]): Value {
  return stringMap(parts.map((part, index) => [`_${index}`, part]));
}

function splitLimited(separator: string, count: number, value: string): Value {
  const parts = splitText(value, separator);
  const kept =
    count > 0 && parts.length > count
      ? [...parts.slice(0, count - 1), parts.slice(count - 1).join(separator)]
      : parts;
  return splitDict(kept);
}

const indentAll = (count: number, value: string): string => {
  const pad = ' '.repeat(Math.min(Math.max(count, 0), 10_000));
  return pad + value.replaceAll('\n', `\n${pad}`);
};

const quoted = (args: readonly Value[], make: (value: string) => string): string =>
  args
    .filter((arg) => arg !== null && arg !== undefined)
    .map((arg) => make(strval(arg)))
    .join(' ');

const joined = (parts: readonly string[], make: (part: string, index: number) => string, between: string) =>
  parts.map(make).join(between);

const capital = (word: string): string => word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase();

/** Sprig's functions for strings. */
export const SPRIG_STRINGS: readonly Named[] = [
  named('abbrev', [INT, STRING], ([width, value]) => abbreviate(0, toCount(width), text(value))),
  named('abbrevboth', [INT, INT, STRING], ([left, width, value]) =>
    abbreviate(toCount(left), toCount(width), text(value)),
  ),
  named('trunc', [INT, STRING], ([count, value]) => truncate(toCount(count), text(value))),
  of('trim', 1, (value = '') => trimSpace(value)),
  of('upper', 1, (value = '') => value.toUpperCase()),
  of('lower', 1, (value = '') => value.toLowerCase()),
  of('title', 1, (value = '') => titleCase(value)),
  of('untitle', 1, (value = '') =>
    value.replace(/(?<![\p{L}\p{N}])\p{L}/gu, (letter) => letter.toLowerCase()),
  ),
  named('substr', [INT, INT, STRING], ([start, end, value]) =>
    substring(toCount(start), toCount(end), text(value)),
  ),
  named('repeat', [INT, STRING], ([count, value]) => repeat(toCount(count), text(value))),
  of('trimall', 2, (cutset = '', value = '') => trimCharacters(value, cutset)),
  of('trimAll', 2, (cutset = '', value = '') => trimCharacters(value, cutset)),
  of('trimSuffix', 2, (suffix = '', value = '') =>
    suffix !== '' && value.endsWith(suffix) ? value.slice(0, -suffix.length) : value,
  ),
  of('trimPrefix', 2, (prefix = '', value = '') =>
    value.startsWith(prefix) ? value.slice(prefix.length) : value,
  ),
  of('nospace', 1, (value = '') => value.replaceAll(/\s/g, '')),
  of('initials', 1, (value = '') => (value.match(/(?<!\S)\S/gu) ?? []).join('')),
  of('swapcase', 1, (value = '') =>
    Array.from(value, (char) => (char === char.toUpperCase() ? char.toLowerCase() : char.toUpperCase())).join(
      '',
    ),
  ),
  of('snakecase', 1, (value = '') => words(value).join('_').toLowerCase()),
  of('kebabcase', 1, (value = '') => words(value).join('-').toLowerCase()),
  of('camelcase', 1, (value = '') => joined(words(value), capital, '')),
  named('wrap', [INT, STRING], ([width, value]) => wrap(toCount(width), '\n', text(value))),
  named('wrapWith', [INT, STRING, STRING], ([width, separator, value]) =>
    wrap(toCount(width), text(separator), text(value)),
  ),
  of('contains', 2, (part = '', value = '') => value.includes(part)),
  of('hasPrefix', 2, (part = '', value = '') => value.startsWith(part)),
  of('hasSuffix', 2, (part = '', value = '') => value.endsWith(part)),
  ofMany('quote', (args) => quoted(args, (value) => quote(value))),
  ofMany('squote', (args) => quoted(args, (value) => `'${value}'`)),
  ofMany('cat', (args) =>
    args
      .filter((arg) => arg !== null && arg !== undefined)
      .map(strval)
      .join(' '),
  ),
  named('indent', [INT, STRING], ([count, value]) => indentAll(toCount(count), text(value))),
  named('nindent', [INT, STRING], ([count, value]) => `\n${indentAll(toCount(count), text(value))}`),
  of('replace', 3, (from = '', to = '', value = '') => value.replaceAll(from, () => to)),
  named('plural', [STRING, STRING, INT], ([one, many, count]) =>
    toCount(count) === 1 ? text(one) : text(many),
  ),
  of('sha1sum', 1, (value = '') => hexDigest('sha1', value)),
  of('sha256sum', 1, (value = '') => hexDigest('sha256', value)),
  of('sha512sum', 1, (value = '') => hexDigest('sha512', value)),
  of('adler32sum', 1, (value = '') => adler32(value)),
  ofMany('toString', ([value]) => strval(value)),
  named('join', [STRING, ANY], ([separator, value]) => stringsOf(value).join(text(separator))),
  named('sortAlpha', [ANY], ([value]) =>
    stringList(stringsOf(value).toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))),
  ),
  of('split', 2, (separator = '', value = '') => splitDict(splitText(value, separator))),
  of('splitList', 2, (separator = '', value = '') => stringList(splitText(value, separator))),
  named('splitn', [STRING, INT, STRING], ([separator, count, value]) =>
    splitLimited(text(separator), toCount(count), text(value)),
  ),
  named('toStrings', [ANY], ([value]) => stringList(stringsOf(value))),
  of('b64enc', 1, (value = '') => toBytes(value).toString('base64')),
  of('b64dec', 1, (value = '') => decodeBase64(value, false, 'b64dec')),
  of('b32enc', 1, encodeBase32),
  of('b32dec', 1, decodeBase32),
  of('hello', 0, () => 'Hello!'),
  of('fail', 1, (message = '') => {
    throw new FunctionError(message);
  }),
];
