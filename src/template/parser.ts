import { Lexer, type Delimiters } from './lexer.js';
import {
  isEmptyList,
  type IfNode,
  type ListNode,
  type Node,
  type RangeNode,
  type WithNode,
} from './nodes.js';
import { PipelineParser } from './pipeline-parser.js';
import type { Token } from './tokens.js';
import { TokenStream } from './token-stream.js';

/** One template: its nodes and their source text. */
export interface Tree {
  name: string;
  /** The name under which the text was parsed. */
  file: string;
  text: string;
  root: ListNode;
}

export interface ParseOptions {
  delimiters?: Delimiters;
  /** Whether the template may call a function of this name. */
  hasFunction: (name: string) => boolean;
}

/** The deepest nesting of blocks. */
const MAX_NESTING = 400;

interface End {
  kind: 'end' | 'else';
  pos: number;
  /** `{{else if}}` and `{{else with}}`: the word after `else`. */
  chained: 'if' | 'with' | undefined;
}

/**
 * Parses a text into the template itself and the templates that it defines.
 * @throws TemplateError
 */
export function parse(file: string, text: string, options: ParseOptions): Map<string, Tree> {
  const trees = new Map<string, Tree>();
  new Parser(file, text, options, trees).parse();
  return trees;
}

class Parser {
  private readonly tokens: TokenStream;
  private readonly pipelines: PipelineParser;
  private ranges = 0;
  private nesting = 0;

  private readonly file: string;
  private readonly text: string;
  private readonly trees: Map<string, Tree>;

  constructor(file: string, text: string, options: ParseOptions, trees: Map<string, Tree>) {
    this.file = file;
    this.text = text;
    this.trees = trees;
    const lexer = new Lexer(text, {
      ...(options.delimiters === undefined ? {} : { delimiters: options.delimiters }),
      breakIsKeyword: !options.hasFunction('break'),
      continueIsKeyword: !options.hasFunction('continue'),
    });
    this.tokens = new TokenStream(file, text, lexer);
    this.pipelines = new PipelineParser(this.tokens, options.hasFunction);
  }

  parse(): void {
    const root: ListNode = { kind: 'list', pos: this.tokens.peek().pos, nodes: [] };
    while (this.tokens.peek().kind !== 'eof') {
      if (this.tokens.peek().kind === 'leftDelim') {
        const delim = this.tokens.next();
        if (this.tokens.nextNonSpace().kind === 'define') {
          this.definition();
          continue;
        }
        this.tokens.backup2(delim);
      }
      const node = this.textOrAction();
      if (isEnd(node)) this.tokens.fail(`unexpected ${endText(node)}`);
      root.nodes.push(node);
    }
    this.add(this.file, root);
  }

  private definition(): void {
    const context = 'define clause';
    const token = this.tokens.nextNonSpace();
    if (token.kind !== 'string' && token.kind !== 'rawString') this.tokens.unexpected(token, context);
    const name = this.tokens.unquote(token);
    this.tokens.expect('rightDelim', context);
    this.add(name, this.body(context));
  }

  /** The list of a definition or a block, with its own variables. */
  private body(context: string): ListNode {
    return this.pipelines.withOwnVariables(() => {
      const ranges = this.ranges;
      this.ranges = 0;
      const [list, end] = this.itemList();
      this.ranges = ranges;
      if (end.kind !== 'end') this.tokens.fail(`unexpected ${endText(end)} in ${context}`);
      return list;
    });
  }

  private add(name: string, root: ListNode): void {
    const present = this.trees.get(name);
    if (present === undefined || isEmptyList(present.root)) {
      this.trees.set(name, { name, file: this.file, text: this.text, root });
    } else if (!isEmptyList(root)) {
      this.tokens.fail(`template: multiple definition of template ${JSON.stringify(name)}`);
    }
  }

  private itemList(): [ListNode, End] {
    const list: ListNode = { kind: 'list', pos: this.tokens.peekNonSpace().pos, nodes: [] };
    while (this.tokens.peekNonSpace().kind !== 'eof') {
      const node = this.textOrAction();
      if (isEnd(node)) return [list, node];
      list.nodes.push(node);
    }
    return this.tokens.fail('unexpected EOF');
  }

