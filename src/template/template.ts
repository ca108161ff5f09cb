import { BUILTINS } from './builtins.js';
import { Execution } from './execution.js';
import type { Functions } from './functions.js';
import type { KeptLoops } from './kept-loops.js';
import type { Delimiters } from './lexer.js';
import { DEFAULT_LIMITS, type Limits } from './limits.js';
import { parse, type Tree } from './parser.js';
import { quote } from './quote.js';
import { TemplateError } from './template-error.js';
import type { MissingKey, TemplateSet } from './template-set.js';
import type { Value } from './value.js';

export interface TemplateOptions {
  delimiters?: Delimiters;
  functions?: Functions;
  missingKey?: MissingKey;
  limits?: Partial<Limits>;
}

/** A parsed template and the templates that it defines. It has no state and can be executed repeatedly. */
export class Template implements TemplateSet {
  readonly name: string;
  readonly trees: ReadonlyMap<string, Tree>;
  readonly functions: Functions;
  readonly missingKey: MissingKey;
  readonly limits: Limits;

  private constructor(name: string, trees: ReadonlyMap<string, Tree>, options: TemplateOptions) {
    this.name = name;
    this.trees = trees;
    this.functions = options.functions ?? new Map();
    this.missingKey = options.missingKey ?? 'invalid';
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
  }

  /**
   * Parses a text; `name` appears in its errors.
   * @throws TemplateError
   */
  static parse(name: string, text: string, options: TemplateOptions = {}): Template {
    const hasFunction = (word: string) => options.functions?.has(word) === true || BUILTINS.has(word);
    const trees = parse(name, text, {
      hasFunction,
      ...(options.delimiters === undefined ? {} : { delimiters: options.delimiters }),
    });
    return new Template(name, trees, options);
  }

  /**
   * The output for a value of dot. The functions may be other implementations than at the parse, but with the same
   * names.
   * @param kept what this template's loops wrote before
   * @throws TemplateError
   */
  execute(dot: Value, functions: Functions = this.functions, kept?: KeptLoops): string {
    const tree = this.trees.get(this.name);
    if (tree === undefined) {
      throw new TemplateError(
        `template: ${this.name}: ${quote(this.name)} is an incomplete or empty template`,
        'execute',
      );
    }
    return new Execution(this, functions, kept).run(tree, dot);
  }
}
