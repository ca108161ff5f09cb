import { compareStrings } from './byte-strings.js';
import { valueText } from './printer.js';
import { FunctionError } from './template-error.js';
import { ComplexValue, GoFunction, GoList, GoMap, GoStruct, NilPointer, Sized, type Value } from './value.js';
import { typeOf } from './go-values.js';

type BasicKind = 'bool' | 'int' | 'uint' | 'float' | 'complex' | 'string' | undefined;

const INCOMPATIBLE = 'incompatible types for comparison';
const INVALID = 'invalid type for comparison';

function basicKind(value: Value): BasicKind {
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'number') return 'float';
  if (value instanceof Sized) return value.type.kind === 'uint' ? 'uint' : 'int';
  return value instanceof ComplexValue ? 'complex' : undefined;
}

function integer(value: Value): bigint {
  return value instanceof Sized ? value.value : (value as bigint);
}

/** `eq`: true when the first equals any of the others. */
export function equal(first: Value, others: readonly Value[]): boolean {
  if (others.length === 0) throw new FunctionError('missing argument for comparison');
  return others.some((other) => equalPair(first ?? undefined, other ?? undefined));
}

function equalPair(a: Value, b: Value): boolean {
  const kindA = basicKind(a);
  const kindB = basicKind(b);
  if (kindA !== kindB) {
    if (isInteger(kindA) && isInteger(kindB)) return integer(a) === integer(b);
    if (a !== undefined && b !== undefined) throw new FunctionError(INCOMPATIBLE);
    return false;
  }
  if (isInteger(kindA)) return integer(a) === integer(b);
  if (a instanceof ComplexValue && b instanceof ComplexValue) {
    return a.value.re === b.value.re && a.value.im === b.value.im;
  }
  return kindA === undefined ? equalComposite(a, b) : a === b;
}

function isInteger(kind: BasicKind): boolean {
  return kind === 'int' || kind === 'uint';
}

function isNil(value: Value): boolean {
  if (value === undefined || value === null || value instanceof NilPointer) return true;
  return (value instanceof GoList || value instanceof GoMap) && value.isNil;
}

function equalComposite(a: Value, b: Value): boolean {
  if (a !== undefined && a !== null && b !== undefined && b !== null) {
    const typeA = typeOf(a);
    const typeB = typeOf(b);
    if (typeA.kind !== typeB.kind) {
      throw new FunctionError(
        `non-comparable types ${valueText(a)}: ${typeA.name}, ${typeB.name}: ${valueText(b)}`,
      );
    }
  }
  if (isNil(a) || isNil(b)) return isNil(a) === isNil(b);
  if (b instanceof GoList || b instanceof GoMap || b instanceof GoFunction || hasUncomparable(b)) {
    throw new FunctionError(
      `non-comparable type ${valueText(b)}: ${b === undefined || b === null ? 'nil' : typeOf(b).name}`,
    );
  }
  return deepEqual(a, b);
}

function hasUncomparable(value: Value): boolean {
  if (!(value instanceof GoStruct)) return false;
  return (value.type.fieldTypes ?? []).some(
    ({ kind }) => kind === 'list' || kind === 'map' || kind === 'func',
  );
}

/** `reflect.DeepEqual`: same types, same contents. */
export function deepEqual(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (a instanceof Sized && b instanceof Sized) return a.type === b.type && a.value === b.value;
  if (a instanceof ComplexValue && b instanceof ComplexValue) {
    return a.value.re === b.value.re && a.value.im === b.value.im;
  }
  if (a instanceof GoList && b instanceof GoList) {
    if (a.type.name !== b.type.name || a.items.length !== b.items.length || a.isNil !== b.isNil) return false;
    return a.items.every((item, index) => deepEqual(item, b.items[index]));
  }
  if (a instanceof GoMap && b instanceof GoMap) {
    if (a.type.name !== b.type.name || a.entries.size !== b.entries.size || a.isNil !== b.isNil) return false;
    return [...a.entries].every(([key, item]) => b.entries.has(key) && deepEqual(item, b.entries.get(key)));
  }
  if (a instanceof GoStruct && b instanceof GoStruct) {
    return a.type === b.type && a.values.every((item, index) => deepEqual(item, b.values[index]));
  }
  return a instanceof NilPointer && b instanceof NilPointer && a.type === b.type;
}

/** `lt` */
export function less(first: Value, second: Value): boolean {
  const kindA = basicKind(first);
  const kindB = basicKind(second);
  if (kindA === undefined || kindB === undefined) throw new FunctionError(INVALID);
  if (isInteger(kindA) && isInteger(kindB)) return integer(first) < integer(second);
  if (kindA !== kindB) throw new FunctionError(INCOMPATIBLE);
  if (typeof first === 'string' && typeof second === 'string') return compareStrings(first, second) < 0;
  if (typeof first === 'number' && typeof second === 'number') return first < second;
  throw new FunctionError(INVALID);
}

/** `le` */
export function lessOrEqual(first: Value, second: Value): boolean {
  return less(first, second) || equal(first, [second]);
}
