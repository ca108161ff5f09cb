import { Lexer } from 'yaml';

/** Far more than any configuration needs, and far less than the stack of a recursive parser allows. */
const limit = 100;

const indicators: readonly string[] = ['-', '?', ':'];

/**
 * Where a YAML text is nested too deeply to be parsed. The parser recurses, and V8 ends a process without an exception
 * if its stack overflows inside a regular expression. The lexer does not recurse. Levels come from brackets, from
 * indentation (each level is indented further) and from indicators in one line (`- - - a`), so each of these is
 * limited.
 * @returns the line, counted from 1; undefined when the text is fine
 */
export function tooDeepAt(text: string): number | undefined {
  let line = 1;
  let brackets = 0;
  let indent = 0;
  let onLine = 0;
  let atStart = true;
  for (const lexeme of new Lexer().lex(text)) {
    const first = lexeme[0] ?? '';
    if (lexeme === '[' || lexeme === '{') brackets++;
    else if (lexeme === ']' || lexeme === '}') brackets = Math.max(0, brackets - 1);
    else if (brackets === 0 && indicators.includes(lexeme)) onLine++;
    if (first === ' ' || first === '\t') indent = atStart ? lexeme.length : indent;
    else atStart = false;
    if (brackets > limit || onLine > limit || (!atStart && indent > limit)) return line;
    const breaks = lexeme.split('\n').length - 1;
    if (breaks > 0) {
      line += breaks;
      indent = 0;
      onLine = 0;
      atStart = true;
    }
  }
  return undefined;
}
