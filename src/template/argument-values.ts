import { constantOf } from './go-constants.js';
import { nodeText } from './node-text.js';
import type { OperandNode } from './nodes.js';
import type { Scope } from './scope.js';
import { ANY, VALUE, assignable } from './types.js';
import type { Type, Value } from './value.js';
import { typeOf, zeroValue } from './go-values.js';

/** A constant as an argument of a type that is not an interface. @throws TemplateError */
export function constantArgument(node: OperandNode, type: Type, scope: Scope): Value {
  const value = constantOf(node, type);
  if (value !== undefined) return value;
  if (!EXPECTED.has(type.kind)) scope.fail(`can't handle ${nodeText(node)} for arg of type ${type.name}`);
  return scope.fail(`expected ${EXPECTED.get(type.kind) ?? type.kind}; found ${nodeText(node)}`);
}

/** `nil` as an argument of a type. @throws TemplateError */
export function nilArgument(type: Type, scope: Scope): Value {
  if (type === VALUE) return undefined;
  if (NILABLE.has(type.kind)) return zeroValue(type);
  return scope.fail(`cannot assign nil to ${type.name}`);
}

/** A value as an argument of a type. @throws TemplateError */
export function checkedArgument(value: Value, type: Type, scope: Scope): Value {
  if (value === undefined) {
    if (type === VALUE) return undefined;
    if (NILABLE.has(type.kind)) return zeroValue(type);
    return scope.fail(`invalid value; expected ${type.name}`);
  }
  if (type === ANY || type === VALUE) return value;
  if (value === null) return scope.fail(`wrong type for value; expected ${type.name}; got interface {}`);
  const own = typeOf(value);
  if (!assignable(own, type)) scope.fail(`wrong type for value; expected ${type.name}; got ${own.name}`);
  return value;
}

const NILABLE: ReadonlySet<Type['kind']> = new Set(['interface', 'list', 'map', 'pointer', 'func'] as const);

const EXPECTED: ReadonlyMap<Type['kind'], string> = new Map([
  ['bool', 'bool'],
  ['string', 'string'],
  ['int', 'integer'],
  ['uint', 'unsigned integer'],
  ['float', 'float'],
  ['complex', 'complex'],
]);
