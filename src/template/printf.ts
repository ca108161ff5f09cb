import { noFlags, pad, type FormatFlags } from './format-flags.js';
import { formatValue, valueText } from './printer.js';
import { Sized, type Value } from './value.js';
import { typeOf } from './go-values.js';

/** Larger widths and precisions are refused, as in Go. */
const TOO_LARGE = 1_000_000;

/** `fmt.Sprintf`. */
export function sprintf(format: string, args: readonly Value[]): string {
  return new Printf(format, args).run();
}

class Printf {
  private readonly format: string;
  private readonly args: readonly Value[];
  private at = 0;
  private arg = 0;
  private out = '';
  private reordered = false;
  private goodIndex = true;
  private afterIndex = false;

  constructor(format: string, args: readonly Value[]) {
    this.format = format;
    this.args = args;
  }

  run(): string {
    while (this.at < this.format.length) {
      const percent = this.format.indexOf('%', this.at);
      const end = percent < 0 ? this.format.length : percent;
      this.out += this.format.slice(this.at, end);
      this.at = end + 1;
      if (percent >= 0) this.verb();
    }
    if (!this.reordered && this.arg < this.args.length) this.extra();
    return this.out;
  }

  private verb(): void {
    const flags = this.prefix();
    const code = this.format.codePointAt(this.at);
    if (code === undefined) {
      this.out += '%!(NOVERB)';
      return;
    }
    const verb = String.fromCodePoint(code);
    this.at += verb.length;
    if (verb === '%') this.out += '%';
    else if (!this.goodIndex) this.out += `%!${verb}(BADINDEX)`;
    else if (this.arg >= this.args.length) this.out += `%!${verb}(MISSING)`;
    else this.print(verb, flags);
  }

  /** Reads what precedes the letter: flags, width, precision and argument indexes. */
  private prefix(): FormatFlags {
    const flags = this.flags();
    this.goodIndex = true;
    this.index();
    this.width(flags);
    this.precision(flags);
    this.indexUnlessRead();
    return flags;
  }

  private indexUnlessRead(): void {
    if (!this.afterIndex) this.index();
  }

  private flags(): FormatFlags {
    const flags = noFlags();
    for (; ; this.at += 1) {
      switch (this.format[this.at]) {
        case '#':
          flags.sharp = true;
          break;
        case '0':
          flags.zero = !flags.minus;
          break;
        case '+':
          flags.plus = true;
          break;
        case '-':
          flags.minus = true;
          flags.zero = false;
          break;
        case ' ':
          flags.space = true;
          break;
        case undefined:
        default:
          return flags;
      }
    }
  }

  /** `[n]`: selects the next argument. */
  private index(): void {
    this.afterIndex = false;
    if (this.format[this.at] !== '[') return;
    this.reordered = true;
    const close = this.format.indexOf(']', this.at);
    if (close < 0 || this.format.length - this.at < 3) {
      this.goodIndex = false;
      this.at += 1;
      return;
    }
    const text = this.format.slice(this.at + 1, close);
    this.at = close + 1;
    const index = /^[0-9]+$/.test(text) ? Number(text) - 1 : -1;
    const isNumber = index >= 0 || /^0+$/.test(text);
    if (index >= 0 && index < this.args.length) {
      this.arg = index;
      this.afterIndex = true;
    } else {
      this.goodIndex = false;
      this.afterIndex = isNumber;
    }
  }

  private width(flags: FormatFlags): void {
    if (this.format[this.at] === '*') {
      this.at += 1;
      flags.width = this.starred('%!(BADWIDTH)');
      if (flags.width !== undefined && flags.width < 0) {
        flags.width = -flags.width;
        flags.minus = true;
        flags.zero = false;
      }
      this.afterIndex = false;
      return;
    }
    flags.width = this.number();
    if (this.afterIndex && flags.width !== undefined) this.goodIndex = false;
  }

  private precision(flags: FormatFlags): void {
    if (this.format[this.at] !== '.' || this.at + 1 >= this.format.length) return;
    this.at += 1;
    if (this.afterIndex) this.goodIndex = false;
    this.index();
    if (this.format[this.at] === '*') {
      this.at += 1;
      const precision = this.starredPrecision();
      if (precision !== undefined) flags.precision = precision;
      this.afterIndex = false;
      return;
    }
    flags.precision = this.number() ?? 0;
  }

  private starredPrecision(): number | undefined {
    const value = this.starred('');
    if (value !== undefined && value >= 0) return value;
    this.out += '%!(BADPREC)';
    return undefined;
  }

  /** A width or precision from an argument. */
  private starred(problem: string): number | undefined {
    const arg = this.args[this.arg];
    if (this.arg < this.args.length) this.arg += 1;
    const big = typeof arg === 'bigint' ? arg : arg instanceof Sized ? arg.value : undefined;
    const value = big === undefined ? Number.NaN : Number(big);
    if (Math.abs(value) <= TOO_LARGE) return value;
    this.out += problem;
    return undefined;
  }

  private number(): number | undefined {
    const digits = /^[0-9]+/.exec(this.format.slice(this.at, this.at + 20))?.[0];
    if (digits === undefined) return undefined;
    let value = 0;
    for (const digit of digits) {
      value = value * 10 + Number(digit);
      // Go gives up in the middle of a number that is too large, and continues after it.
      if (value > TOO_LARGE) {
        this.at = this.format.length;
        return undefined;
      }
    }
    this.at += digits.length;
    return value;
  }

  private print(verb: string, flags: FormatFlags): void {
    const arg = this.args[this.arg];
    this.arg += 1;
    if (verb === 'v') {
      flags.sharpV = flags.sharp;
      flags.plusV = flags.plus;
      flags.sharp = flags.plus = false;
    }
    if (verb === 'T') this.out += pad(arg === undefined || arg === null ? '<nil>' : typeOf(arg).name, flags);
    else this.out += formatValue(arg, verb, flags);
  }

  private extra(): void {
    const rest = this.args.slice(this.arg).map((arg) => {
      return arg === undefined || arg === null ? '<nil>' : `${typeOf(arg).name}=${valueText(arg)}`;
    });
    this.out += `%!(EXTRA ${rest.join(', ')})`;
  }
}
