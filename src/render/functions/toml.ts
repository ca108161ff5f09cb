import { wellFormed } from '../../template/byte-strings.js';
import { formatFloat } from '../../template/format-float.js';
import { sortedKeys } from '../../template/map-order.js';
import { FunctionError } from '../../template/template-error.js';
import { GoList, GoMap, GoStruct, Sized, type Value } from '../../template/value.js';
import { typeOf } from '../../template/go-values.js';

/** A table as TOML, with indented subtables and without a final newline. @throws FunctionError */
export function toToml(value: Value): string {
  const entries = members(value);
  if (entries === undefined) {
    throw new FunctionError('toTOML: toml: cannot encode: the top level must be a map');
  }
  return table(entries, []).trim();
}

function members(value: Value): [string, Value][] | undefined {
  if (value instanceof GoStruct) {
    return [...(value.type.fields?.keys() ?? [])].map((name, index) => [name, value.values[index]]);
  }
  if (!(value instanceof GoMap)) return undefined;
  return sortedKeys(value).map((key) => [String(key), value.entries.get(key)]);
}

/** Plain keys first, then tables. */
function table(entries: [string, Value][], path: string[]): string {
  const pad = '  '.repeat(Math.max(path.length - 1, 0) + (path.length > 0 ? 1 : 0));
  let plain = '';
  let below = '';
  for (const [key, value] of entries) {
    if (value === undefined || value === null) continue;
    const inner = [...path, tomlKey(key)];
    const head = '  '.repeat(path.length) + (path.length === 0 ? '' : '');
    const nested = members(value);
    if (nested !== undefined) below += `\n${head}[${inner.join('.')}]\n${table(nested, inner)}`;
    else if (isTableList(value)) {
      for (const item of value.items)
        below += `\n${head}[[${inner.join('.')}]]\n${table(members(item) ?? [], inner)}`;
    } else plain += `${pad}${tomlKey(key)} = ${inline(value)}\n`;
  }
  return plain + (plain === '' && path.length > 0 ? below.replace(/^\n/, '') : below);
}

function isTableList(value: Value): value is GoList {
  return (
    value instanceof GoList &&
    value.items.length > 0 &&
    value.items.every((item) => members(item) !== undefined)
  );
}

function tomlKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : tomlString(key);
}

function tomlString(text: string): string {
  return JSON.stringify(wellFormed(text)).replaceAll('\u007f', '\\u007f');
}

function inline(value: Value): string {
  if (typeof value === 'string') return tomlString(value);
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (value instanceof Sized) return value.value.toString();
  if (typeof value === 'number') return tomlFloat(value);
  if (value instanceof GoList) return `[${value.items.map(inline).join(', ')}]`;
  const nested = members(value);
  if (nested !== undefined)
    return `{${nested.map(([key, item]) => `${tomlKey(key)} = ${inline(item)}`).join(', ')}}`;
  throw new FunctionError(
    `toTOML: unsupported type: ${value === undefined || value === null ? 'nil' : typeOf(value).name}`,
  );
}

function tomlFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const text = formatFloat(value, 'f', -1);
  return text.includes('.') ? text : `${text}.0`;
}
