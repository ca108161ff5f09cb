import { byteLength } from './byte-strings.js';

/** A place in a template's text. */
export interface TemplatePlace {
  /** The name under which the text was parsed, usually a file. */
  file: string;
  /** Counted from 1. */
  line: number;
  /** Counted from 1, in characters. */
  column: number;
}

/** An error while parsing or executing a template. The message is worded like Go's. */
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

/** Thrown by a function to fail the call. The template adds the place. */
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

/** A position as Go's `file:line:column`; the column counts bytes from 0. */
export function goLocation(file: string, text: string, pos: number): string {
  const start = pos === 0 ? 0 : text.lastIndexOf('\n', pos - 1) + 1;
  return `${file}:${placeAt(file, text, pos).line}:${byteLength(text.slice(start, pos))}`;
}

/** The line of an error with a caret below the place. Empty if the place is not in the text. */
export function caret(place: TemplatePlace, text: string): string {
  const line = text.split('\n')[place.line - 1];
  if (line === undefined) return '';
  const shown = line.replaceAll('\t', ' ').replaceAll('\r', '');
  return `${shown}\n${' '.repeat(place.column - 1)}^`;
}
