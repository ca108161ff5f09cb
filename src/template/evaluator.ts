import { BUILTINS, SHORT_CIRCUIT } from './builtins.js';
import { checkedArgument, constantArgument, nilArgument } from './argument-values.js';
import { idealConstant } from './go-constants.js';
import {
  type Call,
  type TemplateFunction,
  type Type,
  GoList,
  GoMap,
  GoStruct,
  NilPointer,
  type Value,
} from './value.js';
import type { Functions } from './functions.js';
import type { AnyNode, CommandNode, OperandNode, PipeNode } from './nodes.js';
import { nodeText } from './node-text.js';
import { quote } from './quote.js';
import type { TemplateSet } from './template-set.js';
import { Scope } from './scope.js';
import { FunctionError, TemplateError } from './template-error.js';
import { isTrue } from './truth.js';
import { ANY, STRING, VALUE, assignable } from './types.js';
import { typeOf, zeroValue } from './go-values.js';

/** Means that no value is piped in. `undefined` would not do, because it can be a piped value. */
const NOTHING_PIPED = Symbol('nothing piped');
type Piped = Value | typeof NOTHING_PIPED;

/** Means that a field takes more than a look into structs: a method, a map, or an error. */
const NOT_PLAIN = Symbol('not plain');

const NO_ARGS: readonly OperandNode[] = [];

/** Evaluates pipelines. */
export class Evaluator {
  private readonly template: TemplateSet;
  private readonly functions: Functions;
  private readonly call: Call;
  readonly scope: Scope;

  constructor(template: TemplateSet, functions: Functions, call: Call) {
    this.template = template;
    this.functions = functions;
    this.call = call;
    this.scope = new Scope(template);
  }

  private at(node: AnyNode): this {
    this.scope.at(node);
    return this;
  }

  /** @throws TemplateError with the place of the present node */
  private fail(problem: string, cause?: unknown): never {
    return this.scope.fail(problem, cause);
  }

  pipeline(dot: Value, pipe: PipeNode): Value {
    this.at(pipe);
    const { commands, declared } = pipe;
    if (commands.length === 1 && declared.length === 0) {
      const first = commands[0]?.args.length === 1 ? commands[0].args[0] : undefined;
      const found = first?.kind === 'field' ? fieldOfStruct(dot, first.path) : NOT_PLAIN;
      if (found !== NOT_PLAIN) return found ?? undefined;
    }
    let value: Piped = NOTHING_PIPED;
    for (let at = 0; at < commands.length; at += 1)
      value = this.command(dot, commands[at], value) ?? undefined;
    const result = value === NOTHING_PIPED ? undefined : value;
    if (declared.length === 0) return result;
    for (const variable of declared) {
      const name = variable.path[0] ?? '';
      if (pipe.assign) this.scope.assign(name, result);
      else this.scope.declare(name, result);
    }
    return result;
  }

  private command(dot: Value, command: CommandNode | undefined, piped: Piped): Value {
    // No `[first] = args` here: that is an iteration, and the first render of all runs it a hundred thousand times in
    // code that V8 has not compiled yet.
    const first = command?.args[0];
    if (command === undefined || first === undefined) return this.fail('empty command');
    const { args } = command;
    switch (first.kind) {
      case 'field':
        return this.at(first).fields(dot, dot, first, first.path, 0, args, piped);
      case 'chain':
        return this.chain(dot, first, args, piped);
      case 'identifier':
        return this.at(first).function(dot, first.name, command, args, piped);
      case 'pipe':
        this.takesNoArguments(args, piped);
        return this.pipeline(dot, first);
      case 'variable':
        return this.variable(dot, first, args, piped);
      case 'bool':
      case 'dot':
      case 'nil':
      case 'number':
      case 'string':
        this.at(first).takesNoArguments(args, piped);
        if (first.kind === 'nil') return this.fail('nil is not a command');
        return this.literal(dot, first);
    }
  }

  private takesNoArguments(args: readonly OperandNode[], piped: Piped): void {
    const first = args[0];
    if (first !== undefined && (args.length > 1 || piped !== NOTHING_PIPED)) {
      this.fail(`can't give argument to non-function ${nodeText(first)}`);
    }
  }

