import { ComplexValue, GoList, GoMap, GoStruct, NilPointer, Sized, type Value } from './value.js';

/** Go's truth: the zero value of every type except a struct is false. */
export function isTrue(value: Value): boolean {
  if (value === undefined || value === null) return false;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string') return value !== '';
  if (typeof value === 'bigint') return value !== 0n;
  if (typeof value === 'number') return value !== 0;
  if (value instanceof GoList) return value.items.length > 0;
  if (value instanceof GoMap) return value.entries.size > 0;
  if (value instanceof GoStruct) return true;
  if (value instanceof Sized) return value.value !== 0n;
  if (value instanceof ComplexValue) return value.value.re !== 0 || value.value.im !== 0;
  return !(value instanceof NilPointer);
}
