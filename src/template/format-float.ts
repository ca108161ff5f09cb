import { binaryParts, exactDecimal, roundDecimal, shortestDecimal, type Decimal } from './decimal.js';

/** `strconv.FormatFloat`. Precision -1 means as many digits as necessary. The sign is `-` or empty. */
export function formatFloat(value: number, verb: string, precision: number): string {
  if (Number.isNaN(value)) return 'NaN';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const size = Math.abs(value);
  if (size === Infinity) return `${sign || '+'}Inf`;
  switch (verb) {
    case 'b': {
      const { mantissa, exponent } = binaryParts(size);
      return `${sign}${mantissa}p${exponent < 0 ? '' : '+'}${exponent}`;
    }
    case 'x':
    case 'X':
      return sign + hexFloat(size, precision, verb);
    default:
      return sign + decimalFloat(size, verb, precision);
  }
}

/** A float as `%v` prints it. */
export function floatText(value: number): string {
  return formatFloat(value, 'g', -1);
}

function decimalFloat(size: number, verb: string, precision: number): string {
  const shortest = precision < 0;
  let decimal = shortest ? shortestDecimal(size) : exactDecimal(size);
  switch (verb) {
    case 'e':
    case 'E':
      if (!shortest) decimal = roundDecimal(decimal, precision + 1);
      return exponential(decimal, shortest ? Math.max(decimal.digits.length - 1, 0) : precision, verb);
    case 'f':
      if (!shortest) decimal = roundDecimal(decimal, decimal.point + precision);
      return plain(decimal, shortest ? Math.max(decimal.digits.length - decimal.point, 0) : precision);
    default:
      return general(decimal, verb, precision);
  }
}

function general(exact: Decimal, verb: string, precision: number): string {
  const shortest = precision < 0;
  const wanted = precision === 0 ? 1 : precision;
  const decimal = shortest ? exact : roundDecimal(exact, wanted);
  const count = decimal.digits.length;
  let limit = shortest ? 6 : wanted;
  if (limit > count && count >= decimal.point) limit = count;
  if (shortest) limit = 6;
  const exponent = decimal.point - 1;
  if (exponent < -4 || exponent >= limit) {
    const digits = shortest || wanted > count ? count : wanted;
    return exponential(decimal, Math.max(digits - 1, 0), verb === 'G' ? 'E' : 'e');
  }
  return plain(decimal, Math.max(count - decimal.point, 0));
}

function exponential({ digits, point }: Decimal, fraction: number, letter: string): string {
  const first = digits[0] ?? '0';
  const rest = digits.slice(1, 1 + fraction).padEnd(fraction, '0');
  const exponent = digits === '' ? 0 : point - 1;
  const power = `${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  return `${first}${fraction > 0 ? `.${rest}` : ''}${letter}${power}`;
}

function plain({ digits, point }: Decimal, fraction: number): string {
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '0';
  if (fraction <= 0) return whole;
  const after = point >= 0 ? digits.slice(point) : '0'.repeat(-point) + digits;
  return `${whole}.${after.slice(0, fraction).padEnd(fraction, '0')}`;
}

function hexFloat(size: number, precision: number, verb: string): string {
  let { mantissa, exponent } = binaryParts(size);
  if (mantissa === 0n) exponent = 0;
  else {
    while (mantissa < 1n << 52n) {
      mantissa <<= 1n;
      exponent -= 1;
    }
    exponent += 52;
  }
  if (precision >= 0 && precision < 13) {
    const drop = BigInt(52 - 4 * precision);
    const rest = mantissa & ((1n << drop) - 1n);
    const half = 1n << (drop - 1n);
    mantissa >>= drop;
    if (rest > half || (rest === half && (mantissa & 1n) === 1n)) mantissa += 1n;
    mantissa <<= drop;
    if (mantissa >= 1n << 53n) {
      mantissa >>= 1n;
      exponent += 1;
    }
  }
  let fraction = (mantissa & ((1n << 52n) - 1n)).toString(16).padStart(13, '0');
  fraction =
    precision < 0 ? fraction.replace(/0+$/, '') : fraction.slice(0, precision).padEnd(precision, '0');
  const power = `${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  const text = `0x${mantissa >> 52n}${fraction === '' ? '' : `.${fraction}`}p${power}`;
  return verb === 'X' ? text.toUpperCase() : text;
}
