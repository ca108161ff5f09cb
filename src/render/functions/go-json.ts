import { wellFormed } from '../../template/byte-strings.js';
import { formatFloat } from '../../template/format-float.js';
import { sortedKeys } from '../../template/map-order.js';
import { FunctionError } from '../../template/template-error.js';
import {
  type GoMap,
  ComplexValue,
  GoFunction,
  GoList,
  GoStruct,
  NilPointer,
  Sized,
  type Value,
} from '../../template/value.js';
import { fromJson, typeOf } from '../../template/go-values.js';

export interface JsonStyle {
  /** Writes `<`, `>` and `&` as `\u003c`, ..., which is the default of `encoding/json`. */
  escapeHtml: boolean;
  /** Spaces per level; 0 writes one line. */
  indent: number;
}

/** `json.Marshal`. @throws FunctionError for values that JSON cannot represent */
export function toJson(value: Value, style: JsonStyle): string {
  return encode(value, style, style.indent === 0 ? undefined : '\n');
}

function encode(value: Value, style: JsonStyle, newline: string | undefined): string {
  if (value === undefined || value === null || value instanceof NilPointer) return 'null';
  if (typeof value === 'string') return jsonString(value, style.escapeHtml);
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return jsonFloat(value);
  if (value instanceof Sized) return value.value.toString();
  if (value instanceof ComplexValue || value instanceof GoFunction) {
    throw new FunctionError(`json: unsupported type: ${typeOf(value).name}`);
  }
  if (value instanceof GoList) return encodeList(value, style, newline);
  return encodeObject(members(value), style, newline);
}

function members(value: GoMap | GoStruct): [string, Value][] | undefined {
  if (value instanceof GoStruct) {
    return [...(value.type.fields?.keys() ?? [])].map((name, index) => [name, value.values[index]]);
  }
  if (value.isNil) return undefined;
  if (value.type.key?.kind === 'interface')
    throw new FunctionError(`json: unsupported type: ${value.type.name}`);
  return sortedKeys(value).map((key) => [String(key), value.entries.get(key)]);
}

function encodeList(list: GoList, style: JsonStyle, newline: string | undefined): string {
  if (list.isNil) return 'null';
  const inner = deeper(newline, style);
  return enclosed(
    '[',
    ']',
    list.items.map((item) => encode(item, style, inner)),
    newline,
    inner,
  );
}

function encodeObject(
  entries: [string, Value][] | undefined,
  style: JsonStyle,
  newline: string | undefined,
): string {
  if (entries === undefined) return 'null';
  const inner = deeper(newline, style);
  const colon = newline === undefined ? ':' : ': ';
  const parts = entries.map(
    ([key, item]) => jsonString(key, style.escapeHtml) + colon + encode(item, style, inner),
  );
  return enclosed('{', '}', parts, newline, inner);
}

function deeper(newline: string | undefined, style: JsonStyle): string | undefined {
  return newline === undefined ? undefined : newline + ' '.repeat(style.indent);
}

function enclosed(
  open: string,
  close: string,
  parts: string[],
  newline: string | undefined,
  inner: string | undefined,
): string {
  if (parts.length === 0 || newline === undefined || inner === undefined)
    return open + parts.join(',') + close;
  return open + inner + parts.join(`,${inner}`) + newline + close;
}

function jsonFloat(value: number): string {
  if (!Number.isFinite(value))
    throw new FunctionError(`json: unsupported value: ${formatFloat(value, 'g', -1)}`);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-6 || size >= 1e21)) {
    return formatFloat(value, 'e', -1).replace(/e-0(\d)$/, 'e-$1');
  }
  return formatFloat(value, 'f', -1);
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\f': '\\f',
};

function jsonString(text: string, escapeHtml: boolean): string {
  const body = wellFormed(text).replace(
    // eslint-disable-next-line no-control-regex -- control characters are escaped
    /["\\\u0000-\u001f\u2028\u2029<>&]/g,
    (char) => {
      if ('<>&'.includes(char) && !escapeHtml) return char;
      return ESCAPES[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
    },
  );
  return `"${body}"`;
}

/** `json.Unmarshal` into any type. @throws FunctionError */
export function parseJson(text: string): Value {
  try {
    return fromJson(JSON.parse(wellFormed(text)));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new FunctionError(error.message);
  }
}
