import { quote } from './quote.js';
import { Evaluator } from './evaluator.js';
import type { Scope } from './scope.js';
import type { Functions } from './functions.js';
import { isLasting, isOfRecords, type KeptLoops } from './kept-loops.js';
import { sortedKeys } from './map-order.js';
import type { ListNode, Node, PipeNode, RangeNode, TemplateNode } from './nodes.js';
import { nodeText } from './node-text.js';
import type { Tree } from './parser.js';
import { valueText } from './printer.js';
import type { TemplateSet } from './template-set.js';
import { TemplateError } from './template-error.js';
import { isTrue } from './truth.js';
import { GoFunction, GoList, GoMap, NilPointer, Sized, type Value } from './value.js';
import { typeOf } from './go-values.js';
import { WrittenText } from './written-text.js';

/** How a list ended: at its end, or by `break` or `continue`. */
type Flow = 'next' | 'break' | 'continue';

/** One execution of a template: its output, variables and used resources. */
export class Execution {
  private readonly template: TemplateSet;
  private readonly evaluator: Evaluator;
  private readonly scope: Scope;
  private readonly functions: Functions;
  private readonly kept: KeptLoops | undefined;
  private readonly out: WrittenText;
  private depth = 0;

  constructor(template: TemplateSet, functions: Functions, kept?: KeptLoops) {
    this.template = template;
    this.functions = functions;
    this.kept = kept;
    this.out = new WrittenText(template.limits.output, () => this.outputLimit());
    this.evaluator = new Evaluator(template, functions, {
      execute: (name, dot) => this.nested(name, dot),
      reserve: (size) => {
        if (size > template.limits.output) this.outputLimit();
      },
    });
    this.scope = this.evaluator.scope;
  }

  /** @throws TemplateError */
  run(tree: Tree, dot: Value): string {
    try {
      this.enter(tree, dot);
      return this.out.text();
    } catch (error) {
      if (error instanceof TemplateError) throw error;
      // The stack or a string was larger than the engine can have; the depth limit is there to come first.
      if (error instanceof RangeError) return this.scope.fail(`too deep or too large: ${error.message}`);
      throw error;
    }
  }

  private enter(tree: Tree, dot: Value): void {
    const kept = this.scope.enter(tree, dot);
    this.walkList(dot, tree.root);
    this.scope.leave(kept);
  }

  /** The output of another template of the set, for `executeTemplate`. */
  private nested(name: string, dot: Value): string {
    const tree = this.template.trees.get(name);
    if (tree === undefined) {
      throw new TemplateError(
        `template: no template ${quote(name)} associated with template ${quote(this.template.name)}`,
        'execute',
      );
    }
    return this.out.apart(() => this.descend(() => this.enter(tree, dot)));
  }

  private descend(work: () => void): void {
    const { depth } = this.template.limits;
    if (this.depth === depth) this.scope.fail(`exceeded maximum template depth (${depth})`);
    this.depth += 1;
    work();
    this.depth -= 1;
  }

  private outputLimit(): never {
    return this.scope.fail(`more than ${this.template.limits.output} characters of output`);
  }

  private walkList(dot: Value, list: ListNode): Flow {
    const { nodes } = list;
    for (let at = 0; at < nodes.length; at += 1) {
      const node = nodes[at];
      const flow = node === undefined ? 'next' : this.walk(dot, node);
      if (flow !== 'next') return flow;
    }
    return 'next';
  }

  private walk(dot: Value, node: Node): Flow {
    this.scope.at(node);
    switch (node.kind) {
      case 'text':
        this.out.write(node.text);
        return 'next';
      case 'action': {
        const value = this.evaluator.pipeline(dot, node.pipe);
        if (node.pipe.declared.length === 0) this.print(node, value);
        return 'next';
      }
      case 'if':
      case 'with':
        return this.branch(dot, node.kind === 'with', node.pipe, node.list, node.elseList);
      case 'range':
        return this.range(dot, node);
      case 'template':
        this.include(dot, node);
        return 'next';
      case 'list':
        return this.walkList(dot, node);
      case 'break':
      case 'continue':
        return node.kind;
    }
  }

  private print(node: Node, value: Value): void {
    if (typeof value === 'string') {
      this.out.write(value);
      return;
    }
    this.scope.at(node);
    if (value instanceof GoFunction) {
      this.scope.fail(`can't print ${nodeText(node)} of type ${value.type.name}`);
    }
    this.out.write(value === undefined || value === null ? '<no value>' : valueText(value));
  }

