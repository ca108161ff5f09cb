import { jsonSchema } from './schema.js';

/**
 * How a key's value is written as text, in a variable or a flag.
 * - `section`: JSON object
 * - `mapping`: a JSON object with names that the user chooses
 * - `list`: items separated by commas, or a JSON array
 * - `number`, `boolean`, `text`: the value itself
 */
type KeyKind = 'section' | 'mapping' | 'list' | 'number' | 'boolean' | 'text';

/** A key of the configuration, from the schema. */
export interface ConfigKey {
  /** `dns.ttl`; empty for the root. */
  readonly path: string;
  readonly kind: KeyKind;
  /** The form of its value in a few words: `seconds, 0 to 300`, `CIDR`. For a list, the form of an item. */
  readonly form: string;
  /** Whether its value is a path, or a mapping to paths. */
  readonly holdsPaths: boolean;
  /** Whether its value must not appear in any output. */
  readonly isSecret: boolean;
  /** Other values that are allowed: `false`, `system`. */
  readonly words: readonly (string | boolean)[];
  readonly description: string;
  /** The default as written in a file; absent if there is none. */
  readonly default?: unknown;
  /** Whether a list of such sections may replace the section. */
  readonly repeatable: boolean;
  /** Sub-keys in the order of the schema; empty unless it is a section. */
  readonly children: ReadonlyMap<string, ConfigKey>;
  /** What each item of a list is, or what each name of a mapping holds, if that is a section. */
  readonly item?: ConfigKey;
}

/** The parts of a JSON schema that are read. */
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
  const inside = [form.items, form.additionalProperties].find((each) => typeof each === 'object');
  const item = inside && readKey(path, inside);
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
    ...(item?.kind === 'section' && { item }),
  };
}

let root: ConfigKey | undefined;

/** The root of all keys, read once from the schema. */
export function configKeys(): ConfigKey {
  root ??= readKey('', jsonSchema());
  return root;
}

/** Every key below a key; a section comes before its keys. */
export function allKeys(from: ConfigKey = configKeys()): ConfigKey[] {
  return [...from.children.values()].flatMap((key) => [key, ...allKeys(key)]);
}

/**
 * The key at a path; undefined if it does not exist. An item of a list of sections that may replace the section has the
 * section's keys.
 * @param isInItems also inside other lists, and in mappings, whose items have no path in variables and flags
 */
export function findKey(path: readonly PropertyKey[], isInItems = false): ConfigKey | undefined {
  return path.reduce<ConfigKey | undefined>((key, name) => {
    if (key === undefined || (typeof name === 'number' && key.repeatable)) return key;
    return key.children.get(String(name)) ?? (isInItems ? key.item : undefined);
  }, configKeys());
}