  private textOrAction(): Node | End {
    const token = this.tokens.nextNonSpace();
    if (token.kind === 'text') return { kind: 'text', pos: token.pos, text: token.text };
    if (token.kind !== 'leftDelim') return this.tokens.unexpected(token, 'input');
    this.tokens.actionLine = token.line;
    const node = this.action();
    this.tokens.actionLine = 0;
    return node;
  }

  private action(): Node | End {
    const token = this.tokens.nextNonSpace();
    const kind: string = token.kind;
    switch (kind) {
      case 'block':
        return this.block();
      case 'break':
      case 'continue':
        return this.loopControl(kind, token);
      case 'else':
        return this.elseControl();
      case 'end':
        return { kind: 'end', pos: this.tokens.expect('rightDelim', 'end').pos, chained: undefined };
      case 'if':
      case 'with':
      case 'range':
        return this.branch(kind);
      case 'template':
        return this.template();
      default:
        this.tokens.backup();
        return {
          kind: 'action',
          pos: this.tokens.peek().pos,
          pipe: this.pipelines.pipeline('command', 'rightDelim'),
        };
    }
  }

  private loopControl(kind: 'break' | 'continue', word: Token): Node {
    const token = this.tokens.nextNonSpace();
    if (token.kind !== 'rightDelim') this.tokens.unexpected(token, `{{${kind}}}`);
    if (this.ranges === 0) this.tokens.fail(`{{${kind}}} outside {{range}}`);
    return { kind, pos: word.pos };
  }

  private elseControl(): End {
    const next = this.tokens.peekNonSpace();
    if (next.kind === 'if' || next.kind === 'with')
      return { kind: 'else', pos: next.pos, chained: next.kind };
    return { kind: 'else', pos: this.tokens.expect('rightDelim', 'else').pos, chained: undefined };
  }

  private branch(kind: 'if' | 'with' | 'range'): IfNode | WithNode | RangeNode {
    if (this.nesting === MAX_NESTING) this.tokens.fail(`more than ${MAX_NESTING} blocks within one another`);
    this.nesting += 1;
    const mark = this.pipelines.mark();
    const pipe = this.pipelines.pipeline(kind, 'rightDelim');
    if (kind === 'range') this.ranges += 1;
    const [list, end] = this.itemList();
    if (kind === 'range') this.ranges -= 1;
    const elseList = end.kind === 'else' ? this.otherwise(kind, end) : undefined;
    this.pipelines.popTo(mark);
    this.nesting -= 1;
    return { kind, pos: pipe.pos, pipe, list, elseList };
  }

  private otherwise(kind: 'if' | 'with' | 'range', end: End): ListNode {
    if (end.chained !== undefined) {
      if (end.chained !== kind) this.tokens.unexpected(this.tokens.nextNonSpace(), 'else');
      this.tokens.next();
      return { kind: 'list', pos: end.pos, nodes: [this.branch(end.chained)] };
    }
    const [list, last] = this.itemList();
    if (last.kind !== 'end') this.tokens.fail(`expected end; found ${endText(last)}`);
    return list;
  }

  private block(): Node {
    const context = 'block clause';
    const token = this.tokens.nextNonSpace();
    const name = this.templateName(token, context);
    const pipe = this.pipelines.pipeline(context, 'rightDelim');
    if (this.nesting === MAX_NESTING) this.tokens.fail(`more than ${MAX_NESTING} blocks within one another`);
    this.nesting += 1;
    this.add(name, this.body(context));
    this.nesting -= 1;
    return { kind: 'template', pos: token.pos, name, pipe };
  }

  private template(): Node {
    const context = 'template clause';
    const token = this.tokens.nextNonSpace();
    const name = this.templateName(token, context);
    if (this.tokens.nextNonSpace().kind === 'rightDelim') {
      return { kind: 'template', pos: token.pos, name, pipe: undefined };
    }
    this.tokens.backup();
    return { kind: 'template', pos: token.pos, name, pipe: this.pipelines.pipeline(context, 'rightDelim') };
  }

  private templateName(token: Token, context: string): string {
    if (token.kind !== 'string' && token.kind !== 'rawString') this.tokens.unexpected(token, context);
    return this.tokens.unquote(token);
  }
}

function isEnd(node: Node | End): node is End {
  return node.kind === 'end' || node.kind === 'else';
}

function endText(end: End): string {
  return `{{${end.kind}}}`;
}
