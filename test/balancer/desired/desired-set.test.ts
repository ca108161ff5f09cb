import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DesiredSet } from '../../../src/balancer/desired/desired-set.js';
import { desiredOf } from '../../../src/balancer/desired/desired-services.js';
import { Catalog } from '../../../src/catalog/catalog.js';
import type { ServiceFact } from '../../../src/catalog/facts.js';
import { ref, taskFact } from '../../support/facts.js';
import { instant } from '../../support/instant.js';

const http = { port: 80, protocol: 'tcp' } as const;
const names = ['web.shop', 'api.shop', 'db.shop'];

const service = (name: string, over: Partial<ServiceFact> = {}): ServiceFact => ({
  ...ref(name),
  kind: 'tasks',
  vip: `10.43.0.${names.indexOf(name) + 1}`,
  ports: [http],
  ...over,
});
const task = (id: string, name: string, last: number) =>
  taskFact(id, { service: ref(name), ip: `10.0.0.${last}`, ports: [{ ...http, target: 8080 }] });

describe('the desired virtual services', () => {
  it('are the same list as long as none of them changed', () => {
    const catalog = new Catalog();
    const sink = catalog.sink('file');
    const set = new DesiredSet();
    sink.replace({ services: names.map((name) => service(name)), tasks: [task('a', 'web.shop', 1)] });
    const before = set.update(catalog.snapshot, 'all', instant(0));
    expect(set.update(catalog.snapshot, ['default/shop/web'], instant(0))).toBe(before);
    expect(set.update(catalog.snapshot, 'all', instant(0))).toBe(before);
    sink.update({ tasks: [task('a', 'web.shop', 2)] });
    const after = set.update(catalog.snapshot, ['default/shop/web'], instant(0));
    expect(after.filter((each) => !before.includes(each)).map(({ backends }) => backends)).toMatchObject([
      [{ id: 'a', address: { ip: '10.0.0.2', port: 8080 } }],
    ]);
    expect(after).toHaveLength(3);
  });

  it('equal the result of a complete computation, after any changes', () => {
    const change = fc.record({
      task: fc.constantFrom('a', 'b', 'c', 'd'),
      service: fc.constantFrom(...names),
      kind: fc.constantFrom('set', 'remove', 'network', 'services', 'time'),
      last: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 25 }), fc.boolean(), (changes, slow) => {
        let now = 1_000_000;
        const catalog = new Catalog({ clock: () => now });
        const sink = catalog.sink('file');
        const balancing = slow ? { slowStart: 10_000 } : {};
        const services = () => names.map((name) => service(name, { balancing }));
        const set = new DesiredSet();
        const changed = new Set<string>();
        catalog.onChange(({ services: { added, changed: different, removed } }) => {
          for (const key of [...added, ...different, ...removed]) changed.add(key);
        });
        sink.replace({ services: services(), tasks: [] });
        for (const each of changes) {
          const one = task(each.task, each.service, each.last);
          if (each.kind === 'set') sink.update({ tasks: [one] });
          else if (each.kind === 'remove') sink.update({ removedTasks: [each.task] });
          else if (each.kind === 'services')
            sink.replace({ services: services().slice(0, each.last), tasks: [one] });
          else if (each.kind === 'network') sink.update({ networks: [network(each.last)] });
          else now += each.last * 1000;
          const list = set.update(catalog.snapshot, changed, instant(now));
          changed.clear();
          const { snapshot } = catalog;
          const all = [...snapshot.services()].flatMap(
            (each) => desiredOf(snapshot, each, instant(now)).services,
          );
          expect(new Set(list.map(text))).toEqual(new Set(all.map(text)));
          expect(list).toHaveLength(all.length);
          expect(set.nextChange).toBeGreaterThan(now);
        }
      }),
    );
  });
});

const text = (each: unknown) => JSON.stringify(each);

const network = (last: number) => ({
  ...{ id: 'n', name: 'n', driver: 'bridge', internal: false },
  subnets: [`10.0.0.${last}/32`],
  gateways: [],
});
