import { fromBytes } from './byte-strings.js';

const SIMPLE: Readonly<Record<string, number>> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11, '\\': 92 };
const HEX_DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/** One character of a Go literal: its code point or byte, and the start of the next one. */
interface Unquoted {
  code: number;
  /** Whether the value is a byte (`\x` and octal) instead of a code point. */
  byte: boolean;
  next: number;
}

/** `strconv.Unquote` of a `"..."` or raw string literal. Undefined if the syntax is wrong. */
export function unquoteString(literal: string): string | undefined {
  if (literal.length < 2) return undefined;
  const body = literal.slice(1, -1);
  if (literal.startsWith('`')) return body.replaceAll('\r', '');
  const parts: Buffer[] = [];
  let plain = '';
  for (let at = 0; at < body.length;) {
    const one = unquoteAt(body, at, '"');
    if (one === undefined) return undefined;
    if (one.byte) {
      parts.push(Buffer.from(plain, 'utf8'), Buffer.from([one.code]));
      plain = '';
    } else {
      plain += String.fromCodePoint(one.code);
    }
    at = one.next;
  }
  if (parts.length === 0) return plain;
  parts.push(Buffer.from(plain, 'utf8'));
  return fromBytes(Buffer.concat(parts));
}

/** The value of a character constant such as `'a'`. A string is an error message. */
export function unquoteCharacter(literal: string): number | string {
  const one = unquoteAt(literal, 1, "'");
  if (one === undefined) return 'invalid syntax';
  return literal.slice(one.next) === "'" ? one.code : `malformed character constant: ${literal}`;
}

function unquoteAt(text: string, at: number, mark: string): Unquoted | undefined {
  const code = text.codePointAt(at);
  if (code === undefined || text[at] === mark || code === 10) return undefined;
  if (text[at] !== '\\') return { code, byte: false, next: at + (code > 0xffff ? 2 : 1) };
  const letter = text[at + 1] ?? '';
  const simple = SIMPLE[letter];
  if (simple !== undefined) return { code: simple, byte: false, next: at + 2 };
  if (letter === mark) return { code: mark.charCodeAt(0), byte: false, next: at + 2 };
  const digits = HEX_DIGITS[letter];
  if (digits !== undefined) return unquoteHex(text, at + 2, digits);
  const octal = /^[0-7]{3}/.exec(text.slice(at + 1, at + 4));
  if (octal === null) return undefined;
  const value = Number.parseInt(octal[0], 8);
  return value > 255 ? undefined : { code: value, byte: true, next: at + 4 };
}

function unquoteHex(text: string, at: number, digits: number): Unquoted | undefined {
  const hex = text.slice(at, at + digits);
  if (hex.length !== digits || !/^[0-9a-fA-F]+$/.test(hex)) return undefined;
  const code = Number.parseInt(hex, 16);
  const next = at + digits;
  if (digits === 2) return { code, byte: true, next };
  return code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? undefined : { code, byte: false, next };
}
