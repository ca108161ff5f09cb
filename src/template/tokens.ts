import { quote } from './quote.js';

export type TokenKind =
  | 'error'
  | 'bool'
  | 'char'
  | 'charConstant'
  | 'comment'
  | 'complex'
  | 'assign'
  | 'declare'
  | 'eof'
  | 'field'
  | 'identifier'
  | 'leftDelim'
  | 'leftParen'
  | 'number'
  | 'pipe'
  | 'rawString'
  | 'rightDelim'
  | 'rightParen'
  | 'space'
  | 'string'
  | 'text'
  | 'variable'
  | Keyword
  | 'dot'
  | 'nil';

type Keyword =
  'block' | 'break' | 'continue' | 'define' | 'else' | 'end' | 'if' | 'range' | 'template' | 'with';

/** A token of a template's text. `pos` counts UTF-16 units from the start, `line` counts from 1. */
export interface Token {
  kind: TokenKind;
  pos: number;
  text: string;
  line: number;
}

export const KEYWORDS: ReadonlyMap<string, TokenKind> = new Map<string, TokenKind>([
  ['.', 'dot'],
  ['block', 'block'],
  ['break', 'break'],
  ['continue', 'continue'],
  ['define', 'define'],
  ['else', 'else'],
  ['end', 'end'],
  ['if', 'if'],
  ['nil', 'nil'],
  ['range', 'range'],
  ['template', 'template'],
  ['with', 'with'],
]);

const WORDS: ReadonlySet<TokenKind> = new Set(KEYWORDS.values());

/** The token as Go's messages show it. */
export function tokenText(token: Token): string {
  if (token.kind === 'eof') return 'EOF';
  if (token.kind === 'error') return token.text;
  if (WORDS.has(token.kind)) return `<${token.text}>`;
  const characters = Array.from(token.text);
  return Buffer.byteLength(token.text) > 10
    ? `${quote(characters.slice(0, 10).join(''))}...`
    : quote(token.text);
}
