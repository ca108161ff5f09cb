import { ANY, VALUE } from './types.js';
import type { TemplateFunction, Type } from './value.js';

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
