import { EOF, isSpace, isWord } from './characters.js';

/** A place in a text, the line that it is on, and the place where the present token began. */
export class Cursor {
  readonly input: string;
  pos = 0;
  start = 0;
  line = 1;
  startLine = 1;

  constructor(input: string) {
    this.input = input;
  }

  /** The character here, U+FFFD for half a surrogate pair; `EOF` at the end. */
  peek(): number {
    const code = this.input.codePointAt(this.pos);
    if (code === undefined) return EOF;
    return code >= 0xd800 && code < 0xe000 ? 0xfffd : code;
  }

  advance(): number {
    const code = this.peek();
    if (code !== EOF) this.pos += code > 0xffff ? 2 : 1;
    if (code === 10) this.line += 1;
    return code;
  }

  /** A token begins here. */
  mark(): void {
    this.start = this.pos;
    this.startLine = this.line;
  }

  /** The text from the beginning of the token to here. */
  token(): string {
    return this.input.slice(this.start, this.pos);
  }

  /** Goes to `end` and counts the lines on the way. */
  moveTo(end: number): void {
    for (
      let at = this.input.indexOf('\n', this.pos);
      at >= 0 && at < end;
      at = this.input.indexOf('\n', at + 1)
    ) {
      this.line += 1;
    }
    this.pos = end;
  }

  skipSpace(): void {
    while (isSpace(this.input.charCodeAt(this.pos))) this.advance();
  }

  /** Goes behind a number. @returns false when a letter follows, behind which it stops */
  scanNumber(): boolean {
    this.accept('+-');
    let digits = '0123456789_';
    if (this.accept('0')) {
      if (this.accept('xX')) digits = '0123456789abcdefABCDEF_';
      else if (this.accept('oO')) digits = '01234567_';
      else if (this.accept('bB')) digits = '01_';
    }
    this.acceptRun(digits);
    if (this.accept('.')) this.acceptRun(digits);
    const exponent = digits.length === 11 ? 'eE' : digits.length === 23 ? 'pP' : '';
    if (exponent !== '' && this.accept(exponent)) {
      this.accept('+-');
      this.acceptRun('0123456789_');
    }
    this.accept('i');
    if (!isWord(this.peek())) return true;
    this.advance();
    return false;
  }

  accept(valid: string): boolean {
    const char = this.input[this.pos];
    if (char === undefined || !valid.includes(char)) return false;
    this.pos += 1;
    return true;
  }

  acceptRun(valid: string): void {
    while (this.accept(valid));
  }
}