  private literal(dot: Value, node: OperandNode): Value {
    switch (node.kind) {
      case 'dot':
        return dot;
      case 'bool':
      case 'string':
        return node.value;
      case 'number': {
        const value = idealConstant(node);
        return value === undefined ? this.at(node).fail(`${node.text} overflows int`) : value;
      }
      case 'chain':
      case 'field':
      case 'identifier':
      case 'nil':
      case 'pipe':
      case 'variable':
        return this.fail(`can't handle assignment of ${nodeText(node)} to empty interface argument`);
    }
  }

  private chain(
    dot: Value,
    node: OperandNode & { kind: 'chain' },
    args: readonly OperandNode[],
    piped: Piped,
  ): Value {
    this.at(node);
    if (node.node.kind === 'nil') this.fail(`indirection through explicit nil in ${nodeText(node)}`);
    const receiver = this.argument(dot, VALUE, node.node);
    return this.fields(dot, receiver, node, node.path, 0, args, piped);
  }

  private variable(
    dot: Value,
    node: OperandNode & { kind: 'variable' },
    args: readonly OperandNode[],
    piped: Piped,
  ): Value {
    this.at(node);
    const value = this.scope.variable(node.path[0] ?? '');
    if (node.path.length > 1) return this.fields(dot, value, node, node.path, 1, args, piped);
    this.takesNoArguments(args, piped);
    return value;
  }

  /** `receiver.a.b.c`: only the last field may have arguments. */
  private fields(
    dot: Value,
    receiver: Value,
    node: OperandNode,
    path: readonly string[],
    from: number,
    args: readonly OperandNode[],
    piped: Piped,
  ): Value {
    let value = receiver;
    const last = path.length - 1;
    for (let at = from; at < last; at += 1) {
      value = this.field(dot, path[at] ?? '', node, NO_ARGS, NOTHING_PIPED, value);
    }
    return this.field(dot, path[last] ?? '', node, args, piped, value);
  }

  private field(
    dot: Value,
    name: string,
    node: OperandNode,
    args: readonly OperandNode[],
    piped: Piped,
    receiver: Value,
  ): Value {
    if (receiver === undefined) {
      if (this.template.missingKey === 'error') this.fail(`nil data; no entry for key ${quote(name)}`);
      return undefined;
    }
    if (receiver === null) return this.fail(`nil pointer evaluating interface {}.${name}`);
    const type = typeOf(receiver);
    const method = type.methods?.get(name);
    if (method !== undefined) return this.invoke(dot, method, node, name, args, piped, receiver);
    const hasArgs = args.length > 1 || piped !== NOTHING_PIPED;
    if (receiver instanceof GoStruct) {
      const at = type.fields?.get(name);
      if (at !== undefined) {
        if (hasArgs) this.fail(`${name} has arguments but cannot be invoked as function`);
        return receiver.values[at];
      }
    } else if (receiver instanceof GoMap && type.key !== undefined && assignable(STRING, type.key)) {
      if (hasArgs) this.fail(`${name} is not a method but has arguments`);
      return this.entry(receiver, name);
    } else if (receiver instanceof NilPointer && type.elem?.fields?.has(name) !== false) {
      this.fail(`nil pointer evaluating ${type.name}.${name}`);
    }
    return this.fail(`can't evaluate field ${name} in type ${type.name}`);
  }

  private entry(map: GoMap, name: string): Value {
    const value = map.entries.get(name);
    if (value !== undefined || map.entries.has(name)) return value;
    switch (this.template.missingKey) {
      case 'invalid':
        return undefined;
      case 'zero':
        return zeroValue(map.type.elem ?? ANY);
      case 'error':
        return this.fail(`map has no entry for key ${quote(name)}`);
    }
  }

  private function(
    dot: Value,
    name: string,
    command: AnyNode,
    args: readonly OperandNode[],
    piped: Piped,
  ): Value {
    const own = this.functions.get(name);
    const found = own ?? BUILTINS.get(name);
    if (found === undefined) return this.fail(`${quote(name)} is not a defined function`);
    if (own === undefined && SHORT_CIRCUIT.has(name)) return this.shortCircuit(dot, name, args, piped);
    return this.invoke(dot, found, command, name, args, piped);
  }

