import { toBytes } from '../../src/template/byte-strings.js';
import {
  ANY,
  FLOAT64,
  INT,
  INT64,
  STRING,
  STRING_MAP,
  STRINGS,
  UINT64,
  UINT8,
  listType,
  mapType,
  structType,
} from '../../src/template/types.js';
import { GoList, GoMap, Sized, type Value } from '../../src/template/value.js';
import { anyList, struct } from '../../src/template/go-values.js';

/** A value with its Go type, as the oracle reads it. */
export interface Typed {
  T: string;
  V: unknown;
}

const SERVICE = structType('main.service', { Name: STRING, Port: INT, Tags: STRINGS, Meta: STRING_MAP });

/** The value itself and the same for the oracle. */
export interface Pair {
  value: Value;
  typed: Typed;
}

export const nil: Pair = { value: null, typed: { T: 'nil', V: '' } };

export const bool = (value: boolean): Pair => ({ value, typed: { T: 'bool', V: String(value) } });

export const string = (value: string): Pair => ({
  value,
  typed: { T: 'string', V: toBytes(value).toString('base64') },
});

export const int = (value: bigint): Pair => ({ value, typed: { T: 'int', V: value.toString() } });

export const int64 = (value: bigint): Pair => ({
  value: new Sized(INT64, value),
  typed: { T: 'int64', V: value.toString() },
});

export const uint8 = (value: bigint): Pair => ({
  value: new Sized(UINT8, value),
  typed: { T: 'uint8', V: value.toString() },
});

export const uint64 = (value: bigint): Pair => ({
  value: new Sized(UINT64, value),
  typed: { T: 'uint64', V: value.toString() },
});

export const float = (value: number): Pair => ({ value, typed: { T: FLOAT64.name, V: floatSource(value) } });

function floatSource(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

export const list = (items: readonly Pair[]): Pair => ({
  value: anyList(items.map((item) => item.value)),
  typed: { T: '[]any', V: items.map((item) => item.typed) },
});

export const strings = (items: readonly Pair[]): Pair => ({
  value: new GoList(
    STRINGS,
    items.map((item) => item.value),
  ),
  typed: { T: '[]string', V: items.map((item) => item.typed) },
});

export const ints = (items: readonly Pair[]): Pair => ({
  value: new GoList(
    listType(INT),
    items.map((item) => item.value),
  ),
  typed: { T: '[]int', V: items.map((item) => item.typed) },
});

type Entries = ReadonlyMap<string, Pair>;

function mapOf(type: ReturnType<typeof mapType>, name: string, entries: Entries): Pair {
  const integers = type.key === INT;
  return {
    value: new GoMap(
      type,
      new Map([...entries].map(([key, { value }]) => [integers ? BigInt(key) : key, value])),
    ),
    typed: { T: name, V: [...entries].map(([key, { typed }]) => [key, typed]) },
  };
}

export const anyMap = (entries: Entries): Pair => mapOf(mapType(STRING, ANY), 'map[string]any', entries);
export const stringMap = (entries: Entries): Pair => mapOf(STRING_MAP, 'map[string]string', entries);
export const intMap = (entries: Entries): Pair => mapOf(mapType(STRING, INT), 'map[string]int', entries);
export const byInt = (entries: Entries): Pair => mapOf(mapType(INT, STRING), 'map[int]string', entries);

export const service = (name: Pair, port: Pair, tags: Pair, meta: Pair): Pair => ({
  value: struct(SERVICE, { Name: name.value, Port: port.value, Tags: tags.value, Meta: meta.value }),
  typed: { T: 'struct', V: [name.typed, port.typed, tags.typed, meta.typed] },
});
