import { fixed, ofAny } from '../../template/functions.js';
import {
  type TemplateFunction,
  GoList,
  GoMap,
  GoStruct,
  type MapKey,
  type Value,
} from '../../template/value.js';
import { valueText } from '../../template/printer.js';
import { quote } from '../../template/quote.js';
import { FunctionError } from '../../template/template-error.js';
import { isTrue } from '../../template/truth.js';
import { ANY_MAP } from '../../template/types.js';
import { anyMap } from '../../template/go-values.js';
import { sortedKeys } from '../../template/map-order.js';
import { parseJson, toJson } from './go-json.js';
import { ofTexts } from './strings.js';
import { toToml } from './toml.js';
import { parseYaml, toYaml } from './go-yaml.js';

type Nested = Map<string, Value | Nested>;

/** Stores a value at a path of keys. @throws FunctionError when a part of the path already has a value */
function put(root: Nested, path: string, value: Value): void {
  let map = root;
  const parts = path.split('/');
  const last = parts.pop() ?? '';
  for (const part of parts) {
    const below = map.get(part) ?? new Map<string, Value | Nested>();
    if (!(below instanceof Map)) {
      throw new FunctionError(
        `not a map: ${quote(path)}: ${quote(part)} already has value ${quote(valueText(below))}`,
      );
    }
    map.set(part, below);
    map = below;
  }
  if (last !== '') map.set(last, value);
}

function frozen(map: Nested): GoMap {
  return anyMap([...map].map(([key, value]) => [key, value instanceof Map ? frozen(value) : value]));
}

/** Converts a list of key-value pairs to nested maps. */
function explode(pairs: Value): Value {
  const root: Nested = new Map();
  for (const pair of pairs instanceof GoList ? pairs.items : []) {
    if (!(pair instanceof GoStruct)) continue;
    const at = (name: string) => pair.values[pair.type.fields?.get(name) ?? -1];
    put(root, valueText(at('Key')), at('Value'));
  }
  return frozen(root);
}

function explodeMap(map: Value): Value {
  const root: Nested = new Map();
  if (map instanceof GoMap) for (const key of sortedKeys(map)) put(root, String(key), map.entries.get(key));
  return frozen(root);
}

/** Merges `source` into `target`. Existing values win, unless `override` is set. */
function merged(target: Value, source: Value, override: boolean): GoMap {
  const out = new Map<MapKey, Value>(target instanceof GoMap ? target.entries : []);
  for (const [key, value] of source instanceof GoMap ? source.entries : []) {
    const own = out.get(key);
    if (own instanceof GoMap && value instanceof GoMap) out.set(key, merged(own, value, override));
    else if (override ? isTrue(value) || !out.has(key) : !isTrue(own)) out.set(key, value);
  }
  return new GoMap(ANY_MAP, out);
}

const JSON_LINE = { escapeHtml: true, indent: 0 };

/** Functions for data formats and maps. */
export const STRUCTURE_FUNCTIONS: readonly (readonly [string, TemplateFunction])[] = [
  ['parseJSON', ofTexts(1, (text = '') => (text === '' ? anyMap([]) : parseJson(text)))],
  ['parseYAML', ofTexts(1, (text = '') => (text === '' ? anyMap([]) : parseYaml(text)))],
  ['toJSON', ofAny(1, ([value]) => toJson(value, JSON_LINE))],
  ['toJSONPretty', ofAny(1, ([value]) => toJson(value, { escapeHtml: true, indent: 2 }))],
  ['toUnescapedJSON', ofAny(1, ([value]) => toJson(value, { escapeHtml: false, indent: 0 }))],
  ['toUnescapedJSONPretty', ofAny(1, ([value]) => toJson(value, { escapeHtml: false, indent: 2 }))],
  ['toYAML', ofAny(1, ([value]) => toYaml(value))],
  ['toTOML', ofAny(1, ([value]) => toToml(value))],
  ['explode', ofAny(1, ([pairs]) => explode(pairs))],
  ['explodeMap', fixed([ANY_MAP], ([map]) => explodeMap(map))],
  ['mergeMap', fixed([ANY_MAP, ANY_MAP], ([target, source]) => merged(target, source, false))],
  ['mergeMapWithOverride', fixed([ANY_MAP, ANY_MAP], ([target, source]) => merged(target, source, true))],
];
