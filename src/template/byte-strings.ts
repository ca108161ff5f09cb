/**
 * Go's strings are bytes. Here a JavaScript string represents each byte that is not valid UTF-8 as the lone surrogate
 * U+DC00 + byte (0x80 to 0xff). Nothing is lost between a file, a value and the output.
 */
const NON_ASCII = /[^\x00-\x7f]/; // eslint-disable-line no-control-regex -- the range is the point
const ESCAPED = /[\udc80-\udcff]/;
const REPLACEMENT = '\ufffd';

/** Whether every character is one byte. */
export function isAscii(text: string): boolean {
  return !NON_ASCII.test(text);
}

/** The bytes of a string, with escaped bytes restored. */
export function toBytes(text: string): Buffer {
  if (!ESCAPED.test(text)) return Buffer.from(text, 'utf8');
  const parts: Buffer[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit >= 0xd800 && unit < 0xdc00 && isLowSurrogate(text.charCodeAt(at + 1))) {
      at += 1;
    } else if (unit >= 0xdc80 && unit <= 0xdcff) {
      parts.push(Buffer.from(text.slice(start, at), 'utf8'), Buffer.from([unit & 0xff]));
      start = at + 1;
    }
  }
  parts.push(Buffer.from(text.slice(start), 'utf8'));
  return Buffer.concat(parts);
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}

/** The string of these bytes. Invalid UTF-8 is escaped. */
export function fromBytes(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString('utf8');
  if (!text.includes(REPLACEMENT)) return text;
  let out = '';
  for (let at = 0; at < buffer.length;) {
    const length = sequenceLength(buffer, at);
    out +=
      length === 0
        ? String.fromCharCode(0xdc00 + (buffer[at] ?? 0))
        : buffer.toString('utf8', at, at + length);
    at += length || 1;
  }
  return out;
}

/** Length in bytes of the valid UTF-8 sequence at `at`; 0 if there is none. */
export function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || at + length > bytes.length) return 0;
  const second = bytes[at + 1] ?? 0;
  const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  for (let i = 2; i < length; i += 1) {
    if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return 0;
  }
  return length;
}

/** Length in bytes, like Go's `len`. */
export function byteLength(text: string): number {
  if (!NON_ASCII.test(text)) return text.length;
  return ESCAPED.test(text) ? toBytes(text).length : Buffer.byteLength(text, 'utf8');
}

/** The bytes from `start` up to but excluding `end`, as a string. */
export function sliceBytes(text: string, start: number, end: number): string {
  return NON_ASCII.test(text) ? fromBytes(toBytes(text).subarray(start, end)) : text.slice(start, end);
}

/** Compares by bytes: negative, 0 or positive. */
export function compareStrings(left: string, right: string): number {
  if (left === right) return 0;
  if (NON_ASCII.test(left) && NON_ASCII.test(right)) return Buffer.compare(toBytes(left), toBytes(right));
  return left < right ? -1 : 1;
}

/** Whether a code point represents a byte that was not UTF-8. */
export function isEscapedByte(code: number): boolean {
  return code >= 0xdc80 && code <= 0xdcff;
}

/** The string with U+FFFD in place of invalid bytes. */
export function wellFormed(text: string): string {
  return text.replaceAll(
    /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
    REPLACEMENT,
  );
}
