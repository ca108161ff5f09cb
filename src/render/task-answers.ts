import { Catalog } from '../catalog/catalog.js';
import type { FactDelta, TaskFact } from '../catalog/facts.js';
import { CatalogAnswers } from './catalog-answers.js';
import { ChangedKeys } from './changed-keys.js';

/** Answers queries from the tasks that a daemon has sent. */
export class TaskAnswers extends CatalogAnswers {
  readonly #catalog = new Catalog({ onListenerError: () => undefined });
  readonly #sink = this.#catalog.sink('daemon');
  readonly #changed = new ChangedKeys();

  constructor(...given: ConstructorParameters<typeof CatalogAnswers>) {
    super(...given);
    this.#catalog.onChange((change) => this.#changed.add(change));
  }

  /** Replaces all tasks. */
  use(tasks: readonly TaskFact[]): void {
    this.#sink.replace({ tasks });
    this.#sink.status({ state: 'live' });
    this.refresh();
  }

  /** Applies individual changes. Call {@link refresh} to update the answers. */
  load(delta: FactDelta): void {
    this.#sink.update(delta);
  }

  refresh(): void {
    this.update(this.#catalog.snapshot, this.#changed);
    this.#changed.clear();
  }
}
