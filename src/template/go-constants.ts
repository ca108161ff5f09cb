import type { NumberNode, OperandNode } from './nodes.js';
import { INT } from './types.js';
import { type Type, ComplexValue, Sized, type Value } from './value.js';

/** The value of a number constant where any type is allowed. Undefined if it does not fit into an `int`. */
export function idealConstant(node: NumberNode): Value {
  if (node.complex !== undefined) return new ComplexValue(node.complex);
  const { text, float, int } = node;
  const hexInteger = /^0[xX]/.test(text) && text.length > 2 && !/[pP]/.test(text);
  if (float !== undefined && !hexInteger && !text.startsWith("'") && /[.eEpP]/.test(text)) return float;
  return int;
}

/** A constant as an argument of a basic type. Undefined if it cannot have that type. */
export function constantOf(node: OperandNode, type: Type): Value {
  switch (type.kind) {
    case 'bool':
      return node.kind === 'bool' ? node.value : undefined;
    case 'string':
      return node.kind === 'string' ? node.value : undefined;
    case 'int':
    case 'uint': {
      const value = node.kind === 'number' ? node[type.kind] : undefined;
      return value === undefined || type === INT ? value : new Sized(type, value);
    }
    case 'float':
      return node.kind === 'number' ? node.float : undefined;
    case 'complex':
      return node.kind === 'number' && node.complex !== undefined
        ? new ComplexValue(node.complex)
        : undefined;
    case 'func':
    case 'interface':
    case 'list':
    case 'map':
    case 'pointer':
    case 'struct':
    case 'value':
      return undefined;
  }
}
