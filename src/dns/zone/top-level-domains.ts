import { createRequire } from 'node:module';
import { domainToASCII } from 'node:url';

// Node 20 warns about imported JSON, so the package's data file is loaded with `require`.
const require = createRequire(import.meta.url);

/**
 * The labels that are delegated in the DNS root, according to a package that others keep up to date. A name that ends
 * in one may be meant for the Internet, so it is never completed to a name of ours: `google.com` is not service
 * `google` of stack `com`. Lower case, in the form used in packets (`xn--p1ai`).
 */
export const packagedTopLevelDomains: ReadonlySet<string> = new Set(
  (require('tlds') as readonly string[]).map(domainToASCII),
);

/**
 * Reads IANA's list (https://data.iana.org/TLD/tlds-alpha-by-domain.txt): one label per line, `#` before a comment.
 */
export function parseTopLevelDomains(text: string): ReadonlySet<string> {
  const lines = text.split('\n').map((line) => line.trim().toLowerCase());
  return new Set(lines.filter((line) => /^[a-z0-9-]+$/.test(line)));
}
