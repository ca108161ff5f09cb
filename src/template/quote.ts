import { isEscapedByte } from './byte-strings.js';

/** Go's `unicode.IsPrint`. */
const PRINT = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

const SHORT: Readonly<Record<number, string>> = {
  7: '\\a',
  8: '\\b',
  12: '\\f',
  10: '\\n',
  13: '\\r',
  9: '\\t',
  11: '\\v',
  92: '\\\\',
};

/** Whether Go prints the code point as itself. */
export function isPrintable(code: number): boolean {
  if (code >= 0xd800 && code < 0xe000) return false;
  return code < 0x7f ? code >= 0x20 : PRINT.test(String.fromCodePoint(code));
}

/** `strconv.Quote`; with `ascii`, `strconv.QuoteToASCII`. */
export function quote(text: string, ascii = false): string {
  let out = '"';
  for (const char of text) out += quotedCode(char.codePointAt(0) ?? 0, '"', ascii);
  return `${out}"`;
}

/** `strconv.QuoteRune`: a character constant. */
export function quoteRune(code: number, ascii = false): string {
  const valid = code >= 0 && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000);
  return `'${quotedCode(valid ? code : 0xfffd, "'", ascii)}'`;
}

function quotedCode(code: number, mark: string, ascii: boolean): string {
  if (isEscapedByte(code)) return `\\x${(code & 0xff).toString(16)}`;
  const char = String.fromCodePoint(code >= 0xd800 && code < 0xe000 ? 0xfffd : code);
  if (char === mark) return `\\${mark}`;
  const short = SHORT[code];
  if (short !== undefined) return short;
  if (isPrintable(char.codePointAt(0) ?? 0) && !(ascii && code > 0x7e)) return char;
  if (code < 0x20 || code === 0x7f) return `\\x${hex(code, 2)}`;
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

/** `%#U`: the code point and, if it is printable, the character. */
export function unicodeName(code: number, withCharacter = true): string {
  const name = `U+${hex(code, 4).toUpperCase()}`;
  return withCharacter && isPrintable(code) ? `${name} '${String.fromCodePoint(code)}'` : name;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
