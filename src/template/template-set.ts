import type { Functions } from './functions.js';
import type { Limits } from './limits.js';
import type { Tree } from './parser.js';

/** The result of looking up a missing map key: nothing, the type's zero value, or an error. */
export type MissingKey = 'invalid' | 'zero' | 'error';

/** Templates that may call each other, and how to execute them. */
export interface TemplateSet {
  /** The name of the template to execute. */
  readonly name: string;
  readonly trees: ReadonlyMap<string, Tree>;
  readonly functions: Functions;
  readonly missingKey: MissingKey;
  readonly limits: Limits;
}