  private branch(
    dot: Value,
    isWith: boolean,
    pipe: PipeNode,
    list: ListNode,
    elseList: ListNode | undefined,
  ): Flow {
    const mark = this.scope.mark();
    const value = this.evaluator.pipeline(dot, pipe);
    let flow: Flow = 'next';
    if (isTrue(value)) flow = this.walkList(isWith ? value : dot, list);
    else if (elseList !== undefined) flow = this.walkList(dot, elseList);
    this.scope.popTo(mark);
    return flow;
  }

  private include(dot: Value, node: TemplateNode): void {
    const tree = this.template.trees.get(node.name);
    if (tree === undefined) return this.scope.fail(`template ${quote(node.name)} not defined`);
    const value = node.pipe === undefined ? undefined : this.evaluator.pipeline(dot, node.pipe);
    this.descend(() => this.enter(tree, value));
  }

  private range(dot: Value, node: RangeNode): Flow {
    const mark = this.scope.mark();
    const value = this.evaluator.pipeline(dot, node.pipe);
    const rounds = this.rounds(node, value);
    let flow: Flow = 'next';
    if (rounds === 0 && node.elseList !== undefined) flow = this.walkList(dot, node.elseList);
    this.scope.popTo(mark);
    return flow;
  }

  /** Runs the list for every element, and returns how many there were. */
  private rounds(node: RangeNode, value: Value): number {
    const inner = this.scope.mark();
    if (value instanceof GoList) {
      if (value.items.length > 0) this.overList(node, inner, value);
      return value.items.length;
    }
    if (value instanceof GoMap) {
      for (const key of sortedKeys(value)) {
        if (!this.round(node, inner, key, value.entries.get(key))) break;
      }
      return value.entries.size;
    }
    if (typeof value === 'bigint' || value instanceof Sized) return this.countTo(node, inner, value);
    if (value === undefined || value === null || value instanceof NilPointer) return 0;
    return this.scope.fail(`range can't iterate over ${valueText(value)}`);
  }

  /** Writes what an earlier execution wrote for the same list, where that is known. */
  private overList(node: RangeNode, inner: number, list: GoList): void {
    const kept = isOfRecords(list) ? this.kept?.of(node, this.template, this.functions) : undefined;
    const values = kept?.reads.map((name) => this.scope.variable(name));
    if (kept === undefined || values?.every(isLasting) !== true) {
      this.eachItem(node, inner, list);
      return;
    }
    let text = kept.get(list, values);
    if (text === undefined) {
      text = this.out.apart(() => this.eachItem(node, inner, list));
      kept.set(list, values, text);
    }
    this.out.write(text);
  }

  private eachItem(node: RangeNode, inner: number, list: GoList): void {
    const isCounted = node.pipe.declared.length > 1;
    const { items } = list;
    // By index: iterating would make an object for each item until V8 has compiled this.
    for (let index = 0; index < items.length; index += 1) {
      if (!this.round(node, inner, isCounted ? BigInt(index) : undefined, items[index])) break;
    }
  }

  private countTo(node: RangeNode, inner: number, value: bigint | Sized): number {
    const end = value instanceof Sized ? value.value : value;
    if (node.pipe.declared.length > 1) {
      this.scope.fail(`can't use ${end} to iterate over more than one variable`);
    }
    for (let count = 0n; count < end; count += 1n) {
      const item = value instanceof Sized ? new Sized(typeOf(value), count) : count;
      if (!this.round(node, inner, item, item)) break;
    }
    return end > 0n ? 1 : 0;
  }

  /** One iteration of a loop. Returns false after a `break`. */
  private round(node: RangeNode, inner: number, index: Value, item: Value): boolean {
    this.scope.step();
    const { declared, assign } = node.pipe;
    if (declared.length === 0) return this.walkRound(node, inner, item);
    const [first, second] = declared;
    if (assign) {
      if (first !== undefined) this.scope.assign(first.path[0] ?? '', second === undefined ? item : index);
      if (second !== undefined) this.scope.assign(second.path[0] ?? '', item);
    } else {
      if (first !== undefined) this.scope.setTop(1, item);
      if (second !== undefined) this.scope.setTop(2, index);
    }
    return this.walkRound(node, inner, item);
  }

  private walkRound(node: RangeNode, inner: number, item: Value): boolean {
    const flow = this.walkList(item, node.list);
    this.scope.popTo(inner);
    return flow !== 'break';
  }
}
