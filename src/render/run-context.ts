import type { Value } from '../template/value.js';
import { queryText, type Query } from './queries.js';

/** Answers queries. `undefined`: there is no answer yet. */
export interface QueryPort {
  answer(query: Query): Value;
}

/** One run of a template: what it has asked, and what of that has no answer yet. */
export class RunContext {
  /** By text. */
  readonly used = new Map<string, Query>();
  readonly missing = new Set<string>();
  /** What `scratch` holds. */
  readonly scratch = new Map<string, Value>();
  /** The instances that `service` gave, for `minInstances`. */
  instances = 0;
  /** True when the run asked for instances at all. */
  askedForInstances = false;
  readonly #port: QueryPort;

  constructor(port: QueryPort) {
    this.#port = port;
  }

  /** The answer, or undefined when there is none yet. */
  ask(query: Query): Value {
    const text = queryText(query);
    this.used.set(text, query);
    const answer = this.#port.answer(query);
    if (answer === undefined) this.missing.add(text);
    return answer;
  }

  /** Marks a query as one whose answer does not do. */
  refuse(query: Query): void {
    this.missing.add(queryText(query));
  }
}
