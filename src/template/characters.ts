/** What `Cursor.peek` gives at the end. */
export const EOF = -1;
/** Of `- ` behind a left delimiter, and of ` -` in front of a right one. */
export const MARKER_LENGTH = 2;

const WORD = /^[\p{L}\p{Nd}_]$/u;

export function isSpace(code: number): boolean {
  return code === 32 || code === 9 || code === 13 || code === 10;
}

export function isWord(code: number): boolean {
  if (code < 0x80) {
    return (
      (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95
    );
  }
  return WORD.test(String.fromCodePoint(code));
}

export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** Whether a marker that trims the text before an action begins here. */
export function hasLeftMarker(input: string, at: number): boolean {
  return input[at] === '-' && isSpace(input.charCodeAt(at + 1));
}

/** Whether a marker that trims the text behind an action begins here. */
export function hasRightMarker(input: string, at: number): boolean {
  return isSpace(input.charCodeAt(at)) && input[at + 1] === '-';
}
