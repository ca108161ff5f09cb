import { byteLength } from '../../template/byte-strings.js';
import { fixed, ofAny } from '../../template/functions.js';
import { type TemplateFunction, GoList, Sized, type Value } from '../../template/value.js';
import { parseFloat64 } from '../../template/number-constant.js';
import { quote } from '../../template/quote.js';
import { FunctionError } from '../../template/template-error.js';
import { ANY, ANYS, INT, INT64, STRING, STRINGS, UINT64 } from '../../template/types.js';
import { MAX_INT, MAX_UINT, MIN_INT, stringList, stringMap } from '../../template/go-values.js';

/** The arguments of functions whose parameters are all strings. */
export function texts(args: readonly Value[]): string[] {
  return args.map((arg) => (typeof arg === 'string' ? arg : ''));
}

/** A function of strings. */
export function ofTexts(count: number, call: (...args: string[]) => Value): TemplateFunction {
  const params = Array.from({ length: count }, () => STRING);
  return fixed(params, (args) => call(...texts(args)));
}

/** Go's definition of white space. */
const SPACE = '[\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+';
const LEADING = new RegExp(`^${SPACE}`);
const TRAILING = new RegExp(`${SPACE}$`);

/** `strings.TrimSpace` */
export function trimSpace(text: string): string {
  return text.replace(LEADING, '').replace(TRAILING, '');
}

/** `strings.Trim` */
export function trimCharacters(text: string, cutset: string, sides = 'both'): string {
  const cut = new Set(cutset);
  const chars = Array.from(text);
  let start = 0;
  let end = chars.length;
  while (sides !== 'right' && start < end && cut.has(chars[start] ?? '')) start += 1;
  while (sides !== 'left' && end > start && cut.has(chars[end - 1] ?? '')) end -= 1;
  return chars.slice(start, end).join('');
}

/** `strings.Split`. An empty separator splits into characters. */
export function splitText(text: string, separator: string): string[] {
  return separator === '' ? Array.from(text) : text.split(separator);
}

