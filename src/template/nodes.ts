import type { Complex } from './value.js';

/** The start of a node, in UTF-16 units from the start of the text. */
interface Positioned {
  pos: number;
}

export interface ListNode extends Positioned {
  kind: 'list';
  nodes: Node[];
}

export interface TextNode extends Positioned {
  kind: 'text';
  text: string;
}

export interface ActionNode extends Positioned {
  kind: 'action';
  pipe: PipeNode;
}

interface Branch extends Positioned {
  pipe: PipeNode;
  list: ListNode;
  elseList: ListNode | undefined;
}

export interface IfNode extends Branch {
  kind: 'if';
}

export interface WithNode extends Branch {
  kind: 'with';
}

export interface RangeNode extends Branch {
  kind: 'range';
}

/** `{{template "name" pipeline}}`. A `{{block}}` also defines its template. */
export interface TemplateNode extends Positioned {
  kind: 'template';
  name: string;
  pipe: PipeNode | undefined;
}

export interface BreakNode extends Positioned {
  kind: 'break';
}

export interface ContinueNode extends Positioned {
  kind: 'continue';
}

/** The elements of a list. */
export type Node =
  ListNode | TextNode | ActionNode | IfNode | WithNode | RangeNode | TemplateNode | BreakNode | ContinueNode;

export interface PipeNode extends Positioned {
  kind: 'pipe';
  /** `$x = ...` instead of `$x := ...`. */
  assign: boolean;
  declared: VariableNode[];
  commands: CommandNode[];
}

/** An operand, or a function or method with its arguments. */
export interface CommandNode extends Positioned {
  kind: 'command';
  args: OperandNode[];
}

export interface IdentifierNode extends Positioned {
  kind: 'identifier';
  name: string;
}

export interface VariableNode extends Positioned {
  kind: 'variable';
  /** The variable with its `$`, followed by the fields. */
  path: string[];
}

export interface FieldNode extends Positioned {
  kind: 'field';
  path: string[];
}

/** Fields of the result of a parenthesis or a function: `(index . 0).Name`. */
export interface ChainNode extends Positioned {
  kind: 'chain';
  node: OperandNode;
  path: string[];
}

export interface DotNode extends Positioned {
  kind: 'dot';
}

export interface NilNode extends Positioned {
  kind: 'nil';
}

export interface BoolNode extends Positioned {
  kind: 'bool';
  value: boolean;
}

/** A number constant in every type that can represent it. */
export interface NumberNode extends Positioned {
  kind: 'number';
  text: string;
  int: bigint | undefined;
  uint: bigint | undefined;
  float: number | undefined;
  complex: Complex | undefined;
}

export interface StringNode extends Positioned {
  kind: 'string';
  quoted: string;
  value: string;
}

export type OperandNode =
  | PipeNode
  | IdentifierNode
  | VariableNode
  | FieldNode
  | ChainNode
  | DotNode
  | NilNode
  | BoolNode
  | NumberNode
  | StringNode;

export type AnyNode = Node | CommandNode | OperandNode;

/** Whether a list contains only white space and comments. Such a template may still be redefined. */
export function isEmptyList(list: ListNode): boolean {
  return list.nodes.every((node) => node.kind === 'text' && /^[\s\u0085]*$/.test(node.text));
}
