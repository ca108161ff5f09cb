import { createConsulPublisher } from '../../../src/publishers/consul/consul-publisher.js';
import { FakeConsul } from '../../consul/fake-consul.js';
import { describePublisher, publishingNode } from '../publisher-contract.js';

describePublisher('consul', async () => {
  const consul = new FakeConsul();
  await consul.up();
  return {
    create: () =>
      createConsulPublisher({
        consul: { address: consul.address },
        node: publishingNode,
        ids: 'fairlead',
        internal: true,
        explicit: false,
        hostAddress: () => '192.0.2.1',
        timing: { minBackoff: 5, maxBackoff: 10 },
      }),
    entries: () =>
      [...consul.instances.values()]
        .map(({ Service }) => `${Service.Meta?.['fairlead-task'] ?? ''} ${Service.Address}:${Service.Port}`)
        .sort(),
    lose: () => consul.forget(),
    away: () => consul.down(),
    back: () => consul.up(),
    writes: () => consul.count(/^PUT .*(?:register|maintenance)/),
    close: () => consul.down(),
  };
});
