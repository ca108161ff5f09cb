import { expect, it, onTestFinished } from 'vitest';
import { Demand } from '../../../src/catalog/demand.js';
import { createConsulSource } from '../../../src/sources/consul/consul-source.js';
import { EdgeConsul } from '../../consul/edge-consul.js';
import { HeldQueryTimers } from '../../consul/held-query-timers.js';
import { ref } from '../../support/facts.js';
import { MemorySink } from '../docker/memory-sink.js';

const MINUTE = 60_000;
const web = { web: ['192.0.2.9'] };

async function world(services: Readonly<Record<string, readonly string[]>> = {}) {
  const timers = new HeldQueryTimers();
  // The list is read every 50 seconds, the longest that it may be.
  timers.chance = 1;
  const consul = new EdgeConsul(timers);
  consul.have(services);
  const demand = new Demand(timers.now);
  const sink = new MemorySink();
  const source = createConsulSource({
    ...{ consul: { address: consul.address }, client: consul, timers, demand },
    ...{ services: 'used', environment: 'default', stack: 'consul' },
  });
  await source.start(sink);
  onTestFinished(() => source.stop());
  await timers.advance(100);
  const addresses = () => [...sink.tasks.values()].flatMap(({ endpoints }) => endpoints.map(({ ip }) => ip));
  return { timers, consul, demand, source, sink, addresses };
}

it('a service of this host has the tasks of other hosts soon, before any client asks', async () => {
  const { timers, consul, demand, addresses } = await world();
  await timers.advance(20_000);
  // A task of this host starts. Another host registers one of the same service just after the list was read.
  void demand.use(ref('web.consul'), 'expected');
  await timers.advance(300);
  expect(consul.requests.at(-1)).toBe(20_100);
  consul.have(web);
  await timers.advance(5000);
  expect(addresses()).toEqual(['192.0.2.9']);
});

it('a list that was just read is not read again at once', async () => {
  const { timers, consul, demand, addresses } = await world();
  const before = consul.requests.length;
  void demand.use(ref('web.consul'), 'expected');
  consul.have(web);
  await timers.advance(4800);
  expect([consul.requests.length, addresses()]).toEqual([before, []]);
  await timers.advance(200);
  expect(addresses()).toEqual(['192.0.2.9']);
});

it('a service that no host registers is looked for four times, however often its tasks change', async () => {
  const { timers, consul, demand } = await world();
  await timers.advance(10_000);
  const before = consul.requests.length;
  for (let count = 0; count < 100; count++) {
    void demand.use(ref('web.consul'), 'expected');
    void demand.use(ref('db.consul'), 'expected');
    await timers.advance(300);
  }
  await timers.advance(10_000);
  expect(consul.requests.slice(before)).toEqual([10_100, 15_100, 25_100, 45_100]);
  // From then on it is read as often as ever.
  await timers.advance(10 * MINUTE);
  expect(consul.requests.length - before).toBeLessThanOrEqual(4 + 12);
});

it('a name that is probably none of ours is not looked for', async () => {
  const { timers, consul, demand } = await world();
  await timers.advance(10_000);
  const before = consul.requests.length;
  void demand.use(ref('www.consul'), 'unlikely');
  await timers.advance(30_000);
  expect(consul.requests.length).toBe(before);
});

it('a task that starts while Consul is away is looked for when it is back', async () => {
  const { timers, consul, demand, addresses } = await world();
  consul.fail('refused');
  await timers.advance(MINUTE);
  void demand.use(ref('web.consul'), 'expected');
  await timers.advance(10 * MINUTE);
  consul.recover();
  await timers.advance(3000);
  // Its list has been read, and the other host registers only now.
  expect(addresses()).toEqual([]);
  consul.have(web);
  await timers.advance(10_000);
  expect(addresses()).toEqual(['192.0.2.9']);
});

it('a service that an agent without its state is told of again is there soon', async () => {
  const { timers, consul, demand, addresses } = await world(web);
  await Promise.all([demand.use(ref('web.consul')), timers.advance(1000)]);
  expect(addresses()).toEqual(['192.0.2.9']);
  consul.have({});
  await timers.advance(3000);
  expect(addresses()).toEqual([]);
  consul.have(web);
  await timers.advance(3000);
  expect(addresses()).toEqual(['192.0.2.9']);
});

it('what is not used any more is not watched any more, and found again when it is used', async () => {
  const { timers, consul, demand, sink, addresses } = await world({ ...web, db: ['192.0.2.10'] });
  const use = (name: string) => Promise.all([demand.use(ref(name)), timers.advance(1000)]);
  await use('web.consul');
  await use('db.consul');
  expect(addresses()).toEqual(['192.0.2.9', '192.0.2.10']);
  await timers.advance(MINUTE);
  await use('db.consul');
  // Consul is away: everything stays as it is.
  consul.fail('refused');
  await timers.advance(5000);
  demand.forget(MINUTE);
  await timers.advance(5000);
  expect(addresses()).toEqual(['192.0.2.9', '192.0.2.10']);
  consul.recover();
  await timers.advance(MINUTE);
  expect(addresses()).toEqual(['192.0.2.10']);
  expect(sink.statuses.at(-1)?.detail).toMatch(/, 1 of 3 services$/);
  await use('web.consul');
  expect(addresses().sort()).toEqual(['192.0.2.10', '192.0.2.9']);
});

it('what one user forgets and another still needs is watched on', async () => {
  const { timers, demand, addresses } = await world(web);
  await Promise.all([demand.use(ref('web.consul')), timers.advance(1000)]);
  await timers.advance(MINUTE);
  void demand.useRegistered('web');
  demand.forget(MINUTE / 2);
  await timers.advance(MINUTE);
  expect(addresses()).toEqual(['192.0.2.9']);
});

it('a source that stops looks for nothing any more', async () => {
  const { timers, demand, source } = await world();
  void demand.use(ref('web.consul'), 'expected');
  await source.stop();
  expect(timers.pending).toBe(0);
});
