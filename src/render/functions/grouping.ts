import { fixed } from '../../template/functions.js';
import { typeOf } from '../../template/go-values.js';
import { FunctionError } from '../../template/template-error.js';
import { ANY, INT, STRING, listType, mapType } from '../../template/types.js';
import { GoList, GoMap, GoStruct, type MapKey, type Value } from '../../template/value.js';
import { HEALTH_SERVICE, KEY_PAIR, serviceList } from '../service-records.js';
import { fieldOf } from './record-fields.js';
import type { Named } from './sprig-values.js';
import { texts } from './strings.js';

/** Groups records by the keys of each record. */
function grouped(
  items: Value,
  name: string,
  field: string,
  keysOf: (value: Value) => readonly MapKey[],
): GoMap {
  const groups = new Map<MapKey, Value[]>();
  if (items !== undefined && items !== null) {
    if (!(items instanceof GoList) || items.type.elem?.fields?.has(field) !== true) {
      throw new FunctionError(`${name}: wrong argument type ${typeOf(items).name}`);
    }
    for (const item of items.items) {
      for (const key of keysOf(fieldOf(item, field))) {
        const group = groups.get(key);
        if (group === undefined) groups.set(key, [item]);
        else group.push(item);
      }
    }
  }
  const anything = listType(ANY);
  const entries = [...groups].map(([key, group]) => [key, new GoList(anything, group)] as const);
  return new GoMap(mapType(name === 'byPort' ? INT : STRING, anything), new Map(entries));
}

/** `byMeta "k1,k2|int"`: groups by metadata values, joined with `_`. */
function byMeta(spec: string, items: Value): Value {
  const keys = spec.split(',').map((part) => part.trim().split('|'));
  const groups = new Map<MapKey, GoStruct[]>();
  for (const item of items instanceof GoList ? items.items : []) {
    const meta = fieldOf(item, 'ServiceMeta');
    if (!(item instanceof GoStruct) || !(meta instanceof GoMap)) continue;
    const group = keys
      .map(([key = '', kind]) => metaPart(meta, key, kind))
      .join('_')
      .replaceAll(/[^a-zA-Z0-9_]/g, '_');
    groups.set(group, [...(groups.get(group) ?? []), item]);
  }
  const type = mapType(STRING, listType(HEALTH_SERVICE));
  return new GoMap(type, new Map([...groups].map(([key, group]) => [key, serviceList(group)])));
}

function metaPart(meta: GoMap, key: string, kind: string | undefined): string {
  const value = meta.entries.get(key);
  if (typeof value !== 'string') return `_no_${key}_`;
  if (kind !== 'int') return value;
  if (!/^[+-]?[0-9]+$/.test(value))
    throw new FunctionError(`byMeta: strconv.Atoi: parsing ${JSON.stringify(value)}: invalid syntax`);
  const number = BigInt(value.replace(/^\+/, ''));
  return (
    (number < 0n ? '-' : '') + (number < 0n ? -number : number).toString().padStart(number < 0n ? 4 : 5, '0')
  );
}

function byKey(pairs: Value): Value {
  const tops = new Map<MapKey, Map<MapKey, Value>>();
  for (const pair of pairs instanceof GoList ? pairs.items : []) {
    const key = fieldOf(pair, 'Key');
    if (!(pair instanceof GoStruct) || typeof key !== 'string') continue;
    const slash = key.indexOf('/');
    const rest = slash < 0 ? '' : key.slice(slash + 1);
    if (rest === '') continue;
    const top = tops.get(key.slice(0, slash)) ?? new Map<MapKey, Value>();
    tops.set(key.slice(0, slash), top);
    const at = pair.type.fields?.get('Key') ?? -1;
    top.set(rest, new GoStruct(pair.type, pair.values.with(at, rest)));
  }
  const inner = mapType(STRING, KEY_PAIR);
  return new GoMap(
    mapType(STRING, inner),
    new Map([...tops].map(([key, map]) => [key, new GoMap(inner, map)])),
  );
}

/** Functions that group the records of an answer. */
export const GROUPING_FUNCTIONS: readonly Named[] = [
  [
    'byTag',
    fixed([ANY], ([items]) =>
      grouped(items, 'byTag', 'Tags', (tags) => (tags instanceof GoList ? texts(tags.items) : [])),
    ),
  ],
  [
    'byPort',
    fixed([ANY], ([items]) =>
      grouped(items, 'byPort', 'Port', (port) => (typeof port === 'bigint' ? [port] : [])),
    ),
  ],
  ['byMeta', fixed([STRING, ANY], ([spec, items]) => byMeta(texts([spec])[0] ?? '', items))],
  ['byKey', fixed([ANY], ([pairs]) => byKey(pairs))],
];
