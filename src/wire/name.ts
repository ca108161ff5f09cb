import { HEADER_SIZE } from './constants.js';
import { readU8, latin1 } from './bytes.js';

/**
 * A domain name as uncompressed wire bytes, including the root label (RFC 1035 section 3.1): `\3web\0`. Labels consist
 * of octets, not text: they may contain a dot, a NUL or 0xFF.
 */
export type DnsName = Uint8Array;

export type NameFault =
  | 'name-truncated'
  | 'name-too-long'
  | 'label-type'
  | 'pointer-not-allowed'
  | 'pointer-not-backwards'
  | 'too-many-pointers';

export type NameResult =
  | { readonly ok: true; readonly name: DnsName; readonly end: number }
  | { readonly ok: false; readonly fault: NameFault };

/** RFC 1035 section 2.3.4. */
export const MAX_NAME = 255;
export const MAX_LABEL = 63;

/** A name of 255 bytes has at most 127 labels, so an honest one needs no more pointers. */
const MAX_POINTERS = 127;

/** How many more pointers may be followed. Names that share a budget share this limit. */
export interface PointerBudget {
  left: number;
}

export const ROOT: DnsName = Uint8Array.of(0);

/**
 * Reads the name at `offset`. A pointer must point before the labels that it ends, and behind the header, so reading
 * always terminates (RFC 1035 section 4.1.4). Reads at most 255 octets and 127 pointers.
 * @param pointers how many may be followed; false: none are allowed
 * @returns the name: a view of the packet, or a copy if it has a pointer; `end` is the offset after the name in the
 * packet, which is after the first pointer if there is one
 */
export function readName(
  packet: Uint8Array,
  offset: number,
  { pointers }: { readonly pointers: PointerBudget | false },
): NameResult {
  const runs: Uint8Array[] = [];
  let end = -1;
  let length = 0;
  let runStart = offset;
  let position = offset;
  for (;;) {
    if (position >= packet.length) return { ok: false, fault: 'name-truncated' };
    const octet = readU8(packet, position);
    if (octet <= MAX_LABEL) {
      length += octet + 1;
      if (length > MAX_NAME) return { ok: false, fault: 'name-too-long' };
      position += octet + 1;
      if (octet !== 0) continue;
      if (end < 0) return { ok: true, name: packet.subarray(offset, position), end: position };
      runs.push(packet.subarray(runStart, position));
      return { ok: true, name: concat(runs, length), end };
    }
    if (octet < 0xc0) return { ok: false, fault: 'label-type' };
    if (!pointers) return { ok: false, fault: 'pointer-not-allowed' };
    if (position + 1 >= packet.length) return { ok: false, fault: 'name-truncated' };
    if (runs.length === MAX_POINTERS || pointers.left === 0) return { ok: false, fault: 'too-many-pointers' };
    pointers.left--;
    const target = ((octet & 0x3f) << 8) | readU8(packet, position + 1);
    if (target >= runStart || target < HEADER_SIZE) return { ok: false, fault: 'pointer-not-backwards' };
    if (end < 0) end = position + 2;
    runs.push(packet.subarray(runStart, position));
    position = target;
    runStart = target;
  }
}

function concat(parts: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/**
 * A copy with A-Z in lower case; no other octet changes (RFC 4343). Length octets are below 0x40 and therefore
 * unaffected.
 */
export function lowerCaseName(name: DnsName): DnsName {
  const copy = new Uint8Array(name);
  for (let i = 0; i < copy.length; i++) copy[i] = lowerCaseOctet(readU8(copy, i));
  return copy;
}

/** Whether two names are equal, ignoring ASCII case (RFC 4343). */
export function equalNames(a: DnsName, b: DnsName): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i] && lowerCaseOctet(readU8(a, i)) !== lowerCaseOctet(readU8(b, i))) return false;
  }
  return true;
}

function lowerCaseOctet(octet: number): number {
  return octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet;
}

/** A map key: equal for names that are equal by {@link equalNames}, different for all others. */
export function nameKey(name: DnsName): string {
  return latin1(lowerCaseName(name));
}

/** The labels, leftmost first, without the root. Each character is one byte; case is kept. */
export function labelsOf(name: DnsName): string[] {
  const text = latin1(name);
  const labels: string[] = [];
  for (let at = 0; readU8(name, at) !== 0; at += readU8(name, at) + 1) {
    labels.push(text.slice(at + 1, at + 1 + readU8(name, at)));
  }
  return labels;
}

/** The number of labels without the root. */
export function labelCount(name: DnsName): number {
  let count = 0;
  for (let at = 0; readU8(name, at) !== 0; at += readU8(name, at) + 1) count++;
  return count;
}

/**
 * The name with these labels (leftmost first, without the root, one byte per character).
 * @returns undefined when a label is empty, longer than 63 bytes or has a character above U+00FF, or when the name is
 * longer than 255 bytes
 */
export function nameFromLabels(labels: readonly string[]): DnsName | undefined {
  const length = labels.reduce((sum, label) => sum + label.length + 1, 1);
  if (length > MAX_NAME) return undefined;
  const name = new Uint8Array(length);
  let at = 0;
  for (const label of labels) {
    if (label.length === 0 || label.length > MAX_LABEL) return undefined;
    name[at++] = label.length;
    for (let i = 0; i < label.length; i++) {
      const octet = label.charCodeAt(i);
      if (octet > 0xff) return undefined;
      name[at++] = octet;
    }
  }
  return name;
}

/** Whether `name` is `ancestor` or below it, ignoring ASCII case. */
export function isAtOrBelow(name: DnsName, ancestor: DnsName): boolean {
  let at = 0;
  while (name.length - at > ancestor.length) at += readU8(name, at) + 1;
  return name.length - at === ancestor.length && equalNames(name.subarray(at), ancestor);
}
