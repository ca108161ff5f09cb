import { deepEqual } from '../../template/compare.js';
import { sortedKeys } from '../../template/map-order.js';
import { FunctionError } from '../../template/template-error.js';
import { ANY, ANY_MAP, INT, STRING } from '../../template/types.js';
import { GoList, GoMap, type MapKey, type Value } from '../../template/value.js';
import { stringList, typeOf } from '../../template/go-values.js';
import { isTrue } from '../../template/truth.js';
import {
  dict,
  entriesOf,
  isEmpty,
  itemsOf,
  list,
  named,
  ofMany,
  strval,
  toCount,
  type Named,
} from './sprig-values.js';

function dictOf(args: readonly Value[]): GoMap {
  const out = new Map<MapKey, Value>();
  for (let at = 0; at < args.length; at += 2)
    out.set(strval(args[at]), at + 1 < args.length ? args[at + 1] : '');
  return dict(out);
}

/** The map itself is changed, as in Go. Maps of this type belong to a single run; those of records have others. */
function mutable(map: Value): GoMap {
  if (map instanceof GoMap && map.type === ANY_MAP) return map;
  const type = map === undefined || map === null ? '<nil>' : typeOf(map).name;
  throw new FunctionError(`wrong type for value; expected ${ANY_MAP.name}; got ${type}`);
}

function unique(items: readonly Value[]): Value[] {
  const out: Value[] = [];
  for (const item of items) if (!out.some((known) => deepEqual(known, item))) out.push(item);
  return out;
}

function mergeInto(target: Map<MapKey, Value>, source: Value, overwrite: boolean): void {
  for (const [key, value] of entriesOf(source)) {
    const own = target.get(key);
    if (own instanceof GoMap && value instanceof GoMap) {
      const inner = new Map(own.entries);
      mergeInto(inner, value, overwrite);
      target.set(key, new GoMap(own.type, inner));
    } else if (overwrite ? isTrue(value) || !target.has(key) : !isTrue(own)) {
      target.set(key, value);
    }
  }
}

function mergeAll(args: readonly Value[], overwrite: boolean): Value {
  const [first, ...rest] = args;
  const target = mutable(first);
  const merged = new Map(target.entries);
  for (const source of rest) mergeInto(merged, source, overwrite);
  for (const [key, value] of merged) target.put(key, value);
  return target;
}

function copy(value: Value): Value {
  if (value instanceof GoMap)
    return new GoMap(value.type, new Map([...value.entries].map(([key, item]) => [key, copy(item)])));
  return value instanceof GoList ? new GoList(value.type, value.items.map(copy)) : value;
}

function dig(args: readonly Value[]): Value {
  if (args.length < 3) throw new FunctionError('dig needs at least three arguments');
  const path = args.slice(0, -2).map(strval);
  const fallback = args.at(-2);
  let value: Value = args.at(-1);
  for (const key of path) {
    if (!(value instanceof GoMap) || !value.entries.has(key)) return fallback;
    value = value.entries.get(key);
  }
  return value;
}

function chunks(size: number, items: readonly Value[]): Value {
  if (size < 1) throw new FunctionError('chunk: the size must be at least 1');
  const out: Value[] = [];
  for (let at = 0; at < items.length; at += size) out.push(list(items.slice(at, at + size)));
  return list(out);
}

function part(args: readonly Value[]): Value {
  const items = itemsOf(args[0], 'slice');
  const start = args.length > 1 ? toCount(args[1]) : 0;
  const end = args.length > 2 ? toCount(args[2]) : items.length;
  if (start < 0 || start > end || end > items.length)
    throw new FunctionError(`slice bounds out of range [${start}:${end}]`);
  return list(items.slice(start, end));
}

/** Functions for which a variant with the prefix `must` exists. */
const LISTS: readonly Named[] = [
  named('first', [ANY], ([value]) => itemsOf(value, 'find first')[0] ?? null),
  named('last', [ANY], ([value]) => itemsOf(value, 'find last').at(-1) ?? null),
  named('rest', [ANY], ([value]) => list(itemsOf(value, 'find rest').slice(1))),
  named('initial', [ANY], ([value]) => list(itemsOf(value, 'find initial').slice(0, -1))),
  named('append', [ANY, ANY], ([value, item]) => list([...itemsOf(value, 'push'), item])),
  named('push', [ANY, ANY], ([value, item]) => list([...itemsOf(value, 'push'), item])),
  named('prepend', [ANY, ANY], ([value, item]) => list([item, ...itemsOf(value, 'prepend')])),
  named('reverse', [ANY], ([value]) => list(itemsOf(value, 'find reverse').toReversed())),
  named('uniq', [ANY], ([value]) => list(unique(itemsOf(value, 'find uniq')))),
  named('compact', [ANY], ([value]) => list(itemsOf(value, 'compact').filter((item) => !isEmpty(item)))),
  named(
    'has',
    [ANY, ANY],
    ([item, value]) => value !== null && itemsOf(value, 'find has').some((each) => deepEqual(each, item)),
  ),
  ofMany('without', ([value, ...out]) =>
    list(itemsOf(value, 'find without').filter((item) => !out.some((each) => deepEqual(each, item)))),
  ),
  ofMany('slice', part),
  named('chunk', [INT, ANY], ([size, value]) => chunks(toCount(size), itemsOf(value, 'chunk'))),
  named('deepCopy', [ANY], ([value]) => copy(value)),
  ofMany('merge', (args) => mergeAll(args, false)),
  ofMany('mergeOverwrite', (args) => mergeAll(args, true)),
];

/** Sprig's functions for lists and maps. */
export const SPRIG_COLLECTIONS: readonly Named[] = [
  ...LISTS,
  ...LISTS.map(([name, called]): Named => [`must${name.slice(0, 1).toUpperCase()}${name.slice(1)}`, called]),
  ofMany('list', (args) => list(args)),
  ofMany('tuple', (args) => list(args)),
  ofMany('concat', (args) => list(args.flatMap((arg) => itemsOf(arg, 'concat')))),
  ofMany('dict', dictOf),
  named('get', [ANY_MAP, STRING], ([map, key]) => entriesOf(map).get(strval(key)) ?? ''),
  named('set', [ANY_MAP, STRING, ANY], ([map, key, value]) => mutable(map).put(strval(key), value)),
  named('unset', [ANY_MAP, STRING], ([map, key]) => mutable(map).remove(strval(key))),
  named('hasKey', [ANY_MAP, STRING], ([map, key]) => entriesOf(map).has(strval(key))),
  ofMany('pluck', ([key, ...maps]) =>
    list(maps.filter((map) => entriesOf(map).has(strval(key))).map((map) => entriesOf(map).get(strval(key)))),
  ),
  ofMany('keys', (maps) =>
    stringList(maps.flatMap((map) => (map instanceof GoMap ? sortedKeys(map).map(String) : []))),
  ),
  named('values', [ANY_MAP], ([map]) =>
    list(map instanceof GoMap ? sortedKeys(map).map((key) => map.entries.get(key)) : []),
  ),
  ofMany('pick', ([map, ...keys]) =>
    dict([...entriesOf(map)].filter(([key]) => keys.some((each) => each === key))),
  ),
  ofMany('omit', ([map, ...keys]) =>
    dict([...entriesOf(map)].filter(([key]) => !keys.some((each) => each === key))),
  ),
  ofMany('dig', dig),
];
