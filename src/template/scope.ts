import type { AnyNode } from './nodes.js';
import { nodeText } from './node-text.js';
import type { Tree } from './parser.js';
import { quote } from './quote.js';
import { goLocation, placeAt, TemplateError } from './template-error.js';
import type { TemplateSet } from './template-set.js';
import type { Value } from './value.js';

/** What `enter` gives back for `leave`. */
export interface Frame {
  tree: Tree | undefined;
  names: string[];
  values: Value[];
}

/** Where a run is: the template and its present node, the variables in sight, and the steps so far. */
export class Scope {
  private readonly template: TemplateSet;
  private tree: Tree | undefined;
  private node: AnyNode | undefined;
  private names: string[] = [];
  private values: Value[] = [];
  private steps = 0;

  constructor(template: TemplateSet) {
    this.template = template;
  }

  /** Begins a template: its variables are `$` alone. */
  enter(tree: Tree, dot: Value): Frame {
    const frame: Frame = { tree: this.tree, names: this.names, values: this.values };
    this.tree = tree;
    this.names = ['$'];
    this.values = [dot];
    return frame;
  }

  leave(frame: Frame): void {
    this.tree = frame.tree;
    this.names = frame.names;
    this.values = frame.values;
  }

  at(node: AnyNode): this {
    this.node = node;
    this.step();
    return this;
  }

  step(): void {
    this.steps += 1;
    if (this.steps > this.template.limits.steps) this.fail(`more than ${this.template.limits.steps} steps`);
  }

  /** @throws TemplateError with the place of the present node */
  fail(problem: string, cause?: unknown): never {
    const { tree, node } = this;
    if (tree === undefined || node === undefined) {
      throw new TemplateError(`template: ${this.template.name}: ${problem}`, 'execute');
    }
    const where = goLocation(tree.file, tree.text, node.pos);
    throw new TemplateError(
      `template: ${where}: executing ${quote(tree.name)} at <${nodeText(node)}>: ${problem}`,
      'execute',
      placeAt(tree.file, tree.text, node.pos),
      cause === undefined ? undefined : { cause },
    );
  }

  mark(): number {
    return this.names.length;
  }

  popTo(mark: number): void {
    if (this.names.length === mark) return;
    this.names.length = mark;
    this.values.length = mark;
  }

  /** Sets the variable that is `n` from the top. */
  setTop(n: number, value: Value): void {
    this.values[this.values.length - n] = value;
  }

  declare(name: string, value: Value): void {
    this.names.push(name);
    this.values.push(value);
  }

  assign(name: string, value: Value): void {
    const at = this.names.lastIndexOf(name);
    if (at < 0) this.fail(`undefined variable: ${name}`);
    this.values[at] = value;
  }

  /** @throws TemplateError when there is no such variable */
  variable(name: string): Value {
    const at = this.names.lastIndexOf(name);
    if (at < 0) this.fail(`undefined variable: ${name}`);
    return this.values[at];
  }
}
