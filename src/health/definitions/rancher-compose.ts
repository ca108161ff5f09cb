import { nearest } from '../../text/nearest.js';
import { isMapping, readYaml, type KeyPath, type Position } from '../../text/yaml.js';
import type { HealthCheck } from '../check.js';
import { buildCheck, type Definition, type Field, type Note, type Written } from './build.js';
import { printable, quoted } from '../../text/printable.js';

/** Rancher's keys of `health_check:` ([D] v1.6 cattle/health-checks). */
const rancherFields = {
  port: 'port',
  request_line: 'request_line',
  interval: 'interval',
  response_timeout: 'timeout',
  healthy_threshold: 'rise',
  unhealthy_threshold: 'fall',
  initializing_timeout: 'initializing_timeout',
  reinitializing_timeout: 'reinitializing_timeout',
  strategy: 'strategy',
} as const satisfies Record<string, Field>;

const quorumKey = 'recreate_on_quorum_strategy_config';
const rancherKeys = [...Object.keys(rancherFields), quorumKey];

const isRancherKey = (key: string): key is keyof typeof rancherFields => Object.hasOwn(rancherFields, key);

/** A {@link Definition} with notes whose key is the path below the mapping. */
export type MappingDefinition = Omit<Definition, 'notes'> & {
  readonly notes: readonly (Note & { readonly path: KeyPath })[];
};

/**
 * Reads one `health_check:` mapping.
 * @param value the mapping, as plain data
 * @param from where it is written, for people
 */
export function readHealthCheckMapping(value: unknown, from: string): MappingDefinition {
  const notes: (Note & { path: KeyPath })[] = [];
  const note = (path: KeyPath, message: string, fatal: boolean): void => {
    notes.push({ key: path.join('.'), path, message, fatal });
  };
  if (!isMapping(value)) {
    note([], 'is no mapping of keys; write "port: 80" below it', true);
    return { notes };
  }
  const written = new Map<Field, Written>();
  for (const [key, item] of Object.entries(value)) {
    if (key === quorumKey) {
      const quorum = isMapping(item) ? item['quorum'] : undefined;
      const text = scalarText(quorum);
      if (text === undefined) note([key], 'is no mapping with "quorum: NUMBER"', false);
      else written.set('quorum', { text, key: `${key}.quorum` });
      continue;
    }
    if (!isRancherKey(key)) {
      const meant = nearest(key, rancherKeys);
      const advice =
        meant === undefined ? `the keys are ${rancherKeys.join(', ')}` : `did you mean ${meant}?`;
      note([key], `is no key of health_check and is not used; ${advice}`, false);
      continue;
    }
    if (item === null) continue;
    const text = scalarText(item);
    if (text === undefined) note([key], 'is no single value; write it after the colon', true);
    else if (!(key === 'request_line' && text.trim() === '')) written.set(rancherFields[key], { text, key });
  }
  if (!written.has('port')) note([], 'has no port; write "port: 80", the port in the container', true);
  const built = buildCheck(written, { from });
  // A file is mended before it is used, so that a value which cannot be read is never guessed.
  const all = built.notes
    .filter((each) => each.key !== '')
    .map((each) => ({ ...each, path: each.key.split('.'), fatal: true }));
  notes.push(...all);
  return { ...(built.check && !notes.some((each) => each.fatal) && { check: built.check }), notes };
}

function scalarText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** Something wrong in a file, or to be told of it. */
export interface FileNote extends Position {
  /** What is wrong and what to do: one line that goes after `file:line:column: `. */
  readonly message: string;
  /** False: a warning; the rest of the mapping is used. */
  readonly fatal: boolean;
}

export interface RancherComposeChecks {
  /** By the service's name in the file, lower case; `null` for one whose check cannot run. */
  readonly services: ReadonlyMap<string, HealthCheck | null>;
  readonly notes: readonly FileNote[];
}

/**
 * Reads the health checks of a rancher-compose.yml, in either of its forms: services at the top (version 1) or below
 * `services:` (version 2). All other keys of a service are left to Rancher. Never throws.
 * @param file its name in messages and in {@link HealthCheck.from}
 */
export function readRancherCompose(text: string, file: string): RancherComposeChecks {
  const services = new Map<string, HealthCheck | null>();
  const yaml = readYaml(text, 'web: { health_check: { port: 80 } }');
  if (!yaml.ok) return { services, notes: yaml.faults.map((each) => ({ ...each, fatal: true })) };
  const notes: FileNote[] = [];
  const inVersion2 = isMapping(yaml.value['services']) && !('health_check' in yaml.value['services']);
  const base: KeyPath = inVersion2 ? ['services'] : [];
  const entries: unknown = inVersion2 ? yaml.value['services'] : yaml.value;
  for (const [name, entry] of Object.entries(isMapping(entries) ? entries : {})) {
    if (!isMapping(entry) || !('health_check' in entry)) continue;
    const path = [...base, name, 'health_check'];
    const { line, column } = yaml.locate(path, 'key');
    const definition = readHealthCheckMapping(entry['health_check'], `${file}:${line}:${column}`);
    services.set(name.toLowerCase(), definition.check ?? null);
    for (const each of definition.notes) {
      const subject = each.path.length === 0 ? 'health_check' : `health_check.${printable(each.key)}`;
      const message = `service ${quoted(name)}: ${subject}: ${each.message}`;
      notes.push({
        ...yaml.locate([...path, ...each.path], each.path.length === 0 || !each.fatal ? 'key' : 'value'),
        message,
        fatal: each.fatal,
      });
    }
  }
  return { services, notes };
}
