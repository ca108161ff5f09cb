import type { CatalogReader } from '../../src/catalog/catalog.js';
import type { Publisher, PublisherSink } from '../../src/catalog/publisher.js';
import { describePublisher, publishingNode } from './publisher-contract.js';

/** A registry in memory that may be away. */
class FakeRegistry {
  readonly entries = new Map<string, string>();
  writes = 0;
  isAway = false;
  readonly #watchers = new Set<() => void>();

  watch(onChange: () => void): () => void {
    this.#watchers.add(onChange);
    return () => this.#watchers.delete(onChange);
  }

  changed(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }

  put(key: string, value: string): void {
    this.writes++;
    this.entries.set(key, value);
  }

  drop(key: string): void {
    this.writes++;
    this.entries.delete(key);
  }
}

/** Puts each task of its node under the task's id. It proves that the contract can be met. */
class FakePublisher implements Publisher {
  readonly name = 'fake';
  failures = 0;
  readonly #registry: FakeRegistry;
  #end: (() => void) | undefined;
  #asOf: number | undefined;

  constructor(registry: FakeRegistry) {
    this.#registry = registry;
  }

  start(reader: CatalogReader, sink: PublisherSink): Promise<void> {
    const reconcile = () => this.#reconcile(reader, sink);
    const ends = [reader.onChange(reconcile), this.#registry.watch(reconcile)];
    this.#end = () => ends.forEach((end) => end());
    reconcile();
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#end?.();
    return Promise.resolve();
  }

  #reconcile({ snapshot }: CatalogReader, sink: PublisherSink): void {
    const { entries, isAway } = this.#registry;
    if (isAway) {
      this.failures++;
      const error = 'the registry is away';
      sink.status(
        this.#asOf === undefined ? { state: 'loading', error } : { state: 'stale', asOf: this.#asOf, error },
      );
      return;
    }
    const wanted = new Map(
      [...snapshot.tasks()]
        .filter(({ node }) => node?.id === publishingNode.id)
        .map((task) => [task.id, `${task.endpoints[0]?.ip ?? ''}:${task.ports[0]?.target ?? 0}`]),
    );
    for (const key of entries.keys()) if (!wanted.has(key)) this.#registry.drop(key);
    for (const [key, value] of wanted) if (entries.get(key) !== value) this.#registry.put(key, value);
    this.#asOf = Date.now();
    sink.status({ state: 'live', asOf: this.#asOf });
  }
}

describePublisher('a fake', () => {
  const registry = new FakeRegistry();
  return Promise.resolve({
    create: () => new FakePublisher(registry),
    entries: () => [...registry.entries].map((each) => each.join(' ')).sort(),
    lose() {
      registry.entries.clear();
      registry.changed();
    },
    away() {
      registry.isAway = true;
      registry.changed();
    },
    back() {
      registry.isAway = false;
      registry.changed();
    },
    writes: () => registry.writes,
    close: () => undefined,
  });
});
