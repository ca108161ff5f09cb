import { createConsulPublisher } from '../../../src/publishers/consul/consul-publisher.js';
import { FakeConsul } from '../../consul/fake-consul.js';
import { describePublisher } from '../publisher-contract.js';
import { publisherOptions } from '../../support/consul-publisher.js';

describePublisher('consul', async () => {
  const consul = new FakeConsul();
  await consul.up();
  return {
    create: () => createConsulPublisher(publisherOptions(consul.address)),
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
