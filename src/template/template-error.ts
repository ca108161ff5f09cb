import { byteLength } from './bytes.js';

/** A place in a template's text. */
export interface TemplatePlace {
  /** The name under which the text was parsed: a file, mostly. */
  file: string;
  /** From 1. */
  line: number;
  /** From 1, in characters. */
  column: number;
}

/** What goes wrong while a template is parsed or executed. The message is worded as Go words it. */
export class TemplateError extends Error {
  override name = 'TemplateError';

  readonly phase: 'parse' | 'execute';
  readonly place: TemplatePlace | undefined;

  constructor(message: string, phase: 'parse' | 'execute', place?: TemplatePlace, options?: ErrorOptions) {
    super(message, options);
    this.phase = phase;
    this.place = place;
  }
}

/** What a function throws to fail the call; the template adds where. */
export class FunctionError extends Error {
  override name = 'FunctionError';
}

/** The place of a position in a text. */
export function placeAt(file: string, text: string, pos: number): TemplatePlace {
  const start = text.lastIndexOf('\n', pos - 1) + 1;
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < pos; at = text.indexOf('\n', at + 1)) line += 1;
  return { file, line, column: Array.from(text.slice(start, pos)).length + 1 };
}

/** Go's `file:line:column` of a position; the column counts bytes from 0. */
export function goLocation(file: string, text: string, pos: number): string {
  const start = pos === 0 ? 0 : text.lastIndexOf('\n', pos - 1) + 1;
  return `${file}:${placeAt(file, text, pos).line}:${byteLength(text.slice(start, pos))}`;
}

/** The line of an error with a caret under the place; empty when the place is not in the text. */
export function caret(place: TemplatePlace, text: string): string {
  const line = text.split('\n')[place.line - 1];
  if (line === undefined) return '';
  const shown = line.replaceAll('\t', ' ').replaceAll('\r', '');
  return `${shown}\n${' '.repeat(place.column - 1)}^`;
}
