import { isAlias, isMap, isPair, isScalar, isSeq, parseDocument, type Document, type Node } from 'yaml';
import { floatText } from '../../template/format-float.js';
import { sortedKeys } from '../../template/map-order.js';
import { parseInteger } from '../../template/number-constant.js';
import { valueText } from '../../template/printer.js';
import { FunctionError } from '../../template/template-error.js';
import { ANY, UINT64, mapType } from '../../template/types.js';
import {
  ComplexValue,
  GoFunction,
  GoList,
  GoMap,
  GoStruct,
  NilPointer,
  Sized,
  type MapKey,
  type Value,
} from '../../template/value.js';
import { MAX_INT, MAX_UINT, MIN_INT, anyList, typeOf } from '../../template/go-values.js';

/** `map[interface {}]interface {}`, which Go's yaml.v2 produces for a mapping. */
const YAML_MAP = mapType(ANY, ANY);
const MAX_DEPTH = 200;

const WORDS: ReadonlyMap<string, Value> = new Map<string, Value>([
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map(
    (word) => [word, true] as const,
  ),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map(
    (word) => [word, false] as const,
  ),
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, Number.NaN] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((word) => [word, Infinity] as const),
  ...['-.inf', '-.Inf', '-.INF'].map((word) => [word, -Infinity] as const),
]);

const FLOAT = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;

/** The value of a plain scalar, by yaml.v2's version of the rules of YAML 1.1. */
export function resolvePlain(text: string): Value {
  const word = WORDS.get(text);
  if (word !== undefined) return word;
  if (!/^[-+.0-9]/.test(text)) return text;
  const plain = text.replaceAll('_', '');
  const integer = parseInteger(plain);
  if (integer !== undefined) {
    if (integer >= MIN_INT && integer <= MAX_INT) return integer;
    if (integer > 0n && integer <= MAX_UINT) return new Sized(UINT64, integer);
  }
  return FLOAT.test(plain) ? Number(plain) : text;
}

/** `yaml.Unmarshal` into any type. @throws FunctionError */
export function parseYaml(text: string): Value {
  const document = parseDocument(text, {
    version: '1.1',
    schema: 'failsafe',
    prettyErrors: true,
    uniqueKeys: true,
  });
  const [problem] = document.errors;
  if (problem !== undefined) throw new FunctionError(`yaml: ${problem.message.split('\n')[0] ?? ''}`);
  return document.contents === null ? null : convert(document.contents, document, 0);
}

function convert(node: Node, document: Document, depth: number): Value {
  if (depth > MAX_DEPTH) throw new FunctionError(`yaml: more than ${MAX_DEPTH} levels`);
  if (isAlias(node)) {
    const target = node.resolve(document);
    if (target === undefined) throw new FunctionError(`yaml: unknown anchor '${node.source}' referenced`);
    return convert(target, document, depth + 1);
  }
  if (isScalar(node)) {
    const text = typeof node.value === 'string' ? node.value : '';
    return node.type === 'PLAIN' && (node.tag === undefined || node.tag === 'tag:yaml.org,2002:str')
      ? resolvePlain(node.source ?? text)
      : text;
  }
  if (isSeq(node)) return anyList(node.items.map((item) => convert(item as Node, document, depth + 1)));
  if (isMap(node)) return convertMap(node.items, document, depth);
  return null;
}

function convertMap(items: readonly unknown[], document: Document, depth: number): GoMap {
  const out = new Map<MapKey, Value>();
  for (const item of items) {
    if (!isPair(item)) continue;
    const value = item.value === null ? null : convert(item.value as Node, document, depth + 1);
    const key = convert(item.key as Node, document, depth + 1);
    if (key === '<<' && value instanceof GoMap) {
      for (const [name, merged] of value.entries) if (!out.has(name)) out.set(name, merged);
    } else {
      out.set(typeof key === 'object' || key === undefined ? valueText(key) : key, value);
    }
  }
  return new GoMap(YAML_MAP, out);
}

/** `yaml.Marshal` as in yaml.v2, without a final newline. @throws FunctionError */
export function toYaml(value: Value): string {
  return block(value, 0).replace(/^\n/, '').trim();
}

