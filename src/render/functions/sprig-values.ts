import { fixed, variadic } from '../../template/functions.js';
import {
  type TemplateFunction,
  type Type,
  GoList,
  GoMap,
  Sized,
  type MapKey,
  type Value,
} from '../../template/value.js';
import { valueText } from '../../template/printer.js';
import { FunctionError } from '../../template/template-error.js';
import { isTrue } from '../../template/truth.js';
import { ANY, ANYS, ANY_MAP } from '../../template/types.js';
import { MAX_INT, MIN_INT, typeOf } from '../../template/go-values.js';
import { parseFloat64, parseInteger } from '../../template/number-constant.js';

/** A function and its name. */
export type Named = readonly [string, TemplateFunction];

/** Sprig's `strval`: any value as a string. */
export function strval(value: Value): string {
  return value === undefined || value === null ? '<nil>' : valueText(value);
}

/** Converts nearly anything to an integer, and the rest to 0: Sprig's `toInt64`. */
export function toInt(value: Value): bigint {
  if (typeof value === 'bigint') return value;
  if (value instanceof Sized) return BigInt.asIntN(64, value.value);
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (typeof value === 'number')
    return Number.isFinite(value) ? BigInt.asIntN(64, BigInt(Math.trunc(value))) : MIN_INT;
  if (typeof value !== 'string') return 0n;
  const parsed = parseInteger(value.replace(/^0+(?=\d)/, ''));
  return parsed !== undefined && parsed >= MIN_INT && parsed <= MAX_INT ? parsed : 0n;
}

/** Converts nearly anything to a float, and the rest to 0: Sprig's `toFloat64`. */
export function toFloat(value: Value): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'string') return parseFloat64(value) ?? 0;
  return Number(toInt(value));
}

/** A length or count as a number. @throws FunctionError when it is unreasonably large */
export function toCount(value: Value): number {
  const count = toInt(value);
  if (count > 100_000_000n || count < -100_000_000n) throw new FunctionError(`${count} is too large`);
  return Number(count);
}

export function isEmpty(value: Value): boolean {
  return !isTrue(value);
}

/** The items of a list. @throws FunctionError when it is something else */
export function itemsOf(value: Value, name: string): readonly Value[] {
  if (value instanceof GoList) return value.items;
  throw new FunctionError(`Cannot ${name} on type ${kindOf(value)}`);
}

/** Go's name of the kind of a value. */
export function kindOf(value: Value): string {
  if (value === undefined || value === null) return 'invalid';
  const type = typeOf(value);
  if (type.kind === 'list') return 'slice';
  if (type.kind === 'pointer') return 'ptr';
  return ['int', 'uint', 'float', 'complex'].includes(type.kind) ? type.name : type.kind;
}

/** The strings of a list or of a single value: Sprig's `strslice`. */
export function stringsOf(value: Value): string[] {
  if (value === undefined || value === null) return [];
  if (!(value instanceof GoList)) return [strval(value)];
  return value.items.filter((item) => item !== null && item !== undefined).map(strval);
}

export function list(items: readonly Value[]): GoList {
  return new GoList(ANYS, items);
}

export function dict(entries: Iterable<readonly [MapKey, Value]>): GoMap {
  return new GoMap(ANY_MAP, new Map(entries));
}

export function entriesOf(value: Value): ReadonlyMap<MapKey, Value> {
  return value instanceof GoMap ? value.entries : new Map();
}

/** A function with exactly these parameters. */
export function named(name: string, params: readonly Type[], call: TemplateFunction['call']): Named {
  return [name, fixed(params, call)];
}

/** A function with any number of arguments of any type. */
export function ofMany(name: string, call: (args: readonly Value[]) => Value): Named {
  return [name, variadic([ANY], (args) => call(args))];
}
