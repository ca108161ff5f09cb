import { createRequire } from 'node:module';

// The list of the IANA root zone as a package: it is data that others keep up to date.
const list = createRequire(import.meta.url)('tlds') as readonly string[];
const delegated: ReadonlySet<string> = new Set(list);

/**
 * Whether a label is delegated in the DNS root. A name that ends in one may be meant for the Internet, so it is never
 * completed to a name of ours: `google.com` is not service `google` of stack `com`.
 * @param label lower case
 */
export function isDelegatedTopLevelDomain(label: string): boolean {
  return delegated.has(label);
}