/** A value after `key:` or `-`: on the same line after a space, or on separate lines. */
function block(value: Value, indent: number): string {
  const pad = '\n' + ' '.repeat(indent);
  if (value instanceof GoList && value.items.length > 0) {
    return value.items.map((item) => `${pad}-${afterDash(item, indent)}`).join('');
  }
  const entries = members(value);
  if (entries !== undefined && entries.length > 0) {
    return entries
      .map(([key, item]) => {
        const below = item instanceof GoList ? block(item, indent) : block(item, indent + 2);
        return `${pad}${scalar(key, indent)}:${below}`;
      })
      .join('');
  }
  return ` ${scalar(value, indent)}`;
}

function afterDash(item: Value, indent: number): string {
  const text = block(item, indent + 2);
  // The first line of a mapping or a list follows the dash directly.
  return text.startsWith('\n') ? ` ${text.slice(1 + indent + 2)}` : text;
}

function members(value: Value): [Value, Value][] | undefined {
  if (value instanceof GoStruct) {
    return [...(value.type.fields?.keys() ?? [])].map((name, index) => [
      name.toLowerCase(),
      value.values[index],
    ]);
  }
  if (!(value instanceof GoMap)) return undefined;
  return sortedKeys(value)
    .toSorted(naturalOrder)
    .map((key) => [key, value.entries.get(key)]);
}

/** Compares numbers within keys by value: `a2` comes before `a10`. */
function naturalOrder(a: MapKey, b: MapKey): number {
  if (typeof a !== 'string' || typeof b !== 'string') return 0;
  const left = a.match(/\d+|\D/g) ?? [];
  const right = b.match(/\d+|\D/g) ?? [];
  for (let at = 0; at < left.length && at < right.length; at += 1) {
    const [x = '', y = ''] = [left[at], right[at]];
    if (x === y) continue;
    const numbers = /\d/.test(x) && /\d/.test(y);
    if (numbers && BigInt(x) !== BigInt(y)) return BigInt(x) < BigInt(y) ? -1 : 1;
    const letters = /\p{L}/u.test(x) === /\p{L}/u.test(y);
    if (!letters) return /\p{L}/u.test(x) ? 1 : -1;
    if (x !== y) return x < y ? -1 : 1;
  }
  return left.length - right.length;
}

function scalar(value: Value, indent: number): string {
  if (value === undefined || value === null || value instanceof NilPointer) return 'null';
  if (typeof value === 'string') return yamlString(value, indent);
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return yamlFloat(value);
  if (value instanceof Sized) return value.value.toString();
  if (value instanceof GoList) return '[]';
  if (value instanceof ComplexValue || value instanceof GoFunction) {
    throw new FunctionError(`cannot marshal type: ${typeOf(value).name}`);
  }
  return '{}';
}

function yamlFloat(value: number): string {
  if (Number.isNaN(value)) return '.nan';
  if (!Number.isFinite(value)) return value > 0 ? '.inf' : '-.inf';
  return floatText(value);
}

/** Base 60 floats of YAML 1.1, which yaml.v2 quotes for the sake of other readers. */
const BASE_60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;
const INDICATOR = /^[-?:](?:\s|$)|^[,[\]{}#&*!|>'"%@`]|: |:$| #|^---|^\.\.\.|^=$/;

function yamlString(text: string, indent: number): string {
  if (text.includes('\n')) return literal(text, indent);
  if (resolvePlain(text) !== text || BASE_60.test(text)) return JSON.stringify(text);
  // eslint-disable-next-line no-control-regex -- control characters need double quotes
  if (/[\u0000-\u0008\u000b-\u001f\u007f\ud800-\udfff]/.test(text) || text.includes('\t'))
    return JSON.stringify(text);
  if (INDICATOR.test(text) || text !== text.trim()) return `'${text.replaceAll("'", "''")}'`;
  return text;
}

function literal(text: string, indent: number): string {
  const chomping = text.endsWith('\n\n') || text === '\n' ? '+' : text.endsWith('\n') ? '' : '-';
  const pad = ' '.repeat(Math.max(indent, 2));
  const hint = /^[ \n]/.test(text) ? '2' : '';
  const lines = text.replace(/\n$/, '').split('\n');
  return `|${hint}${chomping}\n${lines.map((line) => (line === '' ? '' : pad + line)).join('\n')}`;
}
