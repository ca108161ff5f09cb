/**
 * Text of others as people are shown it. Characters that a browser or a terminal does not show, or that turn the
 * direction of what follows (Unicode TR 36, section 2.5), are shown by their number: a name must look like what it is.
 */
export function visibleText(text: string): string {
  return text.replace(
    // eslint-disable-next-line no-control-regex -- these are the characters to show
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
