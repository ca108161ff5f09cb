import { isPrintable, quote, unicodeName } from './quote.js';
import { KEYWORDS, type Token, type TokenKind } from './tokens.js';

const EOF = -1;
const LEFT_COMMENT = '/*';
const RIGHT_COMMENT = '*/';
const MARKER_LENGTH = 2; // "- " or " -"
const WORD = /^[\p{L}\p{Nd}_]$/u;

export interface Delimiters {
  left: string;
  right: string;
}

export const DEFAULT_DELIMITERS: Delimiters = { left: '{{', right: '}}' };

export interface LexerOptions {
  delimiters?: Delimiters;
  /** False where a function is called `break` or `continue`: the word is then an identifier. */
  breakIsKeyword?: boolean;
  continueIsKeyword?: boolean;
}

type State = () => State | undefined;

/** Splits a template into tokens by Go's rules. After an `error` or `eof` token the same token comes again. */
export class Lexer {
  private pos = 0;
  private start = 0;
  private line = 1;
  private startLine = 1;
  private parens = 0;
  private state: State | undefined = () => this.text();
  private readonly queue: Token[] = [];
  private taken = 0;
  private last: Token = { kind: 'eof', pos: 0, text: '', line: 1 };
  private readonly left: string;
  private readonly right: string;

  private readonly input: string;
  private readonly options: LexerOptions;

  constructor(input: string, options: LexerOptions = {}) {
    this.input = input;
    this.options = options;
    this.left = options.delimiters?.left || DEFAULT_DELIMITERS.left;
    this.right = options.delimiters?.right || DEFAULT_DELIMITERS.right;
  }

  next(): Token {
    while (this.taken === this.queue.length && this.state !== undefined) {
      this.queue.length = this.taken = 0;
      this.state = this.state();
    }
    const token = this.queue[this.taken];
    if (token === undefined) return this.last;
    this.taken += 1;
    this.last = token;
    return token;
  }

  private peek(): number {
    const code = this.input.codePointAt(this.pos);
    if (code === undefined) return EOF;
    return code >= 0xd800 && code < 0xe000 ? 0xfffd : code;
  }

  private advance(): number {
    const code = this.peek();
    if (code !== EOF) this.pos += code > 0xffff ? 2 : 1;
    if (code === 10) this.line += 1;
    return code;
  }

  private emit(kind: TokenKind): void {
    this.queue.push({
      kind,
      pos: this.start,
      text: this.input.slice(this.start, this.pos),
      line: this.startLine,
    });
    this.mark();
  }

  private mark(): void {
    this.start = this.pos;
    this.startLine = this.line;
  }

  /** Goes to `end` and counts the lines on the way. */
  private moveTo(end: number): void {
    for (
      let at = this.input.indexOf('\n', this.pos);
      at >= 0 && at < end;
      at = this.input.indexOf('\n', at + 1)
    ) {
      this.line += 1;
    }
    this.pos = end;
  }

  private fail(message: string): State | undefined {
    this.queue.push({ kind: 'error', pos: this.start, text: message, line: this.startLine });
    return undefined;
  }

  private text(): State | undefined {
    const found = this.input.indexOf(this.left, this.pos);
    const end = found < 0 ? this.input.length : found;
    let textEnd = end;
    if (found >= 0 && hasLeftMarker(this.input, found + this.left.length)) {
      while (textEnd > this.start && isSpace(this.input.charCodeAt(textEnd - 1))) textEnd -= 1;
    }
    this.moveTo(textEnd);
    if (this.pos > this.start) this.emit('text');
    if (found < 0) {
      this.emit('eof');
      return undefined;
    }
    this.moveTo(end);
    this.mark();
    return () => this.leftDelim();
  }

  private leftDelim(): State | undefined {
    this.moveTo(this.pos + this.left.length);
    const marker = hasLeftMarker(this.input, this.pos) ? MARKER_LENGTH : 0;
    if (this.input.startsWith(LEFT_COMMENT, this.pos + marker)) {
      this.moveTo(this.pos + marker);
      this.mark();
      return () => this.comment();
    }
    this.emit('leftDelim');
    this.moveTo(this.pos + marker);
    this.mark();
    this.parens = 0;
    return () => this.insideAction();
  }

  private comment(): State | undefined {
    const close = this.input.indexOf(RIGHT_COMMENT, this.pos + LEFT_COMMENT.length);
    if (close < 0) return this.fail('unclosed comment');
    this.moveTo(close + RIGHT_COMMENT.length);
    const trim = this.trimsRight();
    if (trim === undefined) return this.fail('comment ends before closing delimiter');
    this.moveTo(this.pos + (trim ? MARKER_LENGTH : 0) + this.right.length);
    if (trim) this.skipSpace();
    this.mark();
    return () => this.text();
  }

  /** True or false at a right delimiter with or without a trim marker; undefined elsewhere. */
  private trimsRight(): boolean | undefined {
    if (hasRightMarker(this.input, this.pos) && this.input.startsWith(this.right, this.pos + MARKER_LENGTH)) {
      return true;
    }
    return this.input.startsWith(this.right, this.pos) ? false : undefined;
  }

  private skipSpace(): void {
    while (isSpace(this.input.charCodeAt(this.pos))) this.advance();
  }

  private rightDelim(trim: boolean): State {
    if (trim) {
      this.moveTo(this.pos + MARKER_LENGTH);
      this.mark();
    }
    this.moveTo(this.pos + this.right.length);
    this.emit('rightDelim');
    if (trim) {
      this.skipSpace();
      this.mark();
    }
    return () => this.text();
  }

