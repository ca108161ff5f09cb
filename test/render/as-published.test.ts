import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import type { TaskFact } from '../../src/catalog/facts.js';
import { HOST_NETWORK } from '../../src/catalog/model.js';
import { serviceOfTag } from '../../src/labels/service-names.js';
import { OWNER_PREFIX } from '../../src/consul/owner-mark.js';
import { entriesOf, type ConsulEntry, type EntryOptions } from '../../src/publishers/consul/consul-entry.js';
import { fieldOf } from '../../src/render/functions/record-fields.js';
import { serviceQuery, servicesQuery } from '../../src/render/queries.js';
import { TaskAnswers } from '../../src/render/task-answers.js';
import { valueText } from '../../src/template/printer.js';
import { GoList, GoMap, type Value } from '../../src/template/value.js';

const NODE = { id: '5f0c7c1e-0000-4000-8000-000000000001', name: 'alpha' };
const ADDRESS = '192.0.2.1';

const published = fc.constantFrom(
  [],
  [{ ip: '0.0.0.0', port: 32_768 }],
  [{ ip: '127.0.0.1', port: 32_769 }],
  [
    { ip: '127.0.0.1', port: 32_769 },
    { ip: '192.0.2.7', port: 32_770 },
  ],
  [{ ip: '', port: 32_771 }],
);

const port = fc
  .tuple(fc.constantFrom(53, 80, 443), fc.constantFrom('tcp', 'udp', 'sctp'), published)
  .map(([target, protocol, where]) => ({ port: target, target, protocol, published: where }));

const labels = fc.dictionary(
  fc.constantFrom(
    ...['SERVICE_NAME', 'SERVICE_80_NAME', 'SERVICE_53_ID', 'SERVICE_TAGS', 'SERVICE_443_TAGS'],
    ...['SERVICE_80_IGNORE', 'SERVICE_COLOR', 'SERVICE_80_COLOR', 'SERVICE_tags', 'SERVICE_53_NAME', 'other'],
  ),
  fc.constantFrom('', 'web', 'b,a\\,1, c', 'red'),
  { maxKeys: 6 },
);

const task = fc.record({
  labels,
  ports: fc.uniqueArray(port, { maxLength: 4, selector: (each) => `${each.target}/${each.protocol}` }),
  image: fc.constantFrom('web', 'registry:5000/team/web:1.2', 'web@sha256:abc', 'team/api:2@sha256:abc'),
  health: fc.constantFrom('healthy', 'unhealthy', 'initializing', 'draining', 'stopped'),
  weight: fc.constantFrom(0, 1, 5),
  network: fc.constantFrom('net1', HOST_NETWORK),
});

/** One line for an entry, whichever side it is from. */
function line(parts: readonly unknown[]): string {
  return JSON.stringify(parts);
}

function ofEntry(entry: ConsulEntry): string {
  const meta = Object.entries(entry.meta).filter(([key]) => !key.startsWith(OWNER_PREFIX));
  // What is only for another Fairlead is not shown.
  const tags = entry.tags.filter((tag) => serviceOfTag(tag) === undefined);
  const status = entry.maintenance === undefined ? entry.status : 'maintenance';
  return line([
    ...[entry.id, entry.name, entry.address, String(entry.port), tags.toSorted(), status],
    ...[String(entry.weight), Object.fromEntries(meta.toSorted())],
  ]);
}

function items(value: Value): readonly Value[] {
  return value instanceof GoList ? value.items : [];
}

function answered(port: TaskAnswers): string[] {
  const text = (of: Value, field: string) => valueText(fieldOf(of, field));
  const names = items(port.answer(servicesQuery(''))).map((each) => text(each, 'Name'));
  return names.flatMap((name) =>
    items(port.answer({ ...serviceQuery('any-name|any'), name })).map((each) =>
      line([
        ...['ID', 'Name', 'Address', 'Port'].map((field) => text(each, field)),
        items(fieldOf(each, 'Tags')),
        text(each, 'Status'),
        text(fieldOf(each, 'Weights'), 'Passing'),
        metaOf(fieldOf(each, 'ServiceMeta')),
      ]),
    ),
  );
}

function metaOf(value: Value): unknown {
  if (!(value instanceof GoMap)) throw new Error('no map');
  return Object.fromEntries([...value.entries].map(([key, text]) => [String(key), text] as const).toSorted());
}

test.each([
  ['containers by their own addresses', 'container', true],
  ['published ports', 'published', false],
] as const)('service finds what the Consul publisher registers: %s', (_what, addresses, internal) => {
  fc.assert(
    fc.property(fc.array(task, { maxLength: 4 }), (drawn) => {
      const tasks = drawn.map(({ network, ...each }, at): TaskFact => {
        return {
          ...each,
          // An id of its own for each, as an agent holds one entry by an id.
          labels: Object.fromEntries(
            Object.entries(each.labels).map(([key, value]) =>
              key.endsWith('_ID') && value !== '' ? [key, `${value}-${at}`] : [key, value],
            ),
          ),
          ...{ id: `${at}`.padEnd(64, '0'), name: `w${at}`, names: [`w${at}`] },
          ...{ environment: 'default', stack: 'shop', node: NODE },
          service: { environment: 'default', stack: 'shop', service: 'shown' },
          endpoints: [{ network, ip: network === HOST_NETWORK ? ADDRESS : `10.1.0.${at + 2}` }],
          ...{ links: {}, expose: false },
        };
      });
      const answers = new TaskAnswers({
        ...{ name: NODE.name, address: ADDRESS, environment: 'default', datacenter: 'dc1', addresses },
      });
      answers.use(tasks);
      const catalog = new Catalog({ onListenerError: () => undefined });
      catalog.sink('docker').replace({ tasks });
      const options: EntryOptions = {
        ...{ node: NODE, internal, explicit: false, hostAddress: ADDRESS },
        ids: 'registrator',
        networkName: () => undefined,
        spansHosts: () => false,
      };
      const entries = [...catalog.snapshot.tasks()].flatMap((each) => entriesOf(each, options).entries);
      expect(answered(answers).sort()).toEqual(entries.map(ofEntry).sort());
    }),
  );
});