  private shortCircuit(dot: Value, name: string, args: readonly OperandNode[], piped: Piped): Value {
    const given = args.length - 1 + (piped === NOTHING_PIPED ? 0 : 1);
    if (given < 1) this.fail(`wrong number of args for ${name}: want at least 1 got ${args.length - 1}`);
    let value: Value;
    for (let at = 1; at < args.length; at += 1) {
      value = this.argument(dot, VALUE, args[at]);
      if (isTrue(value) === (name === 'or')) return value;
    }
    return piped === NOTHING_PIPED ? value : piped;
  }

  /** Calls a function, or a method if there is a receiver. `args[0]` is the function itself. */
  private invoke(
    dot: Value,
    called: TemplateFunction,
    node: AnyNode,
    name: string,
    args: readonly OperandNode[],
    piped: Piped,
    ...receiver: readonly Value[]
  ): Value {
    const { params } = called;
    const own = receiver.length;
    const written = Math.max(args.length - 1, 0);
    const given = written + (piped === NOTHING_PIPED ? 0 : 1);
    const wanted = params.length - own;
    if (called.variadic ? given < wanted - 1 : given !== wanted) {
      const words = called.variadic ? `at least ${wanted - 1} got ${written}` : `${wanted} got ${given}`;
      this.fail(`wrong number of args for ${name}: want ${words}`);
    }
    const values: Value[] = [...receiver];
    const typeAt = (at: number): Type => params[Math.min(at, params.length - 1)] ?? ANY;
    for (let at = 1; at <= written; at += 1) values.push(this.argument(dot, typeAt(values.length), args[at]));
    if (piped !== NOTHING_PIPED) values.push(this.fit(piped, typeAt(values.length)));
    return this.guarded(called, node, name, values);
  }

  private guarded(called: TemplateFunction, node: AnyNode, name: string, values: readonly Value[]): Value {
    let result: Value;
    try {
      result = called.call(values, this.call);
    } catch (error) {
      if (error instanceof RangeError) throw error;
      if (
        error instanceof TemplateError &&
        error.place !== undefined &&
        !(error.cause instanceof FunctionError)
      ) {
        throw error;
      }
      const message = error instanceof Error ? error.message : String(error);
      this.at(node);
      return this.fail(`error calling ${name}: ${message}`, error);
    }
    if (typeof result === 'string') this.call.reserve(result.length);
    else if (result instanceof GoList) this.call.reserve(result.items.length);
    return result;
  }

  private argument(dot: Value, type: Type, node: OperandNode | undefined): Value {
    if (node === undefined) return undefined;
    this.at(node);
    switch (node.kind) {
      case 'dot':
        return this.fit(dot, type);
      case 'nil':
        return nilArgument(type, this.scope);
      case 'field':
        return this.fit(this.fields(dot, dot, node, node.path, 0, NO_ARGS, NOTHING_PIPED), type);
      case 'variable':
        return this.fit(this.variable(dot, node, NO_ARGS, NOTHING_PIPED), type);
      case 'pipe':
        return this.fit(this.pipeline(dot, node), type);
      case 'identifier':
        return this.fit(this.function(dot, node.name, node, NO_ARGS, NOTHING_PIPED), type);
      case 'chain':
        return this.fit(this.chain(dot, node, NO_ARGS, NOTHING_PIPED), type);
      case 'bool':
      case 'number':
      case 'string':
        return type.kind === 'interface' || type.kind === 'value'
          ? this.literal(dot, node)
          : constantArgument(node, type, this.scope);
    }
  }

  private fit(value: Value, type: Type): Value {
    return checkedArgument(value, type, this.scope);
  }
}

/**
 * `.A.B` of plain structs: most of what templates write. The first render of all runs it ten thousand times before V8
 * has compiled anything, so few steps count.
 */
function fieldOfStruct(dot: Value, path: readonly string[]): Value | typeof NOT_PLAIN {
  let value = dot;
  for (let at = 0; at < path.length; at += 1) {
    if (!(value instanceof GoStruct) || value.type.methods !== undefined) return NOT_PLAIN;
    const index = value.type.fields?.get(path[at] ?? '');
    if (index === undefined) return NOT_PLAIN;
    value = value.values[index];
  }
  return value;
}
