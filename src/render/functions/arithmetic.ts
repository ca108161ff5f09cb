import { ofAny } from '../../template/functions.js';
import { type TemplateFunction, type Type, Sized, type Value } from '../../template/value.js';
import { valueText } from '../../template/printer.js';
import { quote } from '../../template/quote.js';
import { FunctionError } from '../../template/template-error.js';
import { INT64, UINT64 } from '../../template/types.js';
import { typeOf } from '../../template/go-values.js';

type Numeric = { kind: 'int' | 'uint'; value: bigint } | { kind: 'float'; value: number };

/** A value as a number. @throws FunctionError when it is not one */
function numeric(value: Value, name: string): Numeric {
  if (typeof value === 'bigint') return { kind: 'int', value };
  if (typeof value === 'number') return { kind: 'float', value };
  if (value instanceof Sized)
    return { kind: value.type.kind === 'uint' ? 'uint' : 'int', value: value.value };
  const type = value === undefined || value === null ? '<nil>' : typeOf(value).name;
  throw new FunctionError(`${name}: unknown type for ${quote(valueText(value))} (${type})`);
}

interface Operation {
  integers: (a: bigint, b: bigint) => bigint;
  floats?: (a: number, b: number) => number;
}

/** `b op a`: the piped value comes last and is the left operand. */
function operate(name: string, { integers, floats }: Operation, b: Value, a: Value): Value {
  const left = numeric(a, name);
  const right = numeric(b, name);
  if (left.kind === 'float' || right.kind === 'float') {
    if (floats === undefined) {
      const bad = left.kind === 'float' ? a : b;
      throw new FunctionError(`${name}: unknown type for ${quote(valueText(bad))} (float64)`);
    }
    return floats(Number(left.value), Number(right.value));
  }
  const result = integers(left.value, right.value);
  if (left.kind === 'uint' && right.kind === 'uint') return new Sized(UINT64, BigInt.asUintN(64, result));
  return new Sized(INT64, BigInt.asIntN(64, result));
}

function noZero(work: (a: bigint, b: bigint) => bigint): (a: bigint, b: bigint) => bigint {
  return (a, b) => {
    if (b === 0n) throw new FunctionError('runtime error: integer divide by zero');
    return work(a, b);
  };
}

const OPERATIONS: Readonly<Record<string, Operation>> = {
  add: { integers: (a, b) => a + b, floats: (a, b) => a + b },
  subtract: { integers: (a, b) => a - b, floats: (a, b) => a - b },
  multiply: { integers: (a, b) => a * b, floats: (a, b) => a * b },
  divide: { integers: noZero((a, b) => a / b), floats: (a, b) => a / b },
  modulo: { integers: noZero((a, b) => a % b) },
};

/** Returns one of the two values, with its own type. */
function choose(name: string, b: Value, a: Value): Value {
  const left = numeric(a, name);
  const right = numeric(b, name);
  const aIsLess = left.value < right.value;
  const chosen = (name === 'minimum') === aIsLess ? left : right;
  return chosen.kind === 'float' ? chosen.value : new Sized(wide(chosen.kind), chosen.value);
}

function wide(kind: 'int' | 'uint'): Type {
  return kind === 'int' ? INT64 : UINT64;
}

/** An integer of any kind. Undefined for anything else. */
export function integerOf(value: Value): bigint | undefined {
  if (typeof value === 'bigint') return value;
  return value instanceof Sized ? value.value : undefined;
}

/** Arithmetic. */
export const ARITHMETIC_FUNCTIONS: readonly (readonly [string, TemplateFunction])[] = [
  ...Object.entries(OPERATIONS).map(
    ([name, operation]) => [name, ofAny(2, ([b, a]) => operate(name, operation, b, a))] as const,
  ),
  ['minimum', ofAny(2, ([b, a]) => choose('minimum', b, a))],
  ['maximum', ofAny(2, ([b, a]) => choose('maximum', b, a))],
];
