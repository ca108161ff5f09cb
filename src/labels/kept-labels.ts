import { foreignLabels, HEALTH_PREFIX, ownLabels } from './label-table.js';
import { readRegistratorKey } from './registrator-keys.js';

/**
 * Tells which labels of a task are kept: those that Fairlead reads, and those that the configuration names. All others
 * are the business of other programs, and some are their secrets.
 * @param patterns further labels; `*` at the end stands for anything: `traefik.*`
 */
export function keptLabels(patterns: readonly string[]): (label: string) => boolean {
  const exact = new Set(patterns.filter((pattern) => !pattern.endsWith('*')));
  const prefixes = patterns.filter((pattern) => pattern.endsWith('*')).map((pattern) => pattern.slice(0, -1));
  return (label) =>
    Object.hasOwn(ownLabels, label) ||
    Object.hasOwn(foreignLabels, label) ||
    label.startsWith(HEALTH_PREFIX) ||
    readRegistratorKey(label) !== undefined ||
    exact.has(label) ||
    prefixes.some((prefix) => label.startsWith(prefix));
}
