import { visibleText } from '../../net/visible-text.js';

/** Text that is HTML already, and is not escaped again. Only {@link markup} makes it. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

/** What may stand in a template. Nothing is written for `undefined` and `false`. */
export type Hole = string | number | undefined | false | Markup | readonly Hole[];

/**
 * A piece of HTML. Every value is escaped for text and for attributes in quotes (HTML, section 13.1.2.3), so that no
 * label, name or query becomes markup. Attributes must be quoted.
 */
export function markup(parts: TemplateStringsArray, ...holes: readonly Hole[]): Markup {
  let text = parts[0] ?? '';
  for (const [index, hole] of holes.entries()) text += written(hole) + (parts[index + 1] ?? '');
  return new Markup(text);
}

function written(hole: Hole): string {
  if (hole === undefined || hole === false) return '';
  if (hole instanceof Markup) return hole.text;
  if (typeof hole === 'object') return hole.map(written).join('');
  return escaped(String(hole));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return visibleText(text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? ''));
}