/** Converts the first letter of each word to upper case. The other letters stay. */
export function titleCase(text: string): string {
  return text.replace(/(?<![\p{L}\p{N}\p{M}_'’])\p{L}/gu, (letter) => letter.toUpperCase());
}

function splitToMap(first: string, second: string, text: string): Value {
  const trimmed = trimSpace(text);
  if (trimmed === '') return stringMap([]);
  const pairs = splitText(trimmed, first).flatMap((item): [string, string][] => {
    const at = item.indexOf(second);
    return at < 0 ? [] : [[item.slice(0, at), item.slice(at + second.length)]];
  });
  return stringMap(pairs);
}

function indentLines(spaces: bigint, text: string): string {
  if (spaces < 0n) throw new FunctionError('indent value must be a positive integer');
  if (spaces > 10_000n) throw new FunctionError('indent value must be at most 10000');
  return text.replace(/^(?=[^\n])/gm, ' '.repeat(Number(spaces)));
}

/** True when a list contains the value, or a string the substring. Numbers of different kinds are never equal. */
export function has(list: Value, value: Value): boolean {
  if (typeof list === 'string') return typeof value === 'string' && list.includes(value);
  if (!(list instanceof GoList)) return false;
  return list.items.some((item) => {
    if (typeof item === 'string' || typeof item === 'number') return item === value;
    const own = signed(item);
    return own !== undefined && own === signed(value);
  });
}

function signed(value: Value): bigint | undefined {
  if (typeof value === 'bigint') return value;
  return value instanceof Sized && value.type.kind === 'int' ? value.value : undefined;
}

/** `containsAll` and its relatives. */
function containsSome(atEnd: boolean, invert: boolean): TemplateFunction {
  return fixed([ANYS, ANY], ([needles, list]) => {
    const items = needles instanceof GoList ? needles.items : [];
    return items.some((item) => has(list, item) !== invert) ? !atEnd : atEnd;
  });
}

function parseBool(text: string): boolean {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return true;
  if (['', '0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text)) return false;
  throw new FunctionError(`parseBool: strconv.ParseBool: parsing ${quote(text)}: invalid syntax`);
}

/** A decimal integer. @throws FunctionError worded like `strconv` */
export function parseDecimal(text: string, name: 'ParseInt' | 'ParseUint'): bigint {
  const signedNumber = name === 'ParseInt';
  const problem = (words: string) =>
    new FunctionError(`${name.replace('P', 'p')}: strconv.${name}: parsing ${quote(text)}: ${words}`);
  if (!(signedNumber ? /^[+-]?[0-9]+$/ : /^[0-9]+$/).test(text)) throw problem('invalid syntax');
  const value = BigInt(text.replace(/^\+/, ''));
  if (signedNumber ? value < MIN_INT || value > MAX_INT : value > MAX_UINT)
    throw problem('value out of range');
  return value;
}

function parseFloat_(text: string): number {
  if (text === '') return 0;
  const value = parseFloat64(text);
  if (value !== undefined) return value;
  throw new FunctionError(`parseFloat: strconv.ParseFloat: parsing ${quote(text)}: invalid syntax`);
}

/** Functions for strings and lists of strings. */
export const STRING_FUNCTIONS: readonly (readonly [string, TemplateFunction])[] = [
  ['contains', ofAny(2, ([value, list]) => has(list, value))],
  ['in', ofAny(2, ([list, value]) => has(list, value))],
  ['containsAll', containsSome(true, true)],
  ['containsAny', containsSome(false, false)],
  ['containsNone', containsSome(true, false)],
  ['containsNotAll', containsSome(false, true)],
  [
    'join',
    fixed([STRING, STRINGS], ([separator, list], call) => {
      const items = list instanceof GoList ? texts(list.items) : [];
      const [between = ''] = texts([separator]);
      call.reserve(items.length * byteLength(between));
      return items.join(between);
    }),
  ],
  [
    'split',
    ofTexts(2, (separator = '', text = '') => {
      const trimmed = trimSpace(text);
      return stringList(trimmed === '' ? [] : splitText(trimmed, separator));
    }),
  ],
  ['splitToMap', ofTexts(3, (first = '', second = '', text = '') => splitToMap(first, second, text))],
  ['trim', ofTexts(2, (cutset = '', text = '') => trimCharacters(text, cutset))],
  [
    'trimPrefix',
    ofTexts(2, (prefix = '', text = '') => (text.startsWith(prefix) ? text.slice(prefix.length) : text)),
  ],
  [
    'trimSuffix',
    ofTexts(2, (suffix = '', text = '') =>
      suffix !== '' && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text,
    ),
  ],
  ['trimSpace', ofTexts(1, (text = '') => trimSpace(text))],
  ['replaceAll', ofTexts(3, (from = '', to = '', text = '') => text.replaceAll(from, () => to))],
  ['toLower', ofTexts(1, (text = '') => text.toLowerCase())],
  ['toUpper', ofTexts(1, (text = '') => text.toUpperCase())],
  ['toTitle', ofTexts(1, (text = '') => titleCase(text))],
  [
    'indent',
    fixed([INT, STRING], ([spaces, text]) =>
      indentLines(typeof spaces === 'bigint' ? spaces : 0n, texts([text])[0] ?? ''),
    ),
  ],
  ['parseBool', ofTexts(1, (text = '') => parseBool(text))],
  ['parseFloat', ofTexts(1, (text = '') => parseFloat_(text))],
  [
    'parseInt',
    ofTexts(1, (text = '') => new Sized(INT64, text === '' ? 0n : parseDecimal(text, 'ParseInt'))),
  ],
  [
    'parseUint',
    ofTexts(1, (text = '') => new Sized(UINT64, text === '' ? 0n : parseDecimal(text, 'ParseUint'))),
  ],
];
