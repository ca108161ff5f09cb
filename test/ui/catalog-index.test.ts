import fc from 'fast-check';
import { expect, it } from 'vitest';
import { byText } from '../../src/api/sorted.js';
import { StateReplica } from '../../src/api/stream/state-replica.js';
import type { ServiceJson, TaskJson } from '../../src/api/types/resources.js';
import type { WatchMessage } from '../../src/api/types/watch.js';
import { CatalogIndex } from '../../src/ui/catalog-index.js';

const small = fc.integer({ min: 0, max: 12 }).map(String);

/** As much of a task as its place depends on. */
const task = fc
  .record({ id: small, name: small, stack: fc.constantFrom('a', 'b', 'c') })
  .map((each) => each as TaskJson);
const service = fc.record({ key: small, fqdn: small }).map((each) => each as ServiceJson);

const head = { revision: 1, at: '' };
const place = { ...head, domain: '', environment: '', networks: [] };

const snapshot = fc
  .array(fc.record({ services: fc.array(service), tasks: fc.array(task) }), { minLength: 1, maxLength: 3 })
  .map((parts) =>
    parts.map((part, index): WatchMessage => {
      const isLast = index === parts.length - 1;
      return { ...place, type: 'snapshot', part: index + 1, ...part, ...(!isLast && { more: true }) };
    }),
  );

const changed = <Item>(item: fc.Arbitrary<Item>) =>
  fc.record({ set: fc.array(item, { maxLength: 3 }), removed: fc.array(small, { maxLength: 3 }) });

const change = fc
  .record({ services: changed(service), tasks: changed(task) })
  .map((part): WatchMessage[] => [{ ...head, type: 'change', since: 0, ...part }]);

it('has the order of a full sort after any sequence of snapshots and changes', () => {
  const steps = fc.array(fc.oneof({ weight: 1, arbitrary: snapshot }, { weight: 6, arbitrary: change }), {
    maxLength: 30,
  });
  const reads = fc.infiniteStream(fc.boolean());
  fc.assert(
    fc.property(snapshot, steps, reads, (first, later, isRead) => {
      const [replica, index] = [new StateReplica(), new CatalogIndex()];
      replica.onPart = (part) => index.take(part);
      for (const messages of [first, ...later]) {
        for (const message of messages) replica.apply(message);
        // What has piled up between two looks is placed at once.
        if (isRead.next().value === true) expectSorted(replica, index);
      }
      expectSorted(replica, index);
    }),
  );
});

function expectSorted(replica: StateReplica, index: CatalogIndex): void {
  const tasks = [...replica.tasks.values()];
  tasks.sort((a, b) => byText(a.stack, b.stack) || byText(a.name, b.name) || byText(a.id, b.id));
  expect(index.tasks).toEqual(tasks);
  expect(index.services).toEqual([...replica.services.values()].sort((a, b) => byText(a.key, b.key)));
}
