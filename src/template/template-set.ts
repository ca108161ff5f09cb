import type { Functions } from './functions.js';
import type { Limits } from './limits.js';
import type { Tree } from './parser.js';

/** What a map gives for a key that it does not have: nothing, the type's zero value, or an error. */
export type MissingKey = 'invalid' | 'zero' | 'error';

/** Templates that may call one another, and how they are executed. */
export interface TemplateSet {
  /** The one that is executed. */
  readonly name: string;
  readonly trees: ReadonlyMap<string, Tree>;
  readonly functions: Functions;
  readonly missingKey: MissingKey;
  readonly limits: Limits;
}
