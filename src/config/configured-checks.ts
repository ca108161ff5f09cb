import { resolve } from 'node:path';
import type { HealthCheck } from '../health/check.js';
import { readDefaultCheck, type DefaultCheck } from '../health/definitions/default-check.js';
import { readRancherCompose } from '../health/definitions/rancher-compose.js';
import { labelFault } from '../net/dns-labels.js';
import { fileFault } from '../text/file-fault.js';
import { isMapping } from '../text/yaml.js';
import type { ConfigError } from './errors.js';
import type { Fault } from './issues.js';
import { setterOf, valueAt, type Layer } from './layers.js';

/** The checks that the configuration defines, by stack (lower case). */
export interface ConfiguredChecks {
  /** `health.rancherCompose`: by the service's name, lower case. */
  readonly services: ReadonlyMap<string, ReadonlyMap<string, HealthCheck>>;
  /** `health.defaults`, in the order in which they are tried. */
  readonly defaults: ReadonlyMap<string, readonly DefaultCheck[]>;
}

export interface ReadChecks {
  readonly checks: ConfiguredChecks;
  /** Errors in the configuration itself. */
  readonly faults: readonly Fault[];
  /** Errors in the files that it names. */
  readonly errors: readonly ConfigError[];
}

export interface CheckSurroundings {
  readonly layers: readonly Layer[];
  /** Absolute. Paths that do not come from a file are relative to it. */
  readonly cwd: string;
  /** Reads a rancher-compose.yml; throws the system's error. Absent: such files are ignored. */
  readonly read?: ((path: string) => string) | undefined;
}

/**
 * Reads the checks from the merged layers. It works even if the rest of the configuration is wrong, so that all
 * mistakes are reported together. Never throws.
 */
export function readChecks(merged: unknown, { layers, cwd, read }: CheckSurroundings): ReadChecks {
  const faults: Fault[] = [];
  const errors: ConfigError[] = [];
  const services = new Map<string, ReadonlyMap<string, HealthCheck>>();
  const defaults = new Map<string, readonly DefaultCheck[]>();
  for (const section of ['defaults', 'rancherCompose'])
    faults.push(...stackFaults(entriesAt(merged, ['health', section]), ['health', section]));
  for (const [stack, mapping] of entriesAt(merged, ['health', 'defaults'])) {
    const at = ['health', 'defaults', stack];
    const found: DefaultCheck[] = [];
    for (const [index, each] of (Array.isArray(mapping) ? mapping : [mapping]).entries()) {
      // What is not a mapping is the schema's to tell.
      if (!isMapping(each)) continue;
      const read = readDefaultCheck(each, at.join('.'));
      const place = Array.isArray(mapping) ? [...at, index] : at;
      for (const { path, part, message } of read.faults)
        faults.push({ path: [...place, ...path], part, message });
      if (read.faults.length === 0) found.push(read.found);
    }
    if (found.length > 0) defaults.set(stack.toLowerCase(), found);
  }
  for (const [stack, name] of entriesAt(merged, ['health', 'rancherCompose'])) {
    if (!read || typeof name !== 'string' || name === '') continue;
    const at = ['health', 'rancherCompose', stack];
    const file = resolve(setterOf(layers, at)?.directory ?? cwd, name);
    let text: string;
    try {
      text = read(file);
    } catch (error) {
      faults.push({ path: at, part: 'value', message: `${file}: ${fileFault(error)}` });
      continue;
    }
    const found = readRancherCompose(text, file);
    services.set(stack.toLowerCase(), found.services);
    errors.push(...found.notes.map((each) => ({ file, path: '', ...each })));
  }
  return { checks: { services, defaults }, faults, errors };
}

/** Finds keys that cannot be the name of a stack, and stacks that are listed twice. */
function stackFaults(entries: readonly [string, unknown][], section: readonly string[]): Fault[] {
  const seen = new Map<string, string>();
  return entries.flatMap(([stack]): Fault[] => {
    const name = stack.toLowerCase();
    const other = seen.get(name);
    seen.set(name, stack);
    const wrong = labelFault(name);
    const tell = (message: string): Fault[] => [{ path: [...section, stack], part: 'key', message }];
    if (wrong !== undefined)
      return tell(`is not a valid name of a stack: it ${wrong}; write one such as shop`);
    return other === undefined
      ? []
      : tell(`is the same as ${other}, because case makes no difference; remove one of them`);
  });
}

function entriesAt(tree: unknown, path: readonly string[]): [string, unknown][] {
  const found = valueAt(tree, path);
  return isMapping(found) ? Object.entries(found) : [];
}
