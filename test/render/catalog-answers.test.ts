import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import type { TaskFact } from '../../src/catalog/facts.js';
import { CatalogAnswers } from '../../src/render/catalog-answers.js';
import { ChangedKeys } from '../../src/render/changed-keys.js';
import { serviceQuery, type Query } from '../../src/render/queries.js';
import type { RenderingHost } from '../../src/render/rendering-host.js';

const host: RenderingHost = {
  name: 'host',
  address: '192.0.2.1',
  environment: 'default',
  datacenter: 'dc1',
  addresses: 'container',
};

interface Draft {
  number: number;
  service: string | undefined;
  registered: string;
  environment: string;
  health: 'healthy' | 'unhealthy' | 'stopped';
  weight: number;
}

function taskFact({ number, service, registered, environment, health, weight }: Draft): TaskFact {
  const name = `shop_${number}`;
  return {
    id: String(number).padEnd(64, '0'),
    name,
    names: [name],
    environment,
    stack: 'shop',
    ...(service !== undefined && { service: { environment, stack: 'shop', service } }),
    health,
    endpoints: health === 'stopped' ? [] : [{ network: 'net1', ip: `10.0.0.${number + 1}` }],
    ports: [{ port: 80, protocol: 'tcp', target: 80 }],
    labels: { SERVICE_NAME: registered },
    links: {},
    weight,
    expose: false,
  };
}

const names = ['web', 'api'];
const draft: fc.Arbitrary<Draft> = fc.record({
  number: fc.nat(5),
  service: fc.option(fc.constantFrom(...names), { nil: undefined }),
  registered: fc.constantFrom(...names, 'shared'),
  environment: fc.constantFrom('default', 'default', 'test'),
  health: fc.constantFrom('healthy', 'unhealthy', 'stopped'),
  weight: fc.integer({ min: 1, max: 2 }),
});
/** Some tasks that come or change, and numbers of some that go. */
const step = fc.record({
  come: fc.uniqueArray(draft, { maxLength: 3, selector: ({ number }) => number }),
  go: fc.uniqueArray(fc.nat(5), { maxLength: 2 }),
});

const queries: Query[] = [
  ...[...names, 'shared', 'absent'].flatMap((name) => [serviceQuery(name), serviceQuery(`${name}|any`)]),
  { kind: 'services', datacenter: undefined },
  { kind: 'nodes', datacenter: undefined, near: undefined },
  { kind: 'node', name: undefined, datacenter: undefined },
];

/** A catalog whose changes are noted. */
function changing() {
  const catalog = new Catalog({ onListenerError: (error) => expect.unreachable(String(error)) });
  const changed = new ChangedKeys();
  catalog.onChange((change) => changed.add(change));
  const sink = catalog.sink('docker');
  sink.replace({ tasks: [] });
  sink.status({ state: 'live' });
  const answers = new CatalogAnswers(host);
  const update = () => {
    answers.update(catalog.snapshot, changed);
    changed.clear();
  };
  update();
  return { catalog, sink, answers, update };
}

describe('CatalogAnswers', () => {
  it('answers after any changes as if it had looked at everything', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), (steps) => {
        const { catalog, sink, answers, update } = changing();
        for (const { come, go } of steps) {
          const staying = go.filter((number) => come.every((each) => each.number !== number));
          sink.update({
            tasks: come.map(taskFact),
            removedTasks: staying.map((n) => String(n).padEnd(64, '0')),
          });
          update();
          const fresh = new CatalogAnswers(host);
          fresh.update(catalog.snapshot);
          for (const query of queries) expect(answers.answer(query)).toEqual(fresh.answer(query));
        }
      }),
    );
  });

  it('keeps the answers that a change is not about', () => {
    const { sink, answers, update } = changing();
    const task = (number: number, service: string | undefined, registered: string, weight = 1) =>
      taskFact({ number, service, registered, environment: 'default', health: 'healthy', weight });
    sink.update({ tasks: [task(0, 'web', 'web'), task(1, 'api', 'api'), task(2, undefined, 'lone')] });
    update();
    const before = ['web', 'api', 'lone'].map((name) => answers.answer(serviceQuery(name)));
    sink.update({ tasks: [task(0, 'web', 'web', 5)] });
    update();
    const after = ['web', 'api', 'lone'].map((name) => answers.answer(serviceQuery(name)));
    expect(after[0]).not.toEqual(before[0]);
    expect(after[1]).toBe(before[1]);
    expect(after[2]).toBe(before[2]);
  });
});
