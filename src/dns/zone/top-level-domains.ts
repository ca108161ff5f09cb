import { createRequire } from 'node:module';

// Node 20 warns about JSON that is imported; a package's own data file is required instead.
const require = createRequire(import.meta.url);

// The list of the IANA root zone as a package: it is data that others keep up to date.
const delegated: ReadonlySet<string> = new Set(require('tlds') as readonly string[]);

/**
 * Whether a label is delegated in the DNS root. A name that ends in one may be meant for the Internet, so it is never
 * completed to a name of ours: `google.com` is not service `google` of stack `com`.
 * @param label lower case
 */
export function isDelegatedTopLevelDomain(label: string): boolean {
  return delegated.has(label);
}
