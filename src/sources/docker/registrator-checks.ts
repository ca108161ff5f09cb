import { readRegistratorKey } from '../../labels/registrator-keys.js';
import type { Container } from './container.js';

/**
 * A container's labels and the `SERVICE_CHECK_*` and `SERVICE_<port>_CHECK_*` of its environment, from which registrator
 * takes checks as well. A label wins.
 * @returns the labels themselves where the environment adds nothing
 */
export function labelsWithChecks({
  labels,
  env,
}: Pick<Container, 'labels' | 'env'>): Readonly<Record<string, string>> {
  const checks = Object.entries(env).filter(([key, text]) => isCheck(key) && text !== '');
  if (checks.length === 0) return labels;
  const written = new Set(Object.keys(labels).map((key) => key.toUpperCase()));
  return { ...Object.fromEntries(checks.filter(([key]) => !written.has(key.toUpperCase()))), ...labels };
}

function isCheck(key: string): boolean {
  return readRegistratorKey(key)?.name.startsWith('CHECK_') === true;
}
