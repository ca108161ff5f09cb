import { nearest } from '../../text/nearest.js';
import { isMapping, type KeyPath } from '../../text/yaml.js';
import type { HealthCheck } from '../check.js';
import { buildCheck, fields, type Field, type Written } from './build.js';

/** Rancher's keys of `health_check:` ([D] v1.6 cattle/health-checks). */
const rancherKeys: ReadonlyMap<string, Field> = new Map([
  ['port', 'port'],
  ['request_line', 'request_line'],
  ['interval', 'interval'],
  ['response_timeout', 'timeout'],
  ['healthy_threshold', 'rise'],
  ['unhealthy_threshold', 'fall'],
  ['initializing_timeout', 'initializing_timeout'],
  ['reinitializing_timeout', 'reinitializing_timeout'],
  ['strategy', 'strategy'],
]);

/** Rancher keeps the quorum in a separate mapping. */
const quorumKey = 'recreate_on_quorum_strategy_config';

/** Rancher's keys, plus those of the labels `fairlead.health.*` without that prefix. */
const allKeys: ReadonlyMap<string, Field> = new Map([
  ...rancherKeys,
  ...fields.map((field) => [field, field] as const),
]);

/**
 * Which keys a mapping may have.
 * - `rancher`: those of `health_check:` in rancher-compose.yml
 * - `all`: these, plus those of the labels `fairlead.health.*`
 */
export type MappingKeys = 'rancher' | 'all';

/** A mistake in a mapping. */
export interface MappingFault {
  /** The path below the mapping; empty for the check as a whole. */
  readonly path: KeyPath;
  /** Which part of the path the mistake is about. */
  readonly part: 'key' | 'value';
  /** One line that follows the key and says what is wrong and what to do. */
  readonly message: string;
}

/** Without faults and without a check, the mapping says `type: none`. */
export interface MappingDefinition {
  readonly check?: HealthCheck;
  readonly faults: readonly MappingFault[];
}

/**
 * Reads the mapping of one check. A file must be correct before it is used, so anything that cannot be read is a fault,
 * without a default for it. Never throws.
 * @param value plain data
 * @param from where it is defined, for people
 */
export function readHealthCheckMapping(value: unknown, from: string, keys: MappingKeys): MappingDefinition {
  const faults: MappingFault[] = [];
  const fault = (path: KeyPath, part: 'key' | 'value', message: string): void => {
    faults.push({ path, part, message });
  };
  if (!isMapping(value)) {
    fault([], 'key', 'is not a mapping of keys; write "port: 80" below it');
    return { faults };
  }
  const known = keys === 'rancher' ? rancherKeys : allKeys;
  const written = new Map<Field, Written>();
  const paths = new Map<string, KeyPath>();
  const put = (field: Field, path: KeyPath, text: string): void => {
    const key = path.join('.');
    const other = written.get(field);
    if (other) {
      fault(path, 'key', `means the same as ${other.key}; remove one of them`);
      return;
    }
    written.set(field, { text, key });
    paths.set(key, path);
  };
  for (const [key, item] of Object.entries(value)) {
    if (key === quorumKey) {
      const text = isMapping(item) ? textOf(item['quorum']) : undefined;
      if (text === undefined) fault([key], 'key', 'is not a mapping with "quorum: NUMBER"');
      else put('quorum', [key, 'quorum'], text);
      for (const inner of Object.keys(isMapping(item) ? item : {}))
        if (inner !== 'quorum') fault([key, inner], 'key', `is not a key here; ${key} has only "quorum"`);
      continue;
    }
    const field = known.get(key);
    if (field === undefined) {
      fault([key], 'key', unknownKey(key, item, [...known.keys(), quorumKey]));
      continue;
    }
    if (item === null) continue;
    const text = field === 'exec' && Array.isArray(item) ? JSON.stringify(item) : textOf(item);
    if (text === undefined) fault([key], 'value', 'is not a single value; write it after the colon');
    // Rancher's own files have an empty one for TCP.
    else if (field !== 'request_line' || text.trim() !== '') put(field, [key], text);
  }
  if (keys === 'rancher' && !written.has('port') && !faults.some(({ path }) => path[0] === 'port'))
    fault([], 'key', 'has no port; write "port: 80", the port in the container');
  const built = buildCheck(written, { from, bareTimes: true });
  for (const { key, message } of built.notes) {
    const path = paths.get(key);
    if (path) fault(path, 'value', message);
    // A missing value may be one that could not be read.
    else if (faults.length === 0) fault([], 'key', message);
  }
  return { ...(built.check && faults.length === 0 && { check: built.check }), faults };
}

function unknownKey(key: string, item: unknown, known: readonly string[]): string {
  const what = 'is not a key of health_check';
  if (key === '<<') return `${what}: maps are not merged here; write the keys out`;
  const inside = Object.keys(isMapping(item) ? item : {}).map((inner) => `${key}.${inner}`);
  const dotted = known.find((each) => inside.includes(each));
  if (dotted !== undefined) return `${what}; write its keys with dots: ${dotted}`;
  const meant = known.find((each) => each.endsWith(`.${key}`)) ?? nearest(key, known);
  const advice = meant === undefined ? `the keys are ${known.join(', ')}` : `did you mean ${meant}?`;
  return `${what}; ${advice}`;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}
