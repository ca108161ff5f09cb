import { Catalog } from '../catalog/catalog.js';
import type { TaskFact } from '../catalog/facts.js';
import { CatalogAnswers } from './catalog-answers.js';

/** Answers queries from a list of tasks that a daemon has given. */
export class TaskAnswers extends CatalogAnswers {
  readonly #catalog = new Catalog({ onListenerError: () => undefined });
  readonly #sink = this.#catalog.sink('daemon');

  use(tasks: readonly TaskFact[]): void {
    this.#sink.replace({ tasks });
    this.#sink.status({ state: 'live' });
    this.update(this.#catalog.snapshot);
  }
}
