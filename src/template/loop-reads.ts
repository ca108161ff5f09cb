import { BUILTINS } from './builtins.js';
import type { Functions } from './functions.js';
import type { ListNode, Node, OperandNode, PipeNode, RangeNode } from './nodes.js';
import type { Tree } from './parser.js';
import type { TemplateSet } from './template-set.js';

/**
 * The variables from outside that the rounds of a loop read. Undefined when the rounds may write something else
 * although these variables and the list are the same, or when they do more than write.
 */
export function loopReads(
  node: RangeNode,
  template: TemplateSet,
  functions: Functions,
): readonly string[] | undefined {
  // It assigns to variables from outside.
  if (node.pipe.assign) return undefined;
  const reads = new LoopReads(template, functions);
  return reads.look(node) ? [...reads.outside] : undefined;
}

/** Looks through the body of a loop. Each method returns false when it finds what cannot be repeated. */
class LoopReads {
  readonly outside = new Set<string>();
  private readonly template: TemplateSet;
  private readonly functions: Functions;
  /** The variables of the loop itself that are in sight. */
  private own: string[] = [];
  private readonly entered = new Set<Tree>();

  constructor(template: TemplateSet, functions: Functions) {
    this.template = template;
    this.functions = functions;
  }

  look(node: RangeNode): boolean {
    this.own = node.pipe.declared.map(({ path }) => path[0] ?? '');
    return this.list(node.list);
  }

  private list(list: ListNode): boolean {
    return list.nodes.every((node) => this.node(node));
  }

  private node(node: Node): boolean {
    switch (node.kind) {
      case 'text':
      case 'break':
      case 'continue':
        return true;
      case 'action':
        return this.pipe(node.pipe);
      case 'if':
      case 'with':
      case 'range': {
        const { length } = this.own;
        if (!this.pipe(node.pipe)) return false;
        const inside = this.own.length;
        if (!this.list(node.list)) return false;
        this.own.length = inside;
        if (node.elseList !== undefined && !this.list(node.elseList)) return false;
        this.own.length = length;
        return true;
      }
      case 'template':
        return (node.pipe === undefined || this.pipe(node.pipe)) && this.tree(node.name);
      case 'list':
        return this.list(node);
    }
  }

  private tree(name: string): boolean {
    const tree = this.template.trees.get(name);
    if (tree === undefined || this.entered.has(tree)) return false;
    const { own } = this;
    this.entered.add(tree);
    this.own = ['$'];
    const isRepeatable = this.list(tree.root);
    this.own = own;
    this.entered.delete(tree);
    return isRepeatable;
  }

  private pipe(pipe: PipeNode): boolean {
    if (!pipe.commands.every(({ args }) => args.every((arg) => this.operand(arg)))) return false;
    for (const { path } of pipe.declared) {
      const [name = ''] = path;
      if (!pipe.assign) this.own.push(name);
      else if (!this.own.includes(name)) return false;
    }
    return true;
  }

  private operand(node: OperandNode): boolean {
    switch (node.kind) {
      case 'bool':
      case 'dot':
      case 'field':
      case 'nil':
      case 'number':
      case 'string':
        return true;
      case 'pipe':
        return this.pipe(node);
      case 'chain':
        return this.operand(node.node);
      case 'variable': {
        const [name = ''] = node.path;
        if (!this.own.includes(name)) this.outside.add(name);
        return true;
      }
      case 'identifier': {
        const called = this.functions.get(node.name) ?? BUILTINS.get(node.name);
        return called?.repeatable === true;
      }
    }
  }
}
