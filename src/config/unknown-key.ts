import { nearest } from '../text/nearest.js';
import { allKeys, type ConfigKey } from './keys.js';

/** The message about an unknown key of a section: suggests the key that was probably meant, or lists the known ones. */
export function unknownKey(section: ConfigKey, name: string): string {
  const what = section.path === '' ? 'is not a known key' : `is not a key of ${section.path}`;
  const siblings = [...section.children.keys()];
  const near = nearest(name, siblings);
  if (near !== undefined) return `${what}; did you mean ${near}?`;
  const elsewhere = allKeys().filter(({ path }) => path.split('.').at(-1) === name);
  if (elsewhere.length > 0) return `${what}; did you mean ${elsewhere.map(({ path }) => path).join(' or ')}?`;
  if (siblings.length === 0) return `${what}, which has no keys; set ${section.path} as a whole`;
  return `${what}; remove it, or use one of ${siblings.join(', ')}`;
}
