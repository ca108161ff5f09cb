import { createConsulPublisher } from '../../src/publishers/consul/consul-publisher.js';
import { createConsulSource } from '../../src/sources/consul/consul-source.js';
import { describePublisher, publishingNode } from '../publishers/publisher-contract.js';
import { describeSource } from '../sources/source-contract.js';
import { createConsul } from './support/consul.js';
import { publisherOptions } from '../support/consul-publisher.js';

interface AgentService {
  readonly ID: string;
  readonly Service: string;
  readonly Address: string;
  readonly Port: number;
  readonly Meta: Readonly<Record<string, string>>;
}

describeSource('Consul itself', async () => {
  const consul = await createConsul();
  await consul.start();
  const known = new Map<string, string>();
  return {
    create: () =>
      createConsulSource({
        consul: { address: consul.address },
        services: 'all',
        environment: 'default',
        stack: 'consul',
        pace: { refill: 20 },
      }),
    async have(tasks) {
      for (const id of [...known.keys()]) {
        if (id in tasks) continue;
        known.delete(id);
        await consul.put(`/agent/service/deregister/${id}`).catch(() => undefined);
      }
      for (const [id, ip] of Object.entries(tasks)) {
        if (known.get(id) === ip) continue;
        known.set(id, ip);
        await consul
          .put('/agent/service/register', { ID: id, Name: 'web', Address: ip, Port: 80 })
          .catch(() => undefined);
      }
    },
    away: () => consul.kill(),
    async back() {
      await consul.start();
      const services = (await consul.get('/agent/services')) as Record<string, AgentService>;
      for (const id of Object.keys(services)) {
        if (id !== 'consul' && !known.has(id)) await consul.put(`/agent/service/deregister/${id}`);
      }
      for (const [id, ip] of known)
        await consul.put('/agent/service/register', { ID: id, Name: 'web', Address: ip, Port: 80 });
    },
    async spoil() {
      await consul.put('/agent/service/register', {
        ...{ ID: 'x/1', Name: 'not a name!', Address: 'host.example', Port: 70_000 },
        Tags: ['fairlead.weight=-'],
      });
    },
    close: () => consul.close(),
  };
});

describePublisher('Consul itself', async () => {
  const consul = await createConsul();
  await consul.start();
  let writes = 0;
  const own = async () => {
    const services = (await consul.get('/agent/services')) as Record<string, AgentService>;
    return Object.values(services).filter(({ Meta }) => Meta['fairlead-owner'] === publishingNode.id);
  };
  return {
    create: () => createConsulPublisher(publisherOptions(consul.address)),
    entries: async () =>
      (await own())
        .map(({ Meta, Address, Port }) => `${Meta['fairlead-task'] ?? ''} ${Address}:${Port}`)
        .sort(),
    async lose() {
      for (const { ID } of await own())
        await consul.put(`/agent/service/deregister/${encodeURIComponent(ID)}`);
      writes++;
    },
    away: () => consul.kill(),
    back: () => consul.start(),
    // The index of the catalog moves with each write that changes anything.
    writes: () => writes,
    close: () => consul.close(),
  };
});
