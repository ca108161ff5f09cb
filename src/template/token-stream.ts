import type { Lexer } from './lexer.js';
import { placeAt, TemplateError } from './template-error.js';
import { tokenText, type Token, type TokenKind } from './tokens.js';
import { unquoteString } from './unquote.js';

/** Tokens with a look-ahead of three, and the parser's errors. */
export class TokenStream {
  /** The line on which the current action began; 0 outside actions. */
  actionLine = 0;
  private readonly held: [Token, Token, Token];
  private peeked = 0;

  readonly file: string;
  private readonly text: string;
  private readonly lexer: Lexer;

  constructor(file: string, text: string, lexer: Lexer) {
    this.file = file;
    this.text = text;
    this.lexer = lexer;
    const none: Token = { kind: 'eof', pos: 0, text: '', line: 0 };
    this.held = [none, none, none];
  }

  next(): Token {
    if (this.peeked > 0) this.peeked -= 1;
    else this.held[0] = this.lexer.next();
    return this.held[this.peeked] ?? this.held[0];
  }

  backup(): void {
    this.peeked += 1;
  }

  /** Puts back `first`, the token before the one read last. */
  backup2(first: Token): void {
    this.held[1] = first;
    this.peeked = 2;
  }

  /** Puts back `second` and then `first`, the tokens before the one read last. */
  backup3(first: Token, second: Token): void {
    this.held[1] = second;
    this.held[2] = first;
    this.peeked = 3;
  }

  peek(): Token {
    if (this.peeked > 0) return this.held[this.peeked - 1] ?? this.held[0];
    this.peeked = 1;
    this.held[0] = this.lexer.next();
    return this.held[0];
  }

  nextNonSpace(): Token {
    for (;;) {
      const token = this.next();
      if (token.kind !== 'space') return token;
    }
  }

  peekNonSpace(): Token {
    const token = this.nextNonSpace();
    this.backup();
    return token;
  }

  expect(kind: TokenKind, context: string): Token {
    const token = this.nextNonSpace();
    return token.kind === kind ? token : this.unexpected(token, context);
  }

  unquote(token: Token): string {
    return unquoteString(token.text) ?? this.fail('invalid syntax');
  }

  unexpected(token: Token, context: string): never {
    if (token.kind !== 'error') return this.fail(`unexpected ${tokenText(token)} in ${context}`);
    if (this.actionLine === 0 || this.actionLine === token.line) return this.fail(token.text);
    const where = `started at ${this.file}:${this.actionLine}`;
    return this.fail(`${token.text}${token.text.endsWith(' action') ? '' : ' in action'} ${where}`);
  }

  fail(problem: string): never {
    const token = this.held[0];
    throw new TemplateError(
      `template: ${this.file}:${token.line}: ${problem}`,
      'parse',
      placeAt(this.file, this.text, token.pos),
    );
  }
}
