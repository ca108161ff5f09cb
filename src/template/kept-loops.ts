import type { Functions } from './functions.js';
import { loopReads } from './loop-reads.js';
import type { RangeNode } from './nodes.js';
import type { TemplateSet } from './template-set.js';
import { type GoList, GoStruct, type Value } from './value.js';

/**
 * What the loops of one template wrote in earlier executions. A loop over the same list of records writes the same
 * again, if its body calls repeatable functions only, and the variables that it reads from outside are the same. So a
 * change costs what the lists that it is about cost, not what the template does.
 */
export class KeptLoops {
  readonly #loops = new Map<RangeNode, KeptLoop | undefined>();

  /**
   * What is kept of a loop; undefined for one that runs every time.
   * @param functions always the same ones, as far as they are repeatable
   */
  of(node: RangeNode, template: TemplateSet, functions: Functions): KeptLoop | undefined {
    const known = this.#loops.get(node);
    if (known !== undefined || this.#loops.has(node)) return known;
    const reads = loopReads(node, template, functions);
    const loop = reads === undefined ? undefined : new KeptLoop(reads);
    this.#loops.set(node, loop);
    return loop;
  }
}

/** What one loop wrote. */
export class KeptLoop {
  /** The variables that it reads from outside. */
  readonly reads: readonly string[];
  readonly #byList = new WeakMap<GoList, { values: readonly Value[]; text: string }>();

  constructor(reads: readonly string[]) {
    this.reads = reads;
  }

  get(list: GoList, values: readonly Value[]): string | undefined {
    const kept = this.#byList.get(list);
    if (kept === undefined) return undefined;
    return kept.values.every((value, at) => Object.is(value, values[at])) ? kept.text : undefined;
  }

  set(list: GoList, values: readonly Value[], text: string): void {
    this.#byList.set(list, { values, text });
  }
}

/** Whether a list never changes, nor anything that is reached from it. Records do not; a map of the run may. */
export function isOfRecords({ type }: GoList): boolean {
  return type.elem?.kind === 'struct';
}

/** The same for a variable. A struct with methods may do more than show its fields, as `scratch` does. */
export function isLasting(value: Value): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return value instanceof GoStruct && value.type.methods === undefined;
}