  private readonly insideAction: State = () => {
    const trim = this.trimsRight();
    if (trim !== undefined)
      return this.parens === 0 ? this.rightDelim(trim) : this.fail('unclosed left paren');
    const code = this.peek();
    if (code === EOF) return this.fail('unclosed action');
    if (isSpace(code)) return this.space();
    if (isWord(code) && !isDigit(code)) return this.word();
    if (this.atNumber(code)) return this.number();
    this.advance();
    return this.punctuation(code);
  };

  private atNumber(code: number): boolean {
    if (code === 0x2b || code === 0x2d || (code >= 0x30 && code <= 0x39)) return true;
    if (code !== 0x2e) return false;
    const next = this.input.charCodeAt(this.pos + 1);
    return Number.isNaN(next) || (next >= 0x30 && next <= 0x39);
  }

  private punctuation(code: number): State | undefined {
    switch (String.fromCodePoint(code)) {
      case '=':
        return this.emitted('assign');
      case ':':
        if (this.advance() !== 0x3d) return this.fail('expected :=');
        return this.emitted('declare');
      case '|':
        return this.emitted('pipe');
      case '"':
        return this.quoted(0x22, 'string', 'unterminated quoted string');
      case "'":
        return this.quoted(0x27, 'charConstant', 'unterminated character constant');
      case '`':
        return this.rawQuoted();
      case '$':
        return this.fieldOrVariable('variable');
      case '.':
        return this.fieldOrVariable('field');
      case '(':
        this.parens += 1;
        return this.emitted('leftParen');
      case ')':
        this.emit('rightParen');
        this.parens -= 1;
        return this.parens < 0 ? this.fail(`unexpected right paren ${unicodeName(code)}`) : this.insideAction;
    }
    if (code <= 0x7f && isPrintable(code)) return this.emitted('char');
    return this.fail(`unrecognized character in action: ${unicodeName(code)}`);
  }

  private emitted(kind: TokenKind): State {
    this.emit(kind);
    return this.insideAction;
  }

  private space(): State | undefined {
    let count = 0;
    while (isSpace(this.peek())) {
      this.advance();
      count += 1;
    }
    // The last blank may belong to a trim marker: " -}}".
    if (
      hasRightMarker(this.input, this.pos - 1) &&
      this.input.startsWith(this.right, this.pos - 1 + MARKER_LENGTH)
    ) {
      this.pos -= 1;
      if (this.input.charCodeAt(this.pos) === 10) this.line -= 1;
      if (count === 1) return this.rightDelim(true);
    }
    return this.emitted('space');
  }

  private word(): State | undefined {
    while (isWord(this.peek())) this.advance();
    const word = this.input.slice(this.start, this.pos);
    if (!this.atTerminator()) return this.fail(`bad character ${unicodeName(this.peek())}`);
    return this.emitted(this.kindOf(word));
  }

  private kindOf(word: string): TokenKind {
    if (word === 'true' || word === 'false') return 'bool';
    if (word === 'break' && this.options.breakIsKeyword === false) return 'identifier';
    if (word === 'continue' && this.options.continueIsKeyword === false) return 'identifier';
    return KEYWORDS.get(word) ?? 'identifier';
  }

  private fieldOrVariable(kind: 'field' | 'variable'): State | undefined {
    if (this.atTerminator()) return this.emitted(kind === 'variable' ? 'variable' : 'dot');
    while (isWord(this.peek())) this.advance();
    if (!this.atTerminator()) return this.fail(`bad character ${unicodeName(this.peek())}`);
    return this.emitted(kind);
  }

  private atTerminator(): boolean {
    const code = this.peek();
    if (code === EOF || isSpace(code) || '.,|:)('.includes(String.fromCodePoint(code))) return true;
    return this.input.startsWith(this.right, this.pos);
  }

  private quoted(mark: number, kind: TokenKind, problem: string): State | undefined {
    for (;;) {
      let code = this.advance();
      if (code === 0x5c) {
        code = this.advance();
        if (code !== EOF && code !== 10) continue;
      }
      if (code === EOF || code === 10) return this.fail(problem);
      if (code === mark) return this.emitted(kind);
    }
  }

  private rawQuoted(): State | undefined {
    for (;;) {
      const code = this.advance();
      if (code === EOF) return this.fail('unterminated raw quoted string');
      if (code === 0x60) return this.emitted('rawString');
    }
  }

  private number(): State | undefined {
    if (!this.scanNumber()) return this.badNumber();
    const sign = this.peek();
    if (sign !== 0x2b && sign !== 0x2d) return this.emitted('number');
    if (!this.scanNumber() || this.input[this.pos - 1] !== 'i') return this.badNumber();
    return this.emitted('complex');
  }

  private badNumber(): State | undefined {
    return this.fail(`bad number syntax: ${quote(this.input.slice(this.start, this.pos))}`);
  }

  private scanNumber(): boolean {
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

  private accept(valid: string): boolean {
    const char = this.input[this.pos];
    if (char === undefined || !valid.includes(char)) return false;
    this.pos += 1;
    return true;
  }

  private acceptRun(valid: string): void {
    while (this.accept(valid));
  }
}

function isSpace(code: number): boolean {
  return code === 32 || code === 9 || code === 13 || code === 10;
}

function isWord(code: number): boolean {
  if (code < 0x80) {
    return (
      (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95
    );
  }
  return WORD.test(String.fromCodePoint(code));
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function hasLeftMarker(input: string, at: number): boolean {
  return input[at] === '-' && isSpace(input.charCodeAt(at + 1));
}

function hasRightMarker(input: string, at: number): boolean {
  return isSpace(input.charCodeAt(at)) && input[at + 1] === '-';
}
