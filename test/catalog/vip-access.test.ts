import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import { reach } from '../../src/catalog/reach.js';
import { portText, vipAccess, vipRule } from '../../src/catalog/vip-access.js';
import { runs } from '../support/depth.js';
import { ref, taskFact } from '../support/facts.js';

const NETWORKS = [
  { id: 'front', internal: false, subnets: ['172.18.0.0/16'], gateways: ['172.18.0.1'] },
  { id: 'back', internal: false, subnets: ['172.19.0.0/16'], gateways: ['172.19.0.1'] },
  { id: 'vault', internal: true, subnets: ['172.20.0.0/16'], gateways: ['172.20.0.1'] },
].map((each) => ({ ...each, name: each.id, driver: 'bridge' }));
const PORT = { port: 80, protocol: 'tcp' as const, target: 8080 };

const tasks = fc.array(
  fc.record({
    networks: fc.uniqueArray(fc.constantFrom('front', 'back', 'vault', 'host', '*'), { maxLength: 3 }),
    expose: fc.boolean(),
    published: fc.constantFrom(undefined, '', '0.0.0.0', '127.0.0.1'),
  }),
  { maxLength: 3 },
);

const views = fc.oneof(
  fc.constant<'all'>('all'),
  fc.uniqueArray(fc.constantFrom('front', 'back', 'vault'), { minLength: 1 }),
);

it('a client may use the virtual IP of a service if and only if it can see one of its tasks', () => {
  fc.assert(
    fc.property(
      tasks,
      views,
      fc.constantFrom('docker' as const, 'environment' as const),
      (given, networks, isolation) => {
        const catalog = new Catalog();
        catalog.configure({ endpointMode: 'vip', balancing: {}, vips: 'told', isolation });
        catalog.sink('docker').replace({
          networks: NETWORKS,
          tasks: given.map(({ networks: own, expose, published }, at) =>
            taskFact(`t${at}`, {
              ...{ service: ref('web.shop'), expose },
              endpoints: own.map((network, n) => ({ network, ip: `172.18.${at}.${n + 2}` })),
              ports: [
                { ...PORT, ...(published !== undefined && { published: [{ ip: published, port: 80 }] }) },
              ],
            }),
          ),
        });
        const { snapshot } = catalog;
        const service = snapshot.service(ref('web.shop'));
        if (!service?.tasks.some(({ endpoints }) => endpoints.length > 0)) return;
        const seen = service.tasks
          .map((task) => reach(snapshot, task, { networks }))
          .some((reached) => reached?.ports.some(({ taskPort }) => taskPort.port === PORT.port));
        expect(vipRule(snapshot, vipAccess(snapshot, service), networks, portText(PORT)) !== undefined).toBe(
          seen,
        );
      },
    ),
    { numRuns: runs(300) },
  );
});
