/** The longest foreign text in a message. */
const clipAt = 60;

/**
 * Makes foreign text safe for one line of a log: control, format and separator characters are escaped, and text beyond
 * 60 characters is cut. A label's value may be 64 KiB of anything.
 */
export function printable(text: string): string {
  const cut = text.length > clipAt ? `${text.slice(0, clipAt)}…` : text;
  return cut.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}

/** {@link printable} in double quotes. */
export function quoted(text: string): string {
  return `"${printable(text)}"`;
}
