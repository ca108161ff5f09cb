import { Sized, ComplexValue, GoList, GoMap, GoStruct, NilPointer, type Value, type Type } from './value.js';
import { ANYS, ANY_MAP, BOOL, COMPLEX128, FLOAT64, INT, STRING, STRINGS, STRING_MAP } from './types.js';

export const MIN_INT = -(2n ** 63n);
export const MAX_INT = 2n ** 63n - 1n;
export const MAX_UINT = 2n ** 64n - 1n;

/** The type of a value other than undefined and null. */
export function typeOf(value: Exclude<Value, undefined | null>): Type {
  if (typeof value === 'string') return STRING;
  if (typeof value === 'bigint') return INT;
  if (typeof value === 'number') return FLOAT64;
  if (typeof value === 'boolean') return BOOL;
  return value instanceof ComplexValue ? COMPLEX128 : value.type;
}

/** `[]string` */
export function stringList(items: readonly string[]): GoList {
  return new GoList(STRINGS, items);
}

/** `map[string]string` */
export function stringMap(entries: Iterable<readonly [string, string]>): GoMap {
  return new GoMap(STRING_MAP, new Map(entries));
}

/** `[]interface {}` */
export function anyList(items: readonly Value[]): GoList {
  return new GoList(ANYS, items);
}

/** `map[string]interface {}` */
export function anyMap(entries: Iterable<readonly [string, Value]>): GoMap {
  return new GoMap(ANY_MAP, new Map(entries));
}

/** A struct with these fields. Missing fields get their type's zero value. */
export function struct(type: Type, fields: Readonly<Record<string, Value>>): GoStruct {
  const types = type.fieldTypes ?? [];
  const values: Value[] = [];
  for (const [name, index] of type.fields ?? []) {
    const elem = types[index];
    values.push(Object.hasOwn(fields, name) ? fields[name] : elem === undefined ? null : zeroValue(elem));
  }
  return new GoStruct(type, values);
}

const zeroStructs = new WeakMap<Type, GoStruct>();

/** Go's zero value of a type. */
export function zeroValue(type: Type): Value {
  switch (type.kind) {
    case 'bool':
      return false;
    case 'string':
      return '';
    case 'int':
      return type === INT ? 0n : new Sized(type, 0n);
    case 'uint':
      return new Sized(type, 0n);
    case 'float':
      return 0;
    case 'complex':
      return new ComplexValue({ re: 0, im: 0 });
    case 'list':
      return new GoList(type, [], true);
    case 'map':
      return new GoMap(type, new Map(), true);
    case 'pointer':
      return new NilPointer(type);
    case 'struct': {
      let zero = zeroStructs.get(type);
      if (zero === undefined) zeroStructs.set(type, (zero = struct(type, {})));
      return zero;
    }
    case 'interface':
      return null;
    case 'func':
    case 'value':
      return undefined;
  }
}

/**
 * Converts parsed JSON as `encoding/json` does: numbers become `float64`, objects `map[string]interface {}`, arrays
 * `[]interface {}`. Other JavaScript values are a mistake of the caller.
 */
export function fromJson(json: unknown): Value {
  if (json === null || typeof json === 'string' || typeof json === 'number' || typeof json === 'boolean')
    return json;
  if (Array.isArray(json)) return anyList(json.map(fromJson));
  if (typeof json === 'object')
    return anyMap(Object.entries(json).map(([key, value]) => [key, fromJson(value)]));
  throw new TypeError(`not a JSON value: ${typeof json}`);
}
