import { jsonSchema } from './schema.js';

/**
 * How a key's value is written in a text (a variable, a flag).
 * - `section`: JSON object
 * - `mapping`: the same, with names that the user chooses
 * - `list`: items between commas, or a JSON array
 * - `number`, `boolean`, `text`: as it is
 */
type KeyKind = 'section' | 'mapping' | 'list' | 'number' | 'boolean' | 'text';

/** A key of the configuration, as its schema has it. */
export interface ConfigKey {
  /** `dns.ttl`; empty for the root. */
  readonly path: string;
  readonly kind: KeyKind;
  /** The form of its value in a few words: `seconds, 0 to 300`, `CIDR`. For a list, that of an item. */
  readonly form: string;
  /** Whether its value is a path, or a mapping to paths. */
  readonly holdsPaths: boolean;
  /** Whether no output may show its value. */
  readonly isSecret: boolean;
  /** Values that may stand in for the form: `false`, `system`. */
  readonly words: readonly (string | boolean)[];
  readonly description: string;
  /** As it would be written in a file; absent when there is none. */
  readonly default?: unknown;
  /** A list of such sections may stand in for the section. */
  readonly repeatable: boolean;
  /** In the order of the schema; empty unless it is a section. */
  readonly children: ReadonlyMap<string, ConfigKey>;
}

/** What is read of a JSON schema. */
interface SchemaNode {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly writeOnly?: boolean;
  readonly default?: unknown;
  readonly const?: string | boolean;
  readonly anyOf?: readonly SchemaNode[];
  readonly items?: SchemaNode;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
}

const kinds = new Map<string | undefined, KeyKind>([
  ['object', 'section'],
  ['array', 'list'],
  ['integer', 'number'],
  ['number', 'number'],
  ['boolean', 'boolean'],
]);

function readKey(path: string, node: SchemaNode): ConfigKey {
  const options = node.anyOf ?? [];
  const form = options.find((option) => option.const === undefined) ?? node;
  const children = Object.entries(form.properties ?? {}).map(
    ([name, child]) => [name, readKey(path === '' ? name : `${path}.${name}`, child)] as const,
  );
  return {
    path,
    kind: children.length === 0 && form.type === 'object' ? 'mapping' : (kinds.get(form.type) ?? 'text'),
    form: form.items?.title ?? form.title ?? '',
    holdsPaths: [form, form.additionalProperties].some(
      (each) => typeof each === 'object' && each.title === 'path',
    ),
    isSecret: form.writeOnly === true,
    words: options.map((option) => option.const).filter((word) => word !== undefined),
    description: node.description ?? '',
    ...('default' in node && { default: node.default }),
    repeatable: form.type === 'object' && options.some((option) => option.type === 'array'),
    children: new Map(children),
  };
}

let root: ConfigKey | undefined;

/** The root of all keys, read from the schema once. */
export function configKeys(): ConfigKey {
  root ??= readKey('', jsonSchema());
  return root;
}

/** Every key below one, sections before what is in them. */
export function allKeys(from: ConfigKey = configKeys()): ConfigKey[] {
  return [...from.children.values()].flatMap((key) => [key, ...allKeys(key)]);
}

/**
 * The key of a path; undefined when the configuration has no such key. An item of a list of sections has the section's
 * keys; items of other lists have none.
 */
export function findKey(path: readonly PropertyKey[]): ConfigKey | undefined {
  return path.reduce<ConfigKey | undefined>(
    (key, name) => (typeof name === 'number' && key?.repeatable ? key : key?.children.get(String(name))),
    configKeys(),
  );
}
