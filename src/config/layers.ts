import { isMapping, type KeyPath } from '../text/yaml.js';
import { findKey } from './keys.js';

/** Where something was written: a place in a file, or a variable or flag. */
export interface Where {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly origin?: string;
}

/** One layer of settings: a whole file, one variable or one flag. */
export interface Layer {
  /** The key that it sets; empty for a file. */
  readonly path: readonly string[];
  readonly value: unknown;
  /** Short name for the list of origins, if the layer is not a file. */
  readonly label: string;
  /** The directory for relative paths in it. */
  readonly directory: string;
  /** The place of the key, or of its value, at a path below `path`. */
  locate(rest: KeyPath, part: 'key' | 'value'): Where;
}

/** The value at a path; undefined if there is none. Inherited properties do not count. */
export function valueAt(tree: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>((node, key) => {
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, key)) return undefined;
    return (node as Record<PropertyKey, unknown>)[key];
  }, tree);
}

/**
 * Merges mappings and replaces everything else. A wrong value in the place of a mapping is kept, so that it is
 * reported. `false` and empty values are allowed there.
 */
function merge(lower: unknown, upper: unknown, path: readonly string[] = []): unknown {
  if (upper === undefined) return lower;
  if (!isMapping(upper) || lower === undefined || lower === null || lower === false) return upper;
  if (Array.isArray(lower) && findKey(path)?.repeatable) return upper;
  if (!isMapping(lower) || findKey(path) === undefined) return lower;
  const names = new Set([...Object.keys(lower), ...Object.keys(upper)]);
  const entries = [...names].map((name) => {
    return [name, merge(ownValue(lower, name), ownValue(upper, name), [...path, name])] as const;
  });
  return Object.fromEntries(entries);
}

function ownValue(mapping: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(mapping, name) ? mapping[name] : undefined;
}

/** A section with nothing in it (`dns:` with all keys commented out) is an empty section. */
function fillEmptySections(tree: unknown, path: readonly string[] = []): unknown {
  if (!isMapping(tree)) return tree;
  const entries = Object.entries(tree).map(([name, value]): [string, unknown] => {
    const at = [...path, name];
    const key = findKey(at);
    if (key?.kind === 'mapping' && value === null) return [name, {}];
    if (key?.kind !== 'section') return [name, value];
    // An empty `sources:` could mean Docker or no source at all, so the schema refuses it.
    return [name, value === null && key.path !== 'sources' ? {} : fillEmptySections(value, at)];
  });
  return Object.fromEntries(entries);
}

/** All layers merged; a later layer wins over earlier ones. */
export function mergeLayers(layers: readonly Layer[]): unknown {
  const merged = layers.reduce<unknown>((tree, { path, value }) => {
    const wrapped = path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value);
    return merge(tree, wrapped);
  }, {});
  return fillEmptySections(merged);
}

/** The layer that sets the value at exactly this path; undefined if none does. */
export function setterOf(layers: readonly Layer[], path: KeyPath): Layer | undefined {
  return layers.findLast(
    (layer) =>
      layer.path.every((name, index) => name === path[index]) &&
      valueAt(layer.value, path.slice(layer.path.length)) !== undefined,
  );
}

/**
 * Where a path, or the nearest section around it, was written.
 * @param part whether to point at the key or at the value, if the path itself was written
 */
export function whereIs(layers: readonly Layer[], path: KeyPath, part: 'key' | 'value' = 'value'): Where {
  for (let length = path.length; length >= 0; length--) {
    const prefix = path.slice(0, length);
    const layer = setterOf(layers, prefix);
    if (layer !== undefined) {
      return layer.locate(prefix.slice(layer.path.length), length === path.length ? part : 'key');
    }
  }
  return {};
}
