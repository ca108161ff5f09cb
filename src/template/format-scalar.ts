import { byteLength, toBytes } from './byte-strings.js';
import { formatFloat } from './format-float.js';
import { pad, type FormatFlags } from './format-flags.js';
import { isPrintable, quote, quoteRune, unicodeName } from './quote.js';

/** Each function returns undefined for a verb that the type does not support. */

export function formatBool(value: boolean, verb: string, flags: FormatFlags): string | undefined {
  return verb === 't' || verb === 'v' ? pad(String(value), flags) : undefined;
}

const BASES: Readonly<Record<string, number>> = { v: 10, d: 10, b: 2, o: 8, O: 8, x: 16, X: 16 };

export function formatInteger(
  value: bigint,
  verb: string,
  flags: FormatFlags,
  signed: boolean,
): string | undefined {
  if (verb === 'v' && flags.sharpV && !signed) return integer(value, 16, 'v', { ...flags, sharp: true });
  const base = BASES[verb];
  if (base !== undefined) return integer(value, base, verb, flags);
  switch (verb) {
    case 'c':
      return pad(String.fromCodePoint(validCode(value)), flags);
    case 'q':
      return pad(quoteRune(validCode(value), flags.plus), flags);
    case 'U':
      return unicode(value, flags);
    default:
      return undefined;
  }
}

/** The code point of an integer; U+FFFD if it is invalid. */
function validCode(value: bigint): number {
  if (value < 0n || value > 0x10ffffn) return 0xfffd;
  const code = Number(value);
  return code >= 0xd800 && code < 0xe000 ? 0xfffd : code;
}

function unicode(value: bigint, flags: FormatFlags): string {
  const positive = BigInt.asUintN(64, value);
  let text = positive
    .toString(16)
    .toUpperCase()
    .padStart(Math.max(flags.precision ?? 0, 4), '0');
  text = `U+${text}`;
  const code = positive > 0x10ffffn ? -1 : Number(positive);
  if (flags.sharp && code >= 0 && isPrintable(code))
    text += unicodeName(code).slice(unicodeName(code, false).length);
  return pad(text, { ...flags, zero: false });
}

function integer(value: bigint, base: number, verb: string, flags: FormatFlags): string {
  const unpadded = { ...flags, zero: false };
  const negative = value < 0n;
  if (flags.precision === 0 && value === 0n) return pad('', unpadded);
  let least = flags.precision ?? 0;
  if (flags.precision === undefined && flags.zero && flags.width !== undefined) {
    least = flags.width - (negative || flags.plus || flags.space ? 1 : 0);
  }
  let text = (negative ? -value : value).toString(base).padStart(least, '0');
  if (flags.sharp) {
    if (base === 2) text = `0b${text}`;
    else if (base === 8 && !text.startsWith('0')) text = `0${text}`;
    else if (base === 16) text = `0x${text}`;
  }
  if (verb === 'O') text = `0o${text}`;
  if (verb === 'X') text = text.toUpperCase();
  if (negative) text = `-${text}`;
  else if (flags.plus) text = `+${text}`;
  else if (flags.space) text = ` ${text}`;
  return pad(text, unpadded);
}

const FLOAT_VERBS: Readonly<Record<string, readonly [verb: string, precision: number]>> = {
  v: ['g', -1],
  b: ['b', -1],
  g: ['g', -1],
  G: ['G', -1],
  x: ['x', -1],
  X: ['X', -1],
  f: ['f', 6],
  F: ['f', 6],
  e: ['e', 6],
  E: ['E', 6],
};

export function formatFloatVerb(value: number, verb: string, flags: FormatFlags): string | undefined {
  const spec = FLOAT_VERBS[verb];
  if (spec === undefined) return undefined;
  const [letter, usual] = spec;
  const precision = flags.precision ?? usual;
  const plain = formatFloat(value, letter, precision);
  const sign = plain.startsWith('-') ? '-' : flags.space && !flags.plus ? ' ' : '+';
  let digits = plain.replace(/^[+-]/, '');
  if (digits === 'Inf' || digits === 'NaN') {
    const shown = sign !== '+' || flags.plus || (digits === 'NaN' && flags.space) ? sign + digits : digits;
    // The plus sign of infinity is dropped unless a flag requires it.
    return pad(digits === 'Inf' && sign === '+' ? `+${digits}` : shown, { ...flags, zero: false });
  }
  if (flags.sharp && letter !== 'b') digits = withPoint(digits, verb, letter, precision);
  if (!flags.plus && sign === '+') return pad(digits, flags);
  if (flags.zero && flags.width !== undefined) return sign + digits.padStart(flags.width - 1, '0');
  return pad(sign + digits, flags);
}

/** `%#g` and the like: always writes a decimal point and keeps trailing zeros. */
function withPoint(digits: string, verb: string, letter: string, precision: number): string {
  const hex = letter === 'x' || letter === 'X';
  const tailAt = digits.search(hex ? /[pP]/ : /[eE]/);
  let number = tailAt < 0 ? digits : digits.slice(0, tailAt);
  const tail = tailAt < 0 ? '' : digits.slice(tailAt);
  let wanted =
    'gG'.includes(letter) || letter === 'x' || verb === 'v' ? (precision === -1 ? 6 : precision) : 0;
  wanted -= number.replace('.', '').replace(/^0+/, '').length;
  if (!number.includes('.')) {
    if (number === '0') wanted -= 1;
    number += '.';
  }
  return number + '0'.repeat(Math.max(wanted, 0)) + tail;
}

export function formatString(value: string, verb: string, flags: FormatFlags): string | undefined {
  switch (verb) {
    case 'v':
      return flags.sharpV ? quoted(value, flags) : pad(truncate(value, flags), flags);
    case 's':
      return pad(truncate(value, flags), flags);
    case 'q':
      return quoted(value, flags);
    case 'x':
    case 'X':
      return hexBytes(value, verb, flags);
    default:
      return undefined;
  }
}

function truncate(text: string, flags: FormatFlags): string {
  if (flags.precision === undefined || flags.precision >= text.length) return text;
  return Array.from(text).slice(0, flags.precision).join('');
}

function quoted(text: string, flags: FormatFlags): string {
  const shown = truncate(text, flags);
  if ((flags.sharp || flags.sharpV) && flags.sharp && canBackquote(shown)) return pad(`\`${shown}\``, flags);
  return pad(quote(shown, flags.plus), flags);
}

function canBackquote(text: string): boolean {
  // eslint-disable-next-line no-control-regex -- control characters are the point
  return !/[\u0000-\u0008\u000a-\u001f\u007f`\ufeff\ud800-\udfff]/.test(
    text.replace(/[\u{10000}-\u{10ffff}]/gu, ''),
  );
}

function hexBytes(text: string, verb: string, flags: FormatFlags): string {
  const length = Math.min(flags.precision ?? Infinity, byteLength(text));
  if (length === 0) return pad('', flags);
  const pairs = [...toBytes(text).subarray(0, length)].map((byte) => byte.toString(16).padStart(2, '0'));
  const prefix = flags.sharp ? '0x' : '';
  const joined = flags.space ? pairs.map((pair) => prefix + pair).join(' ') : prefix + pairs.join('');
  return pad(verb === 'X' ? joined.toUpperCase() : joined, flags);
}
