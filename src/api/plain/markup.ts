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

/**
 * Characters that a browser does not show, or that turn the direction of what follows (Unicode TR 36, section 2.5), are
 * shown by their number: a name must look like what it is.
 */
function escaped(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
    .replace(
      // eslint-disable-next-line no-control-regex -- these are the characters to show
      /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
}
