import type { Type, TemplateFunction } from './value.js';

export const BOOL: Type = { kind: 'bool', name: 'bool' };
export const INT: Type = { kind: 'int', name: 'int' };
export const INT64: Type = { kind: 'int', name: 'int64' };
export const UINT8: Type = { kind: 'uint', name: 'uint8' };
export const UINT32: Type = { kind: 'uint', name: 'uint32' };
export const UINT64: Type = { kind: 'uint', name: 'uint64' };
export const FLOAT64: Type = { kind: 'float', name: 'float64' };
export const COMPLEX128: Type = { kind: 'complex', name: 'complex128' };
export const STRING: Type = { kind: 'string', name: 'string' };
/** `interface{}`: anything. */
export const ANY: Type = { kind: 'interface', name: 'interface {}' };
/** `reflect.Value`: the argument of a builtin, which may be a missing value. */
export const VALUE: Type = { kind: 'value', name: 'reflect.Value' };

const lists = new WeakMap<Type, Type>();
const maps = new WeakMap<Type, WeakMap<Type, Type>>();

/** `[]elem` */
export function listType(elem: Type): Type {
  let type = lists.get(elem);
  if (type === undefined) lists.set(elem, (type = { kind: 'list', name: `[]${elem.name}`, elem }));
  return type;
}

/** `map[key]elem` */
export function mapType(key: Type, elem: Type): Type {
  let byElem = maps.get(key);
  if (byElem === undefined) maps.set(key, (byElem = new WeakMap()));
  let type = byElem.get(elem);
  if (type === undefined) {
    byElem.set(elem, (type = { kind: 'map', name: `map[${key.name}]${elem.name}`, key, elem }));
  }
  return type;
}

/** A struct type with fields in this order. */
export function structType(name: string, fields: Readonly<Record<string, Type>>): Type {
  const names = Object.keys(fields);
  return {
    kind: 'struct',
    name,
    named: true,
    fields: new Map(names.map((field, index) => [field, index])),
    fieldTypes: Object.values(fields),
  };
}

/** A named list type with methods, such as a service's tags. */
export function namedListType(
  name: string,
  elem: Type,
  methods?: ReadonlyMap<string, TemplateFunction>,
): Type {
  return { kind: 'list', name, elem, named: true, ...(methods === undefined ? {} : { methods }) };
}

export const STRINGS = listType(STRING);
export const ANYS = listType(ANY);
export const STRING_MAP = mapType(STRING, STRING);
export const ANY_MAP = mapType(STRING, ANY);

/** Go's rule for assigning a value of one type to another. */
export function assignable(from: Type, to: Type): boolean {
  if (from === to || to.kind === 'interface' || to.kind === 'value') return true;
  if (from.kind !== to.kind || (from.named === true && to.named === true)) return false;
  if (from.kind === 'list') return sameType(from.elem, to.elem);
  if (from.kind === 'map') return sameType(from.key, to.key) && sameType(from.elem, to.elem);
  return from.name === to.name;
}

function sameType(a: Type | undefined, b: Type | undefined): boolean {
  return a === b || a?.name === b?.name;
}
