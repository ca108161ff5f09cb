import { byteLength, sliceBytes, toBytes } from './byte-strings.js';
import { FunctionError } from './template-error.js';
import { UINT8, assignable } from './types.js';
import { GoList, GoMap, NilPointer, Sized, type MapKey, type Value } from './value.js';
import { typeOf, zeroValue } from './go-values.js';

/** `index item i j ...`: `item[i][j]...` */
export function index(item: Value, indexes: readonly Value[]): Value {
  if (item === undefined || item === null) throw new FunctionError('index of untyped nil');
  return indexes.reduce<Value>(indexOne, item);
}

function indexOne(item: Value, at: Value): Value {
  if (item === undefined || item === null || item instanceof NilPointer)
    throw new FunctionError('index of nil pointer');
  if (typeof item === 'string') {
    const bytes = toBytes(item);
    return new Sized(UINT8, BigInt(bytes[inRange(position(at, bytes.length), bytes.length)] ?? 0));
  }
  if (item instanceof GoList) return item.items[inRange(position(at, item.items.length), item.items.length)];
  if (!(item instanceof GoMap)) throw new FunctionError(`can't index item of type ${typeOf(item).name}`);
  const key = mapKey(item, at);
  if (item.entries.has(key)) return item.entries.get(key);
  return item.type.elem === undefined ? null : zeroValue(item.type.elem);
}

/** Go first checks against the capacity. An index equal to the length then fails at run time. */
function inRange(at: number, length: number): number {
  if (at < length) return at;
  throw new FunctionError(`reflect: slice index out of range`);
}

function mapKey(map: GoMap, at: Value): MapKey {
  const type = map.type.key;
  if (at === undefined || at === null) {
    throw new FunctionError(`value is nil; should be of type ${type?.name ?? 'string'}`);
  }
  const own = typeOf(at);
  const integers =
    (own.kind === 'int' || own.kind === 'uint') && (type?.kind === 'int' || type?.kind === 'uint');
  if (type !== undefined && !assignable(own, type) && !integers) {
    throw new FunctionError(`value has type ${own.name}; should be ${type.name}`);
  }
  if (at instanceof Sized) return at.value;
  if (typeof at === 'object') throw new FunctionError(`hash of unhashable type ${own.name}`);
  return at;
}

function position(at: Value, limit: number): number {
  if (at === undefined || at === null) throw new FunctionError('cannot index slice/array with nil');
  const value = at instanceof Sized ? at.value : at;
  if (typeof value !== 'bigint')
    throw new FunctionError(`cannot index slice/array with type ${typeOf(at).name}`);
  if (value < 0n || value > BigInt(limit)) throw new FunctionError(`index out of range: ${value}`);
  return Number(value);
}

/** `slice item i j k`: `item[i:j:k]` */
export function slice(item: Value, indexes: readonly Value[]): Value {
  if (item === undefined || item === null) throw new FunctionError('slice of untyped nil');
  if (indexes.length > 3) throw new FunctionError(`too many slice indexes: ${indexes.length}`);
  if (typeof item !== 'string' && !(item instanceof GoList)) {
    throw new FunctionError(`can't slice item of type ${typeOf(item).name}`);
  }
  if (typeof item === 'string' && indexes.length === 3)
    throw new FunctionError('cannot 3-index slice a string');
  const length = typeof item === 'string' ? byteLength(item) : item.items.length;
  const places = indexes.map((at) => position(at, length));
  const [start = 0, end = length, capacity = length] = places;
  if (start > end) throw new FunctionError(`invalid slice index: ${start} > ${end}`);
  if (end > capacity) throw new FunctionError(`invalid slice index: ${end} > ${capacity}`);
  return typeof item === 'string'
    ? sliceBytes(item, start, end)
    : new GoList(item.type, item.items.slice(start, end));
}

/** `len` */
export function length(item: Value): bigint {
  if (item === null || item instanceof NilPointer) throw new FunctionError('len of nil pointer');
  if (typeof item === 'string') return BigInt(byteLength(item));
  if (item instanceof GoList) return BigInt(item.items.length);
  if (item instanceof GoMap) return BigInt(item.entries.size);
  // Go calls Type on an invalid value, which panics with its own message.
  if (item === undefined) throw new FunctionError('reflect: call of reflect.Value.Type on zero Value');
  throw new FunctionError(`len of type ${typeOf(item).name}`);
}
