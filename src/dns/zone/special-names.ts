import type { Located } from './located.js';

/** Top-level names that no resolver may ask the Internet about, with where that is said. */
const NEVER_DELEGATED: ReadonlyMap<string, string> = new Map([
  ['invalid', 'RFC 6761 section 6.4'],
  ['test', 'RFC 6761 section 6.2'],
  ['local', 'RFC 6762 section 22.1'],
  ['onion', 'RFC 7686'],
  ['alt', 'RFC 9476'],
]);

/** Names that mean the same everywhere: `localhost` is answered, the others are denied. Undefined: nothing special. */
export function locateSpecial(labels: readonly string[]): Located | undefined {
  const top = labels.at(-1);
  if (top === 'localhost') {
    return { kind: 'addresses', ips: ['127.0.0.1', '::1'], rule: 'localhost (RFC 6761 section 6.3)' };
  }
  const source = top === undefined ? undefined : NEVER_DELEGATED.get(top);
  return source === undefined
    ? undefined
    : { kind: 'absent', rule: `"${top ?? ''}" is never asked upstream (${source})` };
}
