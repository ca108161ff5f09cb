import { ANY, VALUE } from './types.js';
import type { TemplateFunction, Type } from './value.js';

/** Functions by name. */
export type Functions = ReadonlyMap<string, TemplateFunction>;

/** Marks functions whose result depends on their arguments alone. */
export function repeatable(
  functions: readonly (readonly [string, TemplateFunction])[],
): (readonly [string, TemplateFunction])[] {
  return functions.map(([name, called]) => [name, { ...called, repeatable: true }]);
}

/** A function with exactly these parameters. */
export function fixed(params: readonly Type[], call: TemplateFunction['call']): TemplateFunction {
  return { params, variadic: false, call };
}

/** A function with these parameters, the last of which may repeat. */
export function variadic(params: readonly Type[], call: TemplateFunction['call']): TemplateFunction {
  return { params, variadic: true, call };
}

/** A function with arguments of any type. */
export function ofAny(count: number, call: TemplateFunction['call']): TemplateFunction {
  return fixed(
    Array.from({ length: count }, () => ANY),
    call,
  );
}

/** A builtin, whose arguments may be missing values. */
export function ofValues(count: number, call: TemplateFunction['call']): TemplateFunction {
  return fixed(
    Array.from({ length: count }, () => VALUE),
    call,
  );
}
