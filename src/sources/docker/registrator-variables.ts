import { readRegistratorKey } from '../../labels/registrator-keys.js';
import type { Container } from './container.js';

/** What may be taken from the environment. Other `SERVICE_*` variables are often secrets of the program itself. */
const taken = /^(?:NAME|ID|TAGS|IGNORE|CHECK_.+)$/s;

/**
 * A container's labels, and the keys of registrator that its environment has: registrator reads both. A label wins.
 * @returns the labels themselves where the environment adds nothing
 */
export function labelsWithVariables({
  labels,
  env,
}: Pick<Container, 'labels' | 'env'>): Readonly<Record<string, string>> {
  const keys = Object.entries(env).filter(
    ([key, text]) => taken.test(readRegistratorKey(key)?.name ?? '') && text !== '',
  );
  if (keys.length === 0) return labels;
  const written = new Set(Object.keys(labels).map((key) => key.toUpperCase()));
  return { ...Object.fromEntries(keys.filter(([key]) => !written.has(key.toUpperCase()))), ...labels };
}
