import { equal, less, lessOrEqual } from './compare.js';
import { escapeHtml, escapeJs, escapeQuery } from './escape.js';
import { ofValues, repeatable, variadic, type Functions } from './functions.js';
import { type Call, type TemplateFunction, type Type, GoFunction, NilPointer, type Value } from './value.js';
import { index, length, slice } from './index-slice.js';
import { sprint, sprintln } from './printer.js';
import { sprintf } from './printf.js';
import { FunctionError } from './template-error.js';
import { isTrue } from './truth.js';
import { ANY, STRING, VALUE, assignable } from './types.js';
import { typeOf, zeroValue } from './go-values.js';

/** `and` and `or` stop at the first deciding argument. The executor implements them; their bodies here never run. */
export const SHORT_CIRCUIT: ReadonlySet<string> = new Set(['and', 'or']);

/** The combined text of the arguments of `html`, `js` and `urlquery`. */
function argumentText(args: readonly Value[]): string {
  const [first] = args;
  if (args.length === 1 && typeof first === 'string') return first;
  return sprint(args.map((arg) => (arg === undefined || arg === null ? '<no value>' : arg)));
}

function callFunction(args: readonly Value[], call: Call): Value {
  const [first, ...rest] = args;
  if (first === undefined || first === null) throw new FunctionError('call of nil');
  if (!(first instanceof GoFunction)) throw new FunctionError(`non-function of type ${typeOf(first).name}`);
  const { params, variadic: any } = first.function_;
  const least = any ? params.length - 1 : params.length;
  if (any ? rest.length < least : rest.length !== least) {
    throw new FunctionError(
      `wrong number of args: got ${rest.length} want ${any ? 'at least ' : ''}${least}`,
    );
  }
  return first.function_.call(
    rest.map((arg, at) => prepared(arg, params[Math.min(at, params.length - 1)] ?? ANY, at)),
    call,
  );
}

function prepared(arg: Value, type: Type, at: number): Value {
  if (arg === undefined || arg === null) {
    if (['interface', 'value', 'list', 'map', 'pointer'].includes(type.kind)) return zeroValue(type);
    throw new FunctionError(`arg ${at}: value is nil; should be of type ${type.name}`);
  }
  if (assignable(typeOf(arg), type)) return arg;
  throw new FunctionError(`arg ${at}: value has type ${typeOf(arg).name}; should be ${type.name}`);
}

function text(make: (args: readonly Value[]) => string): TemplateFunction {
  return variadic([ANY], (args) => make(args));
}

function unreachable(): never {
  throw new FunctionError('unreachable');
}

const nilToNone = (value: Value): Value => (value instanceof NilPointer ? value : (value ?? undefined));

/** The functions available in every template. What `call` does depends on the function that it is given. */
export const BUILTINS: Functions = new Map<string, TemplateFunction>([
  ...repeatable([
    ['and', variadic([VALUE, VALUE], unreachable)],
    ['or', variadic([VALUE, VALUE], unreachable)],
    ['not', ofValues(1, ([value]) => !isTrue(value))],
    ['len', ofValues(1, ([item]) => length(item))],
    ['index', variadic([VALUE, VALUE], ([item, ...at]) => index(nilToNone(item), at))],
    ['slice', variadic([VALUE, VALUE], ([item, ...at]) => slice(nilToNone(item), at))],
    ['print', text(sprint)],
    ['println', text(sprintln)],
    [
      'printf',
      variadic([STRING, ANY], ([format, ...args]) => sprintf(typeof format === 'string' ? format : '', args)),
    ],
    ['html', text((args) => escapeHtml(argumentText(args)))],
    ['js', text((args) => escapeJs(argumentText(args)))],
    ['urlquery', text((args) => escapeQuery(argumentText(args)))],
    ['eq', variadic([VALUE, VALUE], ([first, ...others]) => equal(first, others))],
    ['ne', ofValues(2, ([a, b]) => !equal(a, [b]))],
    ['lt', ofValues(2, ([a, b]) => less(a, b))],
    ['le', ofValues(2, ([a, b]) => lessOrEqual(a, b))],
    ['gt', ofValues(2, ([a, b]) => !lessOrEqual(a, b))],
    ['ge', ofValues(2, ([a, b]) => !less(a, b))],
  ]),
  ['call', variadic([VALUE, VALUE], callFunction)],
]);
