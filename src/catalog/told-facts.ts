import { hash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { FactDelta, Facts } from './facts.js';
import { serviceKey, type Problem } from './model.js';

/**
 * What a source told last, so that one changed entry of a large source costs one change. Of each fact only a print is
 * kept: the catalog has the facts already, and a second copy of 100,000 tasks takes 60 MB.
 */
export class ToldFacts {
  #isEmpty = true;
  readonly #tasks = new Prints();
  readonly #services = new Prints();
  readonly #networks = new Prints();
  readonly #clients = new Prints();
  /** Those of the last report. */
  problems: readonly Problem[] = [];

  /**
   * Notes what the source reports now. The cost is proportional to the source's facts, not to the catalog.
   * @returns the difference; `all` the first time; undefined when nothing changed
   */
  next(facts: Facts): FactDelta | 'all' | undefined {
    const tasks = this.#tasks.next(facts.tasks, ({ id }) => id);
    const services = this.#services.next(facts.services, serviceKey);
    const networks = this.#networks.next(facts.networks, ({ id }) => id);
    const clients = this.#clients.next(facts.clients, ({ address }) => address);
    const problems = facts.problems ?? [];
    const hasOtherProblems = !isDeepStrictEqual(this.problems, problems);
    this.problems = problems;
    if (this.#isEmpty) {
      this.#isEmpty = false;
      return 'all';
    }
    const delta: FactDelta = {
      ...(tasks.given.length > 0 && { tasks: tasks.given }),
      ...(tasks.removed.length > 0 && { removedTasks: tasks.removed }),
      ...(services.given.length > 0 && { services: services.given }),
      ...(services.removed.length > 0 && { removedServices: services.removed }),
      ...(networks.given.length > 0 && { networks: networks.given }),
      ...(networks.removed.length > 0 && { removedNetworks: networks.removed }),
      ...(clients.given.length > 0 && { clients: clients.given }),
      ...(clients.removed.length > 0 && { removedClients: clients.removed }),
      ...(hasOtherProblems && { problems }),
    };
    return Object.keys(delta).length === 0 ? undefined : delta;
  }
}

/** The facts of one kind, by key. */
class Prints {
  #prints: ReadonlyMap<string, string> = new Map();

  /** @returns the new and changed facts, and the keys of those that are gone */
  next<T>(
    facts: readonly T[] = [],
    keyOf: (fact: T) => string,
  ): { readonly given: readonly T[]; readonly removed: readonly string[] } {
    const before = this.#prints;
    const next = new Map<string, string>();
    const given: T[] = [];
    // Of entries with one key the last counts.
    for (const [key, fact] of new Map(facts.map((each) => [keyOf(each), each]))) {
      const print = printOf(fact);
      if (before.get(key) !== print) given.push(fact);
      next.set(key, print);
    }
    this.#prints = next;
    return { given, removed: [...before.keys()].filter((key) => !next.has(key)) };
  }
}

/** Facts are what JSON can hold: they are saved as such. */
function printOf(fact: unknown): string {
  return hash('sha1', JSON.stringify(fact), 'base64');
}
