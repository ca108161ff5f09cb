import { allKeys, configKeys, findKey, type ConfigKey } from './keys.js';
import { HIDDEN } from '../text/hidden.js';

/**
 * The configuration document for output, with {@link HIDDEN} for each value that the schema marks as secret
 * (`secretText`). In a list of sections, the secrets of each item are hidden.
 */
export function hideSecrets(document: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return hideIn(configKeys(), document) as Record<string, unknown>;
}

function hideIn(key: ConfigKey, value: unknown): unknown {
  if (key.isSecret) return HIDDEN;
  if (Array.isArray(value)) return key.repeatable ? value.map((item) => hideIn(key, item)) : value;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, inner]) => {
    const child = key.children.get(name);
    return [name, child === undefined ? (inner as unknown) : hideIn(child, inner)] as const;
  });
  return Object.fromEntries(entries);
}

/** Whether the value at a path could be a secret: the key is one, contains one, or is a misspelt one. */
export function mayHoldSecret(path: string): boolean {
  const names = path.split('.');
  const key = findKey(names);
  if (key !== undefined) return key.isSecret || allKeys(key).some(({ isSecret }) => isSecret);
  const parent = findKey(names.slice(0, -1));
  return parent !== undefined && [...parent.children.values()].some(({ isSecret }) => isSecret);
}
