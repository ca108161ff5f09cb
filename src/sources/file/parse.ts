import type { core } from 'zod';
import type { Facts } from '../../catalog/facts.js';
import { nearest } from '../../text/nearest.js';
import { readYaml, type KeyPath } from '../../text/yaml.js';
import { balancingKeys, servicesFile } from './services-schema.js';
import { toFacts } from './to-facts.js';

/** One mistake in a services file. */
export interface FileFault {
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** Where in the structure, what is wrong, why, and what to do: one line. */
  readonly message: string;
}

/** A label that does not do what it says; what else the file has is in force. */
export interface FileWarning extends FileFault {
  /** As in `Problem.code`. */
  readonly code: string;
}

export type ParseResult =
  | { readonly ok: true; readonly facts: Facts; readonly warnings: readonly FileWarning[] }
  | { readonly ok: false; readonly faults: readonly FileFault[] };

const keysOf: Readonly<Record<string, readonly string[]>> = {
  '': ['stacks', 'clients'],
  stack: ['services'],
  service: [
    ...['ports', 'endpoint_mode', 'vip', 'balancing', 'tasks', 'external_ips', 'hostname', 'alias_of'],
    ...['links', 'labels'],
  ],
  balancing: balancingKeys,
  task: [
    ...['name', 'ip', 'ip6', 'ports', 'health', 'weight', 'max_connections', 'links', 'upstreams'],
    'labels',
  ],
  client: ['stack', 'service', 'links', 'upstreams'],
};

/** Reads a services file. Never throws; every mistake is told, in the order of the lines. */
export function parseServicesFile(text: string, environment: string): ParseResult {
  const yaml = readYaml(text, 'stacks: { shop: { services: { web: {} } } }');
  if (!yaml.ok) return yaml;
  const fault = (path: KeyPath, part: 'key' | 'value', message: string): FileFault => ({
    ...yaml.locate(path, part),
    message: `${path.map(String).join('.')}${path.length > 0 ? ': ' : ''}${message}`,
  });
  const parsed = servicesFile.safeParse(yaml.value);
  if (!parsed.success) {
    const faults = parsed.error.issues.flatMap((issue) =>
      describe(issue).map((each) => fault(each.path, each.part, each.message)),
    );
    return { ok: false, faults: faults.sort((a, b) => a.line - b.line || a.column - b.column) };
  }
  const { facts, conflicts, warnings } = toFacts(parsed.data, environment);
  if (conflicts.length > 0) {
    return { ok: false, faults: conflicts.map(({ path, message }) => fault(path, 'key', message)) };
  }
  return {
    ok: true,
    facts,
    warnings: warnings.map(({ path, code, message }) => ({ ...yaml.locate(path, 'key'), code, message })),
  };
}

interface Described {
  readonly path: KeyPath;
  readonly part: 'key' | 'value';
  readonly message: string;
}

function describe(issue: core.$ZodIssue): Described[] {
  const { path } = issue;
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ path: [...path, key], part: 'key', message: unknownKey(path, key) }));
    case 'invalid_key':
      return issue.issues.map((inner) => ({ path, part: 'key', message: inner.message }));
    case 'invalid_union':
    case 'invalid_type':
    case 'too_big':
    case 'too_small':
    case 'invalid_format':
    case 'not_multiple_of':
    case 'invalid_element':
    case 'invalid_value':
    case 'custom':
      return [{ path, part: 'value', message: issue.message }];
  }
}

function unknownKey(path: KeyPath, key: string): string {
  const known = keysOf[sectionAt(path)] ?? [];
  const near = nearest(key, known);
  return near === undefined
    ? `is no known key here; use ${known.join(', ')}`
    : `is no known key; did you mean ${near}?`;
}

function sectionAt(path: KeyPath): string {
  if (path.length === 0) return '';
  if (path[0] === 'clients') return 'client';
  if (path.length === 2) return 'stack';
  if (path[4] === 'balancing') return 'balancing';
  return path.length === 4 ? 'service' : 'task';
}
