import { printable, quoted } from '../../text/printable.js';
import { isMapping, readYaml, type KeyPath, type Position } from '../../text/yaml.js';
import type { HealthCheck } from '../check.js';
import { readHealthCheckMapping } from './mapping.js';

const EXAMPLE = 'web: { health_check: { port: 80 } }';

/** A mistake in a file. */
export interface FileNote extends Position {
  /** One line that follows `file:line:column: ` and says what is wrong and what to do. */
  readonly message: string;
}

export interface RancherComposeChecks {
  /** By the service's name in the file, in lower case. A service with a fault in its check is left out. */
  readonly services: ReadonlyMap<string, HealthCheck>;
  /** In the order of the lines. */
  readonly notes: readonly FileNote[];
}

/**
 * Reads the health checks of a rancher-compose.yml, in either of its forms: services at the top (version 1) or below
 * `services:` (version 2). All other keys of a service are ignored. Never throws.
 * @param file its name in messages and in {@link HealthCheck.from}
 */
export function readRancherCompose(text: string, file: string): RancherComposeChecks {
  const services = new Map<string, HealthCheck>();
  const yaml = readYaml(text, EXAMPLE, { merge: true });
  if (!yaml.ok) return { services, notes: yaml.faults };
  const notes: FileNote[] = [];
  const note = (path: KeyPath, part: 'key' | 'value', message: string): void => {
    notes.push({ ...yaml.locate(path, part), message });
  };
  const below: unknown = yaml.value['services'];
  const inVersion2 = isMapping(below) && !('health_check' in below);
  const base: KeyPath = inVersion2 ? ['services'] : [];
  if ('services' in yaml.value && below !== null && !isMapping(below))
    note(['services'], 'value', `services: is not a mapping of services; write "${EXAMPLE}" below it`);
  const seen = new Map<string, string>();
  for (const [name, entry] of Object.entries(inVersion2 ? below : yaml.value)) {
    if (!isMapping(entry) || !('health_check' in entry)) continue;
    const path = [...base, name, 'health_check'];
    const other = seen.get(name.toLowerCase());
    seen.set(name.toLowerCase(), name);
    if (other !== undefined) {
      const message = `service ${quoted(name)}: is the same as ${quoted(other)}, because case makes no difference; remove one of them`;
      note([...base, name], 'key', message);
    }
    const { line, column } = yaml.locate(path, 'key');
    const definition = readHealthCheckMapping(entry['health_check'], `${file}:${line}:${column}`, 'rancher');
    if (definition.check) services.set(name.toLowerCase(), definition.check);
    for (const each of definition.faults) {
      const key = each.path.map(String).join('.');
      const subject = key === '' ? 'health_check' : `health_check.${printable(key)}`;
      note([...path, ...each.path], each.part, `service ${quoted(name)}: ${subject}: ${each.message}`);
    }
  }
  return { services, notes: notes.sort((a, b) => a.line - b.line || a.column - b.column) };
}
