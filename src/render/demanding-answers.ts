import type { Demand } from '../catalog/demand.js';
import type { Value } from '../template/value.js';
import type { Query } from './queries.js';
import type { QueryPort } from './run-context.js';

/**
 * Asks the sources for each service that a template names, for those that read only what is used. A query has no answer
 * until they have looked, so that no file is written without what they have.
 */
export class DemandingAnswers implements QueryPort {
  readonly #answers: QueryPort;
  readonly #demand: Pick<Demand, 'use' | 'useRegistered' | 'matters'>;
  readonly #environment: string;
  readonly #onChange: () => void;
  /** All names so far. */
  readonly #names = new Set<string>();
  /** Names that are looked for. */
  readonly #coming = new Set<string>();

  /** @param onChange called when a query that had no answer has one */
  constructor(
    answers: QueryPort,
    demand: Pick<Demand, 'use' | 'useRegistered' | 'matters'>,
    environment: string,
    onChange: () => void,
  ) {
    this.#answers = answers;
    this.#demand = demand;
    this.#environment = environment;
    this.#onChange = onChange;
  }

  answer(query: Query): Value {
    return this.#isComing(query) ? undefined : this.#answers.answer(query);
  }

  /** Notes again that the names are used. */
  noteUse(): void {
    for (const name of this.#names) void this.#use(name);
  }

  #isComing(query: Query): boolean {
    if (!this.#demand.matters) return false;
    const name = nameIn(query);
    if (name === undefined || name === '') return false;
    if (this.#coming.has(name)) return true;
    this.#names.add(name);
    const until = this.#use(name);
    if (until === undefined) return false;
    this.#coming.add(name);
    void until.then(() => {
      this.#coming.delete(name);
      this.#onChange();
    });
    return true;
  }

  /** `web.shop` and `shop/web` name a service of a stack; anything else may also be a name of the registry. */
  #use(name: string): Promise<void> | undefined {
    const [, service, stack] = /^([^./]+)\.([^./]+)$/.exec(name) ?? [];
    const [, otherStack, otherService] = /^([^./]+)\/([^./]+)$/.exec(name) ?? [];
    const environment = this.#environment;
    if (service !== undefined && stack !== undefined)
      return this.#demand.use({ environment, stack, service });
    if (otherStack !== undefined && otherService !== undefined)
      return this.#demand.use({ environment, stack: otherStack, service: otherService });
    return this.#demand.useRegistered(name);
  }
}

function nameIn(query: Query): string | undefined {
  if (query.kind === 'service') return query.name;
  return query.kind === 'model' ? query.of : undefined;
}
