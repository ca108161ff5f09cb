import type { NumberNode } from './nodes.js';
import { quote } from './quote.js';
import { unquoteCharacter } from './unquote.js';
import { MAX_INT, MAX_UINT, MIN_INT } from './go-values.js';
import type { Complex } from './value.js';

type Number_ = Omit<NumberNode, 'kind' | 'pos'>;

/** A number constant in each type that can represent it, by the rules of Go's parser. A string is an error message. */
export function numberConstant(text: string, kind: 'number' | 'complex' | 'charConstant'): Number_ | string {
  if (kind === 'charConstant') return characterConstant(text);
  if (kind === 'complex') return complexConstant(text);
  if (text.endsWith('i')) {
    const imaginary = parseFloat64(text.slice(0, -1));
    if (imaginary !== undefined) return simplified(text, { re: 0, im: imaginary });
  }
  const value = parseInteger(text);
  const int = value !== undefined && value >= MIN_INT && value <= MAX_INT ? value : undefined;
  let uint =
    value !== undefined && value >= 0n && value <= MAX_UINT && !/^[+-]/.test(text) ? value : undefined;
  if (int === 0n) uint = 0n;
  if (int !== undefined || uint !== undefined) {
    return { text, int, uint, float: Number(int ?? uint), complex: undefined };
  }
  const float = parseFloat64(text);
  if (float === undefined) return `illegal number syntax: ${quote(text)}`;
  if (!/[.eEpP]/.test(text)) return `integer overflow: ${quote(text)}`;
  return { text, ...integersOf(float), float, complex: undefined };
}

function characterConstant(text: string): Number_ | string {
  const code = unquoteCharacter(text);
  if (typeof code === 'string') return code;
  return { text, int: BigInt(code), uint: BigInt(code), float: code, complex: undefined };
}

function complexConstant(text: string): Number_ | string {
  const split = text.search(/(?<=[^eEpP+-])[+-]/);
  const re = parseFloat64(text.slice(0, split));
  const im = parseFloat64(text.slice(split, -1));
  if (split < 0 || re === undefined || im === undefined) return 'syntax error scanning complex number';
  return simplified(text, { re, im });
}

/** A complex constant without an imaginary part also has every simpler type. */
function simplified(text: string, complex: Complex): Number_ {
  if (complex.im !== 0) return { text, int: undefined, uint: undefined, float: undefined, complex };
  return { text, ...integersOf(complex.re), float: complex.re, complex };
}

function integersOf(float: number): { int: bigint | undefined; uint: bigint | undefined } {
  if (!Number.isInteger(float)) return { int: undefined, uint: undefined };
  const value = BigInt(float);
  return {
    int: value >= MIN_INT && value <= MAX_INT ? value : undefined,
    uint: value >= 0n && value <= MAX_UINT ? value : undefined,
  };
}

const INTEGER =
  /^[+-]?(?:0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0(?:_?[0-7])*|[1-9](?:_?[0-9])*)$/;

/** `strconv.ParseInt(text, 0, ...)` without the range check. */
export function parseInteger(text: string): bigint | undefined {
  if (!INTEGER.test(text)) return undefined;
  const negative = text.startsWith('-');
  let digits = text.replace(/^[+-]/, '').replaceAll('_', '');
  if (/^0[0-7]+$/.test(digits)) digits = `0o${digits.slice(1)}`;
  const value = BigInt(digits);
  return negative ? -value : value;
}

const DECIMAL = /^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;
const HEX = /^([+-]?)0[xX]([0-9a-fA-F]*)(?:\.([0-9a-fA-F]*))?[pP]([+-]?[0-9]+)$/;
const SPECIAL = /^([+-]?)(inf|infinity|nan)$/i;

/** `strconv.ParseFloat(text, 64)`. Undefined if the syntax is wrong or the number is too large. */
export function parseFloat64(text: string): number | undefined {
  const plain = underscoresOk(text) ? text.replaceAll('_', '') : text;
  if (DECIMAL.test(plain)) {
    const value = Number(plain);
    return Number.isFinite(value) ? value : undefined;
  }
  const special = SPECIAL.exec(text);
  if (special !== null) {
    if (special[2]?.toLowerCase() === 'nan') return special[1] === '' ? Number.NaN : undefined;
    return special[1] === '-' ? -Infinity : Infinity;
  }
  const hex = HEX.exec(plain);
  if (hex === null) return undefined;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = hex;
  const digits = whole + fraction;
  if (digits === '') return undefined;
  const value = Number(BigInt(`0x${digits}`)) * 2 ** (Number(exponent) - 4 * fraction.length);
  return Number.isFinite(value) ? (sign === '-' ? -value : value) : undefined;
}

/** Underscores are allowed only between digits, and only in literals with a base prefix. */
function underscoresOk(text: string): boolean {
  return /^[+-]?0[xX]/.test(text) && /^[+-]?0[xX](_?[0-9a-fA-F])+\.?/.test(text) && !text.includes('__');
}
