import {
  KeyValuesAway,
  type KeyValue,
  type KeyValues,
  type KeyValueView,
} from '../../src/catalog/key-values.js';
import { describeKeyValues } from './key-values-contract.js';

/** A store in memory that may be away. It proves that the contract can be met. */
class FakeStore implements KeyValues {
  isAway = false;
  #revision = 0;
  readonly #pairs = new Map<string, KeyValue>();
  readonly #watchers = new Set<() => void>();

  put(key: string, value: string): void {
    this.#pairs.set(key, { key, value, revision: String(++this.#revision) });
    this.changed();
  }

  remove(key: string): void {
    this.#revision++;
    this.#pairs.delete(key);
    this.changed();
  }

  changed(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }

  // Async, so that what it throws rejects.
  // eslint-disable-next-line @typescript-eslint/require-await
  async get(key: string): Promise<KeyValue | undefined> {
    this.#demand();
    return this.#pairs.get(key);
  }

  // eslint-disable-next-line @typescript-eslint/require-await
  async list(prefix: string): Promise<KeyValueView> {
    this.#demand();
    const pairs = [...this.#pairs.values()]
      .filter(({ key }) => key.startsWith(prefix))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
    return { pairs, revision: pairs.map(({ key, revision }) => `${key}@${revision}`).join() };
  }

  watch(prefix: string, onView: (view: KeyValueView) => void, onAway: (why: string) => void): () => void {
    let last: string | undefined;
    let ended = false;
    const look = () => {
      this.list(prefix).then(
        (view) => {
          if (ended || view.revision === last) return;
          last = view.revision;
          onView(view);
        },
        (error: unknown) => {
          if (!ended) onAway(String(error));
        },
      );
    };
    this.#watchers.add(look);
    look();
    return () => {
      ended = true;
      this.#watchers.delete(look);
    };
  }

  #demand(): void {
    if (this.isAway) throw new KeyValuesAway('the store is away');
  }
}

describeKeyValues('a fake', () => {
  const store = new FakeStore();
  const away = (isAway: boolean) => {
    store.isAway = isAway;
    store.changed();
  };
  return Promise.resolve({
    store,
    put: (key, value) => store.put(key, value),
    remove: (key) => store.remove(key),
    away: () => away(true),
    back: () => away(false),
    close: () => undefined,
  });
});
