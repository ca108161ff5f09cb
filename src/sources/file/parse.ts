import type { core } from 'zod';
import type { Facts } from '../../catalog/facts.js';
import { nearest } from '../../text/nearest.js';
import { isMapping, readYaml, type KeyPath } from '../../text/yaml.js';
import { balancingKeys, servicesFile } from './services-schema.js';
import { toFacts } from './to-facts.js';

/** One mistake in a services file. */
export interface FileFault {
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** One line: the place in the structure, what is wrong, why, and what to do. */
  readonly message: string;
}

/** A label that does not work as written. The rest of the file is used. */
export interface FileWarning extends FileFault {
  /** See `Problem.code`. */
  readonly code: string;
}

export type ParseResult =
  | { readonly ok: true; readonly facts: Facts; readonly warnings: readonly FileWarning[] }
  /** `valid`: the file without the services and clients that have mistakes; absent if the file is not YAML. */
  | { readonly ok: false; readonly faults: readonly FileFault[]; readonly valid?: Facts };

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

/** Reads a services file. Never throws; reports every mistake in the order of the lines. */
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
    const valid = validPart(yaml.value, environment, parsed.error.issues);
    return {
      ok: false,
      faults: faults.sort((a, b) => a.line - b.line || a.column - b.column),
      ...(valid && { valid }),
    };
  }
  const { facts, conflicts, warnings } = toFacts(parsed.data, environment);
  if (conflicts.length > 0) {
    const valid = validPart(yaml.value, environment, conflicts);
    return {
      ok: false,
      faults: conflicts.map(({ path, message }) => fault(path, 'key', message)),
      ...(valid && { valid }),
    };
  }
  return {
    ok: true,
    facts,
    warnings: warnings.map(({ path, code, message }) => ({ ...yaml.locate(path, 'key'), code, message })),
  };
}

/** The file without each service, stack or client that has a mistake. */
function validPart(
  value: Record<string, unknown>,
  environment: string,
  mistakes: readonly { readonly path: KeyPath }[],
): Facts | undefined {
  const rest = structuredClone(value);
  for (const { path } of mistakes) removeAround(rest, path);
  const parsed = servicesFile.safeParse(rest);
  if (!parsed.success) return undefined;
  const { facts, conflicts } = toFacts(parsed.data, environment);
  // The rest shrinks each time, so the loop ends.
  return conflicts.length === 0 ? facts : validPart(rest, environment, conflicts);
}

/**
 * `stacks.shop.services.web.ports[0]` removes `web`, `clients.10.0.0.1.stack` removes that client, anything else its
 * own key.
 */
function removeAround(tree: Record<string, unknown>, path: KeyPath): void {
  const [first] = path;
  if (first === undefined) {
    for (const key of Object.keys(tree)) Reflect.deleteProperty(tree, key);
    return;
  }
  const depth = first === 'stacks' ? (path.length >= 4 ? 4 : 2) : first === 'clients' ? 2 : 1;
  const keys = path.slice(0, Math.min(depth, path.length));
  const parent = keys
    .slice(0, -1)
    .reduce<unknown>((node, key) => (isMapping(node) ? node[String(key)] : undefined), tree);
  const last = keys.at(-1);
  if (isMapping(parent) && last !== undefined) Reflect.deleteProperty(parent, String(last));
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
    ? `is not a known key here; use ${known.join(', ')}`
    : `is not a known key; did you mean ${near}?`;
}

function sectionAt(path: KeyPath): string {
  if (path.length === 0) return '';
  if (path[0] === 'clients') return 'client';
  if (path.length === 2) return 'stack';
  if (path[4] === 'balancing') return 'balancing';
  return path.length === 4 ? 'service' : 'task';
}
