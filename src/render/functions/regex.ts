import { RE2JS, RE2JSSyntaxException } from 're2js';
import type { TemplateFunction } from '../../template/value.js';
import { FunctionError } from '../../template/template-error.js';
import { ofTexts } from './strings.js';

const compiled = new Map<string, RE2JS>();
const KEPT = 200;

/**
 * An RE2 regular expression. Its running time is linear in the text, so no template can hang the daemon.
 * @throws FunctionError
 */
export function regex(source: string): RE2JS {
  const known = compiled.get(source);
  if (known !== undefined) return known;
  let made: RE2JS;
  try {
    made = RE2JS.compile(source);
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error;
    throw new FunctionError(error.message);
  }
  if (compiled.size >= KEPT) compiled.clear();
  compiled.set(source, made);
  return made;
}

const NAME = /^(?:\{(\w+)\}|(\w+))/;

/** Supports Go's `$1`, `$name` and `${name}` in a replacement. References to nonexistent groups become empty. */
export function replaceAllGo(expression: RE2JS, text: string, replacement: string): string {
  const matcher = expression.matcher(text);
  const names = expression.namedGroups();
  const group = (name: string): string => {
    const index = /^\d+$/.test(name) ? Number(name) : names[name];
    return index === undefined || index > matcher.groupCount() ? '' : (matcher.group(index) ?? '');
  };
  let out = '';
  let from = 0;
  while (matcher.find()) {
    out += text.slice(from, matcher.start()) + expand(replacement, group);
    from = matcher.end();
  }
  return out + text.slice(from);
}

function expand(replacement: string, group: (name: string) => string): string {
  let out = '';
  for (let at = 0; at < replacement.length;) {
    const dollar = replacement.indexOf('$', at);
    if (dollar < 0) return out + replacement.slice(at);
    out += replacement.slice(at, dollar);
    const rest = replacement.slice(dollar + 1);
    const name = NAME.exec(rest);
    if (rest.startsWith('$')) {
      out += '$';
      at = dollar + 2;
    } else if (name === null) {
      out += '$';
      at = dollar + 1;
    } else {
      out += group(name[1] ?? name[2] ?? '');
      at = dollar + 1 + name[0].length;
    }
  }
  return out;
}

/** Functions for regular expressions. */
export const REGEX_FUNCTIONS: readonly (readonly [string, TemplateFunction])[] = [
  ['regexMatch', ofTexts(2, (source = '', text = '') => regex(source).matcher(text).find())],
  [
    'regexReplaceAll',
    ofTexts(3, (source = '', replacement = '', text = '') => replaceAllGo(regex(source), text, replacement)),
  ],
];
