import type { Value } from '../template/value.js';
import { queryText, type Query } from './queries.js';

/** Answers queries. Returns `undefined` if there is no answer yet. */
export interface QueryPort {
  answer(query: Query): Value;
}

/** One run of a template: its queries, and which of them have no answer yet. */
export class RunContext {
  /** By text. */
  readonly used = new Map<string, Query>();
  /** The answers to them; absent where there was none, or where asking failed. */
  readonly answers = new Map<string, Value>();
  readonly missing = new Set<string>();
  /** The values stored by `scratch`. */
  readonly scratch = new Map<string, Value>();
  /** The number of instances that `service` returned, for `minInstances`. */
  instances = 0;
  /** Whether the run queried instances at all. */
  askedForInstances = false;
  readonly #port: QueryPort;

  constructor(port: QueryPort) {
    this.#port = port;
  }

  /** The answer. Undefined if there is none yet. */
  ask(query: Query): Value {
    const text = queryText(query);
    this.used.set(text, query);
    const answer = this.#port.answer(query);
    if (answer === undefined) this.missing.add(text);
    else this.answers.set(text, answer);
    return answer;
  }

  /** Marks a query whose answer is unusable. */
  refuse(query: Query): void {
    this.missing.add(queryText(query));
  }
}
