import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import type { Facts, TaskFact } from '../../src/catalog/facts.js';
import { ToldFacts } from '../../src/catalog/told-facts.js';
import { ref, taskFact } from '../support/facts.js';

const anyFacts: fc.Arbitrary<Facts> = fc.record({
  tasks: fc.array(
    fc
      .record({ id: fc.constantFrom('a', 'b', 'c'), weight: fc.nat(1) })
      .map(({ id, weight }) => taskFact(id, { weight, service: ref('web.shop') })),
    { maxLength: 4 },
  ),
  services: fc.array(
    fc
      .record({ name: fc.constantFrom('web.shop', 'db.shop'), port: fc.constantFrom(1, 2) })
      .map(({ name, port }) => ({
        ...ref(name),
        kind: 'tasks' as const,
        ports: [{ port, protocol: 'tcp' as const }],
      })),
    { maxLength: 3 },
  ),
  clients: fc.array(
    fc
      .record({ address: fc.constantFrom('10.0.0.1', '10.0.0.2'), stack: fc.constantFrom('s', 't') })
      .map((client) => ({ ...client, environment: 'default', links: {} })),
    { maxLength: 2 },
  ),
  problems: fc.constantFrom([], [{ code: 'x', subject: 'y', message: 'z' }]),
});

/** A catalog that was given these facts, one after the other. */
function told(...versions: readonly Facts[]): Catalog {
  const catalog = new Catalog({ clock: () => 0 });
  const sink = catalog.sink('file');
  for (const facts of versions) sink.replace(facts);
  return catalog;
}

function contents({ snapshot }: Catalog): unknown {
  const sorted = (values: Iterable<unknown>) => [...values].map((each) => JSON.stringify(each)).sort();
  const { problems } = snapshot;
  return [sorted(snapshot.tasks()), sorted(snapshot.services()), sorted(snapshot.clients()), problems];
}

/** What a source that told the first version tells of the second. */
function difference(before: Facts, after: Facts): ReturnType<ToldFacts['next']> {
  const facts = new ToldFacts();
  expect(facts.next(before)).toBe('all');
  return facts.next(after);
}

describe('the difference of two versions of facts', () => {
  it('turns the first into the second', () => {
    fc.assert(
      fc.property(anyFacts, anyFacts, (before, after) => {
        const stepwise = new Catalog({ clock: () => 0 });
        const sink = stepwise.sink('file');
        sink.replace(before);
        const delta = difference(before, after);
        if (delta !== undefined && delta !== 'all') sink.update(delta);
        expect(contents(stepwise)).toEqual(contents(told(before, after)));
      }),
    );
  });

  it('is nothing for equal facts', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        // Of entries with one key the last counts.
        const once = (list: readonly TaskFact[]) => [
          ...new Map(list.map((each) => [each.id, each])).values(),
        ];
        const clean = { ...facts, tasks: once(facts.tasks), services: [], clients: [] };
        expect(difference(clean, structuredClone(clean))).toBeUndefined();
      }),
    );
  });

  it('contains only the changed entry', () => {
    const tasks = Array.from({ length: 100 }, (_, at) => taskFact(`t${at}`));
    const after = tasks.map((task) => (task.id === 't7' ? { ...task, weight: 5 } : task));
    expect(difference({ tasks }, { tasks: after })).toEqual({ tasks: [after[7]] });
  });
});
