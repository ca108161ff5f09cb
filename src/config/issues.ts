import type { core } from 'zod';
import type { KeyPath } from '../text/yaml.js';
import { formatPath, formatPlace, type ConfigError } from './errors.js';
import { configKeys, findKey } from './keys.js';
import { setterOf, valueAt, whereIs, type Layer } from './layers.js';
import { unknownKey } from './unknown-key.js';

/** A mistake at a path of the merged configuration. */
export interface Fault {
  readonly path: KeyPath;
  /** Which part to point at if the path itself was written. */
  readonly part: 'key' | 'value';
  readonly message: string;
  /** The variable that contains it, if it does not belong to a layer. */
  readonly origin?: string;
  /** Another path that it clashes with: `{other}` in the message becomes the place where that was written. */
  readonly other?: KeyPath;
}

/** The faults of a schema issue: one for each unknown key, and those of the union option that the user meant. */
export function issueFaults(issue: core.$ZodIssue, around: KeyPath = []): Fault[] {
  const path = [...around, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    const section = findKey(path, true) ?? configKeys();
    return issue.keys.map((name) => ({
      path: [...path, name],
      part: 'key',
      message: unknownKey(section, name),
    }));
  }
  if (issue.code === 'invalid_union') {
    // The user meant the option that fails only in its parts, not one that fails as a whole.
    const meant = issue.errors.find((option) => option.every((each) => !failsAsWhole(each)));
    if (meant !== undefined && meant.length > 0) return meant.flatMap((each) => issueFaults(each, path));
  }
  return [{ path, part: 'value', message: issue.message }];
}

function failsAsWhole(issue: core.$ZodIssue): boolean {
  return issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value');
}

/** A fault with the place where it was written. */
export function locateFault(
  { path: found, part, message, origin, other }: Fault,
  layers: readonly Layer[],
): ConfigError {
  const path = writtenPath(found, layers);
  const where = origin === undefined ? whereIs(layers, path, part) : { origin };
  return { ...where, path: formatPath(path), message: message.replace('{other}', placeText(other, layers)) };
}

/** A text in the place of a list is its only item: the index was not written. */
function writtenPath(path: KeyPath, layers: readonly Layer[]): KeyPath {
  if (typeof path.at(-1) !== 'number') return path;
  const list = path.slice(0, -1);
  const layer = setterOf(layers, list);
  return typeof valueAt(layer?.value, list.slice(layer?.path.length)) === 'string' ? list : path;
}

function placeText(path: KeyPath | undefined, layers: readonly Layer[]): string {
  if (path === undefined) return '{other}';
  const { origin, ...place } = whereIs(layers, path);
  return `${formatPath(path)} (${origin ?? formatPlace(place)})`;
}

/** Sorts the errors of the file first, by line; then those of variables and flags, by name. */
export function sortErrors(errors: readonly ConfigError[]): ConfigError[] {
  const name = (error: ConfigError) => error.origin ?? '';
  return errors.toSorted((a, b) => {
    const byPlace = compare(a.line ?? Infinity, b.line ?? Infinity) || compare(a.column ?? 0, b.column ?? 0);
    return byPlace || compare(name(a), name(b));
  });
}

function compare<T extends number | string>(a: T, b: T): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
