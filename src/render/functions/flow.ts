import { variadic } from '../../template/functions.js';
import { type TemplateFunction, GoList, Sized, type Value } from '../../template/value.js';
import { sprintf } from '../../template/printf.js';
import { formatValue } from '../../template/printer.js';
import { noFlags } from '../../template/format-flags.js';
import { FunctionError } from '../../template/template-error.js';
import { ANY, INT64, STRING, listType } from '../../template/types.js';
import { typeOf } from '../../template/go-values.js';
import { integerOf } from './arithmetic.js';
import { parseDecimal, texts } from './strings.js';

function bound(value: Value): bigint {
  const integer =
    typeof value === 'string' ? parseDecimal(value === '' ? '0' : value, 'ParseInt') : integerOf(value);
  if (integer !== undefined) return integer;
  throw new FunctionError(
    `loop: bad argument type: ${value === undefined || value === null ? '<nil>' : typeOf(value).name}`,
  );
}

const INTEGERS = listType(INT64);

/** `loop n` and `loop from to`: integers to range over. */
const loop = variadic([ANY], (args, call) => {
  if (args.length !== 1 && args.length !== 2) {
    throw new FunctionError(`loop: wrong number of arguments, expected 1 or 2, but got ${args.length}`);
  }
  const start = args.length === 1 ? 0n : bound(args[0]);
  const stop = bound(args.at(-1));
  if (stop > start) call.reserve(Number(stop - start));
  const items: Value[] = [];
  for (let value = start; value < stop; value += 1n) items.push(new Sized(INT64, value));
  return new GoList(INTEGERS, items);
});

const executeTemplate = variadic([STRING, ANY], ([name, ...dot], call) => {
  if (dot.length > 1)
    throw new FunctionError(
      `executeTemplate: wrong number of arguments, expected 1 or 2, but got ${dot.length + 1}`,
    );
  return call.execute(texts([name])[0] ?? '', dot[0]);
});

const dump = (args: readonly Value[]): string =>
  args.map((arg) => `${formatValue(arg, 'v', { ...noFlags(), sharpV: true })}\n`).join('');

/** Functions that control a run, and functions that show what a value is. */
export const FLOW_FUNCTIONS: readonly (readonly [string, TemplateFunction])[] = [
  ['loop', loop],
  ['executeTemplate', executeTemplate],
  ['spew_dump', variadic([ANY], dump)],
  ['spew_sdump', variadic([ANY], dump)],
  ['spew_printf', variadic([STRING, ANY], ([format, ...args]) => sprintf(texts([format])[0] ?? '', args))],
  ['spew_sprintf', variadic([STRING, ANY], ([format, ...args]) => sprintf(texts([format])[0] ?? '', args))],
];
