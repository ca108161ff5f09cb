/**
 * The data model of templates: values, their Go types, and functions. The definitions belong together, because a value
 * has a type, a type has methods, and a method takes values.
 */

export type Kind =
  | 'bool'
  | 'int'
  | 'uint'
  | 'float'
  | 'complex'
  | 'string'
  | 'list'
  | 'map'
  | 'struct'
  | 'pointer'
  | 'func'
  | 'interface'
  | 'value';

/** A Go type. Templates see types in comparisons, in arguments of functions, in `printf "%T"` and in errors. */
export interface Type {
  kind: Kind;
  /** In Go's notation: `map[string]interface {}`. */
  name: string;
  /** The element type of a list, a map or a pointer. */
  elem?: Type;
  /** The key type of a map. */
  key?: Type;
  /** For a struct: the index of each field in `GoStruct.values`. */
  fields?: ReadonlyMap<string, number>;
  fieldTypes?: readonly Type[];
  /** For a struct: the values of an empty one. */
  zeros?: () => readonly unknown[];
  /** Methods by name; the receiver is the first argument. */
  methods?: ReadonlyMap<string, TemplateFunction>;
  /** The type has its own name. It can only be assigned to the same type or to an unnamed one. */
  named?: boolean;
}

export interface Complex {
  re: number;
  im: number;
}

/**
 * A value in a template. A bigint is an `int`, a number is a `float64`; every other numeric type is a `Sized`.
 * `undefined` is a missing value (a missing key prints `<no value>`), `null` is a nil interface.
 */
export type Value =
  | undefined
  | null
  | boolean
  | string
  | bigint
  | number
  | Sized
  | ComplexValue
  | GoList
  | GoMap
  | GoStruct
  | NilPointer
  | GoFunction;

/** A number of another type than `int` and `float64`: `int64`, `uint8`, ... */
export class Sized {
  readonly type: Type;
  readonly value: bigint;

  constructor(type: Type, value: bigint) {
    this.type = type;
    this.value = value;
  }
}

export class ComplexValue {
  readonly value: Complex;

  constructor(value: Complex) {
    this.value = value;
  }
}

/** A slice. */
export class GoList {
  readonly type: Type;
  readonly items: readonly Value[];
  readonly isNil: boolean;

  constructor(type: Type, items: readonly Value[], isNil = false) {
    this.type = type;
    this.items = items;
    this.isNil = isNil;
  }
}

export type MapKey = string | bigint | number | boolean;

/** A map. All keys of a map have the same JavaScript type, except in `map[interface {}]...`. */
export class GoMap {
  private sorted: readonly MapKey[] | undefined;

  readonly type: Type;
  readonly entries: ReadonlyMap<MapKey, Value>;
  readonly isNil: boolean;

  constructor(type: Type, entries: ReadonlyMap<MapKey, Value>, isNil = false) {
    this.type = type;
    this.entries = entries;
    this.isNil = isNil;
  }

  /** Changes the map itself. Only allowed for maps created by the run, because the maps of records are shared. */
  put(key: MapKey, value: Value): this {
    this.own().set(key, value);
    return this;
  }

  /** Like {@link put}. */
  remove(key: MapKey): this {
    this.own().delete(key);
    return this;
  }

  private own(): Map<MapKey, Value> {
    this.sorted = undefined;
    return this.entries as Map<MapKey, Value>;
  }

  /** The keys in Go's order, sorted only once. */
  keys(sort: (keys: MapKey[]) => MapKey[]): readonly MapKey[] {
    return (this.sorted ??= sort([...this.entries.keys()]));
  }
}

/** A struct. `values` are in the order of the type's fields. */
export class GoStruct {
  readonly type: Type;
  readonly values: readonly Value[];

  constructor(type: Type, values: readonly Value[]) {
    this.type = type;
    this.values = values;
  }
}

/** A nil pointer. Other pointers are represented by their target. */
export class NilPointer {
  readonly type: Type;

  constructor(type: Type) {
    this.type = type;
  }
}

/** A function as a value, for `call`. */
export class GoFunction {
  readonly type: Type;
  readonly function_: TemplateFunction;

  constructor(type: Type, function_: TemplateFunction) {
    this.type = type;
    this.function_ = function_;
  }
}

/** What a call may use of its run. */
export interface Call {
  /** Runs a template of the set and returns its output. */
  execute(name: string, dot: Value): string;
  /** Throws if a list or text of this length exceeds the run's limit. */
  reserve(size: number): void;
}

/**
 * A template function. Arguments are checked against `params` before the call; the last type of a variadic function may
 * repeat. The implementation throws `FunctionError` to fail the call.
 */
export interface TemplateFunction {
  params: readonly Type[];
  variadic: boolean;
  call: (args: readonly Value[], call: Call) => Value;
  /** The same arguments always give the same result, and the call has no other effect. */
  repeatable?: boolean;
}
