import { EOF, hasLeftMarker, hasRightMarker, isDigit, isSpace, isWord, MARKER_LENGTH } from './characters.js';
import { Cursor } from './cursor.js';
import { isPrintable, quote, unicodeName } from './quote.js';
import { KEYWORDS, type Token, type TokenKind } from './tokens.js';

const LEFT_COMMENT = '/*';
const RIGHT_COMMENT = '*/';

export interface Delimiters {
  left: string;
  right: string;
}

export const DEFAULT_DELIMITERS: Delimiters = { left: '{{', right: '}}' };

export interface LexerOptions {
  delimiters?: Delimiters;
  /** False if a function is called `break` or `continue`. The word is then an identifier. */
  breakIsKeyword?: boolean;
  continueIsKeyword?: boolean;
}

type State = () => State | undefined;

/** Splits a template into tokens by Go's rules. After an `error` or `eof` token it keeps returning the same token. */
export class Lexer {
  private readonly at: Cursor;
  private parens = 0;
  private state: State | undefined = () => this.text();
  private readonly queue: Token[] = [];
  private taken = 0;
  private last: Token = { kind: 'eof', pos: 0, text: '', line: 1 };
  private readonly left: string;
  private readonly right: string;

  private readonly options: LexerOptions;

  constructor(input: string, options: LexerOptions = {}) {
    this.at = new Cursor(input);
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

  private emit(kind: TokenKind): void {
    this.queue.push({
      kind,
      pos: this.at.start,
      text: this.at.token(),
      line: this.at.startLine,
    });
    this.at.mark();
  }

  private fail(message: string): State | undefined {
    this.queue.push({ kind: 'error', pos: this.at.start, text: message, line: this.at.startLine });
    return undefined;
  }

  private text(): State | undefined {
    const found = this.at.input.indexOf(this.left, this.at.pos);
    const end = found < 0 ? this.at.input.length : found;
    let textEnd = end;
    if (found >= 0 && hasLeftMarker(this.at.input, found + this.left.length)) {
      while (textEnd > this.at.start && isSpace(this.at.input.charCodeAt(textEnd - 1))) textEnd -= 1;
    }
    this.at.moveTo(textEnd);
    if (this.at.pos > this.at.start) this.emit('text');
    if (found < 0) {
      this.emit('eof');
      return undefined;
    }
    this.at.moveTo(end);
    this.at.mark();
    return () => this.leftDelim();
  }

  private leftDelim(): State | undefined {
    this.at.moveTo(this.at.pos + this.left.length);
    const marker = hasLeftMarker(this.at.input, this.at.pos) ? MARKER_LENGTH : 0;
    if (this.at.input.startsWith(LEFT_COMMENT, this.at.pos + marker)) {
      this.at.moveTo(this.at.pos + marker);
      this.at.mark();
      return () => this.comment();
    }
    this.emit('leftDelim');
    this.at.moveTo(this.at.pos + marker);
    this.at.mark();
    this.parens = 0;
    return () => this.insideAction();
  }

  private comment(): State | undefined {
    const close = this.at.input.indexOf(RIGHT_COMMENT, this.at.pos + LEFT_COMMENT.length);
    if (close < 0) return this.fail('unclosed comment');
    this.at.moveTo(close + RIGHT_COMMENT.length);
    const trim = this.trimsRight();
    if (trim === undefined) return this.fail('comment ends before closing delimiter');
    this.at.moveTo(this.at.pos + (trim ? MARKER_LENGTH : 0) + this.right.length);
    if (trim) this.at.skipSpace();
    this.at.mark();
    return () => this.text();
  }

  /** True or false at a right delimiter with or without a trim marker. Undefined elsewhere. */
  private trimsRight(): boolean | undefined {
    if (
      hasRightMarker(this.at.input, this.at.pos) &&
      this.at.input.startsWith(this.right, this.at.pos + MARKER_LENGTH)
    ) {
      return true;
    }
    return this.at.input.startsWith(this.right, this.at.pos) ? false : undefined;
  }

  private rightDelim(trim: boolean): State {
    if (trim) {
      this.at.moveTo(this.at.pos + MARKER_LENGTH);
      this.at.mark();
    }
    this.at.moveTo(this.at.pos + this.right.length);
    this.emit('rightDelim');
    if (trim) {
      this.at.skipSpace();
      this.at.mark();
    }
    return () => this.text();
  }

  private readonly insideAction: State = () => {
    const trim = this.trimsRight();
    if (trim !== undefined)
      return this.parens === 0 ? this.rightDelim(trim) : this.fail('unclosed left paren');
    const code = this.at.peek();
    if (code === EOF) return this.fail('unclosed action');
    if (isSpace(code)) return this.space();
    if (isWord(code) && !isDigit(code)) return this.word();
    if (this.atNumber(code)) return this.number();
    this.at.advance();
    return this.punctuation(code);
  };

  private atNumber(code: number): boolean {
    if (code === 0x2b || code === 0x2d || (code >= 0x30 && code <= 0x39)) return true;
    if (code !== 0x2e) return false;
    const next = this.at.input.charCodeAt(this.at.pos + 1);
    return Number.isNaN(next) || (next >= 0x30 && next <= 0x39);
  }

  private punctuation(code: number): State | undefined {
    switch (String.fromCodePoint(code)) {
      case '=':
        return this.emitted('assign');
      case ':':
        if (this.at.advance() !== 0x3d) return this.fail('expected :=');
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
    while (isSpace(this.at.peek())) {
      this.at.advance();
      count += 1;
    }
    // The last space may belong to a trim marker: " -}}".
    if (
      hasRightMarker(this.at.input, this.at.pos - 1) &&
      this.at.input.startsWith(this.right, this.at.pos - 1 + MARKER_LENGTH)
    ) {
      this.at.pos -= 1;
      if (this.at.input.charCodeAt(this.at.pos) === 10) this.at.line -= 1;
      if (count === 1) return this.rightDelim(true);
    }
    return this.emitted('space');
  }

  private word(): State | undefined {
    while (isWord(this.at.peek())) this.at.advance();
    const word = this.at.token();
    if (!this.atTerminator()) return this.fail(`bad character ${unicodeName(this.at.peek())}`);
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
    while (isWord(this.at.peek())) this.at.advance();
    if (!this.atTerminator()) return this.fail(`bad character ${unicodeName(this.at.peek())}`);
    return this.emitted(kind);
  }

  private atTerminator(): boolean {
    const code = this.at.peek();
    if (code === EOF || isSpace(code) || '.,|:)('.includes(String.fromCodePoint(code))) return true;
    return this.at.input.startsWith(this.right, this.at.pos);
  }

  private quoted(mark: number, kind: TokenKind, problem: string): State | undefined {
    for (;;) {
      let code = this.at.advance();
      if (code === 0x5c) {
        code = this.at.advance();
        if (code !== EOF && code !== 10) continue;
      }
      if (code === EOF || code === 10) return this.fail(problem);
      if (code === mark) return this.emitted(kind);
    }
  }

  private rawQuoted(): State | undefined {
    for (;;) {
      const code = this.at.advance();
      if (code === EOF) return this.fail('unterminated raw quoted string');
      if (code === 0x60) return this.emitted('rawString');
    }
  }

  private number(): State | undefined {
    if (!this.at.scanNumber()) return this.badNumber();
    const sign = this.at.peek();
    if (sign !== 0x2b && sign !== 0x2d) return this.emitted('number');
    if (!this.at.scanNumber() || this.at.input[this.at.pos - 1] !== 'i') return this.badNumber();
    return this.emitted('complex');
  }

  private badNumber(): State | undefined {
    return this.fail(`bad number syntax: ${quote(this.at.token())}`);
  }
}
