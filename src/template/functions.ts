import { ANY, VALUE, type Type } from './types.js';
import type { Value } from './values.js';

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

/** Functions by name. */
export type Functions = ReadonlyMap<string, TemplateFunction>;

/** A function with exactly these arguments. */
export function fixed(params: readonly Type[], call: TemplateFunction['call']): TemplateFunction {
  return { params, variadic: false, call };
}

/** A function with these arguments and any number of the last type. */
export function variadic(params: readonly Type[], call: TemplateFunction['call']): TemplateFunction {
  return { params, variadic: true, call };
}

/** A function of any arguments. */
export function ofAny(count: number, call: TemplateFunction['call']): TemplateFunction {
  return fixed(
    Array.from({ length: count }, () => ANY),
    call,
  );
}

/** A builtin: its arguments may be no value. */
export function ofValues(count: number, call: TemplateFunction['call']): TemplateFunction {
  return fixed(
    Array.from({ length: count }, () => VALUE),
    call,
  );
}
