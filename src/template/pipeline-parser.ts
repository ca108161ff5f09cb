import type { ChainNode, CommandNode, OperandNode, PipeNode, VariableNode } from './nodes.js';
import { nodeText } from './node-text.js';
import { numberConstant } from './number-constant.js';
import { quote } from './quote.js';
import type { TokenStream } from './token-stream.js';
import type { TokenKind } from './tokens.js';

const OPERANDS: ReadonlySet<TokenKind> = new Set<TokenKind>([
  'bool',
  'charConstant',
  'complex',
  'dot',
  'field',
  'identifier',
  'number',
  'nil',
  'rawString',
  'string',
  'variable',
  'leftParen',
]);

const CONSTANTS: ReadonlySet<OperandNode['kind']> = new Set([
  'bool',
  'dot',
  'nil',
  'number',
  'string',
] as const);

/** The deepest nesting of parentheses. */
const MAX_PARENTHESES = 400;

/** Parses the content of an action: pipelines, commands and operands. Keeps track of the variables in scope. */
export class PipelineParser {
  private variables: string[] = ['$'];
  private depth = 0;

  private readonly tokens: TokenStream;
  private readonly hasFunction: (name: string) => boolean;

  constructor(tokens: TokenStream, hasFunction: (name: string) => boolean) {
    this.tokens = tokens;
    this.hasFunction = hasFunction;
  }

  mark(): number {
    return this.variables.length;
  }

  popTo(mark: number): void {
    this.variables.length = mark;
  }

  withOwnVariables<T>(work: () => T): T {
    const kept = this.variables;
    this.variables = ['$'];
    const result = work();
    this.variables = kept;
    return result;
  }

  pipeline(context: string, end: 'rightDelim' | 'rightParen'): PipeNode {
    const pipe: PipeNode = {
      kind: 'pipe',
      pos: this.tokens.peekNonSpace().pos,
      assign: false,
      declared: [],
      commands: [],
    };
    while (this.declaration(pipe, context));
    for (;;) {
      const token = this.tokens.nextNonSpace();
      if (token.kind === end) {
        this.check(pipe, context);
        return pipe;
      }
      if (!OPERANDS.has(token.kind)) this.tokens.unexpected(token, context);
      this.tokens.backup();
      pipe.commands.push(this.command());
    }
  }

  /** Reads `$x :=`, `$x =` or `$x,`. Returns true if another variable follows. */
  private declaration(pipe: PipeNode, context: string): boolean {
    const variable = this.tokens.peekNonSpace();
    if (variable.kind !== 'variable') return false;
    this.tokens.next();
    const after = this.tokens.peek();
    const next = this.tokens.peekNonSpace();
    if (next.kind === 'assign' || next.kind === 'declare') {
      pipe.assign = next.kind === 'assign';
      this.tokens.nextNonSpace();
      this.declare(pipe, variable.pos, variable.text);
      return false;
    }
    if (next.kind === 'char' && next.text === ',') {
      this.tokens.nextNonSpace();
      this.declare(pipe, variable.pos, variable.text);
      if (context !== 'range' || pipe.declared.length >= 2)
        this.tokens.fail(`too many declarations in ${context}`);
      const kind = this.tokens.peekNonSpace().kind;
      if (kind === 'variable' || kind === 'rightDelim' || kind === 'rightParen') return true;
      this.tokens.fail('range can only initialize variables');
    }
    if (after.kind === 'space') this.tokens.backup3(variable, after);
    else this.tokens.backup2(variable);
    return false;
  }

  private declare(pipe: PipeNode, pos: number, name: string): void {
    pipe.declared.push({ kind: 'variable', pos, path: name.split('.') });
    this.variables.push(name);
  }

  private check(pipe: PipeNode, context: string): void {
    if (pipe.commands.length === 0) this.tokens.fail(`missing value for ${context}`);
    pipe.commands.forEach((command, index) => {
      const first = command.args[0];
      if (index > 0 && first !== undefined && CONSTANTS.has(first.kind)) {
        this.tokens.fail(`non executable command in pipeline stage ${index + 1}`);
      }
    });
  }

  private command(): CommandNode {
    const command: CommandNode = { kind: 'command', pos: this.tokens.peekNonSpace().pos, args: [] };
    for (;;) {
      this.tokens.peekNonSpace();
      const operand = this.operand();
      if (operand !== undefined) command.args.push(operand);
      const token = this.tokens.next();
      if (token.kind === 'space') continue;
      if (token.kind === 'rightDelim' || token.kind === 'rightParen') this.tokens.backup();
      else if (token.kind !== 'pipe') this.tokens.unexpected(token, 'operand');
      if (command.args.length === 0) this.tokens.fail('empty command');
      return command;
    }
  }

  private operand(): OperandNode | undefined {
    const node = this.term();
    if (node === undefined || this.tokens.peek().kind !== 'field') return node;
    const chain: ChainNode = { kind: 'chain', pos: this.tokens.peek().pos, node, path: [] };
    while (this.tokens.peek().kind === 'field') chain.path.push(this.tokens.next().text.slice(1));
    switch (node.kind) {
      case 'field':
      case 'variable':
        return { ...node, pos: chain.pos, path: [...node.path, ...chain.path] };
      case 'bool':
      case 'string':
      case 'number':
      case 'nil':
      case 'dot':
        return this.tokens.fail(`unexpected . after term ${quote(nodeText(node))}`);
      case 'chain':
      case 'identifier':
      case 'pipe':
        return chain;
    }
  }

  private term(): OperandNode | undefined {
    const token = this.tokens.nextNonSpace();
    const { pos, text } = token;
    const kind: string = token.kind;
    switch (kind) {
      case 'identifier':
        if (!this.hasFunction(text)) this.tokens.fail(`function ${quote(text)} not defined`);
        return { kind: 'identifier', pos, name: text };
      case 'dot':
      case 'nil':
        return { kind, pos };
      case 'variable':
        return this.variable(pos, text);
      case 'field':
        return { kind: 'field', pos, path: [text.slice(1)] };
      case 'bool':
        return { kind: 'bool', pos, value: text === 'true' };
      case 'charConstant':
      case 'complex':
      case 'number': {
        const number = numberConstant(text, kind);
        return typeof number === 'string' ? this.tokens.fail(number) : { kind: 'number', pos, ...number };
      }
      case 'leftParen':
        return this.parenthesis();
      case 'string':
      case 'rawString':
        return { kind: 'string', pos, quoted: text, value: this.tokens.unquote(token) };
      default:
        this.tokens.backup();
        return undefined;
    }
  }

  private parenthesis(): PipeNode {
    if (this.depth === MAX_PARENTHESES)
      this.tokens.fail(`more than ${MAX_PARENTHESES} parentheses within one another`);
    this.depth += 1;
    const pipe = this.pipeline('parenthesized pipeline', 'rightParen');
    this.depth -= 1;
    return pipe;
  }

  private variable(pos: number, name: string): VariableNode {
    const path = name.split('.');
    if (!this.variables.includes(path[0] ?? ''))
      this.tokens.fail(`undefined variable ${quote(path[0] ?? '')}`);
    return { kind: 'variable', pos, path };
  }
}
