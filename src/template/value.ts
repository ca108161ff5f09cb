/**
 * What a template calculates with: values, their types as Go has them, and functions. They are one definition, because a
 * value has a type, a type has methods, and a method takes values.
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

/** A type as Go has it. Templates see types in comparisons, in arguments of functions, in `printf "%T"` and in errors. */
export interface Type {
  kind: Kind;
  /** Go's way to write it: `map[string]interface {}`. */
  name: string;
  /** Of a list, a map or a pointer. */
  elem?: Type;
  /** Of a map. */
  key?: Type;
  /** Of a struct: where each field is in `GoStruct.values`. */
  fields?: ReadonlyMap<string, number>;
  fieldTypes?: readonly Type[];
  /** Of a struct: the values of a struct without data. */
  zeros?: () => readonly unknown[];
  /** Methods by name; the receiver is the first argument. */
  methods?: ReadonlyMap<string, TemplateFunction>;
  /** The type has a name of its own, so only the same type may be assigned to another named one. */
  named?: boolean;
}

export interface Complex {
  re: number;
  im: number;
}

/**
 * A value of a template. A bigint is an `int`, a number a `float64`; every other number is a `Sized`.
 * `undefined` is no value (a missing key prints `<no value>`), `null` is a nil interface.
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

/** A number whose type is neither `int` nor `float64`: `int64`, `uint8`, ... */
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

/** A map. Keys of one map are of one JavaScript type, but for `map[interface {}]...`. */
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

  /** Changes the map itself. Only for maps that a run has made: those of records are shared. */
  put(key: MapKey, value: Value): this {
    this.own().set(key, value);
    return this;
  }

  /** As {@link put}. */
  remove(key: MapKey): this {
    this.own().delete(key);
    return this;
  }

  private own(): Map<MapKey, Value> {
    this.sorted = undefined;
    return this.entries as Map<MapKey, Value>;
  }

  /** The keys in Go's order, sorted once. */
  keys(sort: (keys: MapKey[]) => MapKey[]): readonly MapKey[] {
    return (this.sorted ??= sort([...this.entries.keys()]));
  }
}

/** A struct; `values` are in the order of the type's fields. */
export class GoStruct {
  readonly type: Type;
  readonly values: readonly Value[];

  constructor(type: Type, values: readonly Value[]) {
    this.type = type;
    this.values = values;
  }
}

/** A pointer without a target; pointers with one are the target itself. */
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

/** What a call may use of the run that it is part of. */
export interface Call {
  /** Runs a template of the set and gives its output. */
  execute(name: string, dot: Value): string;
  /** Throws when a list or a text of this length would be more than a run may make. */
  reserve(size: number): void;
}

/**
 * A function of a template. Arguments are checked against `params` before the call; a variadic function's last type is
 * repeated. The implementation throws `FunctionError` to fail the call.
 */
export interface TemplateFunction {
  params: readonly Type[];
  variadic: boolean;
  call: (args: readonly Value[], call: Call) => Value;
}
