import { expect, it, onTestFinished } from 'vitest';
import type { KeptService } from '../../src/balancer/vip-keeper.js';
import { Catalog } from '../../src/catalog/catalog.js';
import { Demand } from '../../src/catalog/demand.js';
import { serviceKey } from '../../src/catalog/model.js';
import { DemandUpkeep } from '../../src/daemon/demand-upkeep.js';
import { HeldQueryTimers } from '../consul/held-query-timers.js';
import { ref, taskFact } from '../support/facts.js';

const HOUR = 3_600_000;

/** A port of a virtual IP that has carried so much. */
function carried(service: string, total: number, active = 0): KeptService {
  const place = { service, vip: '10.43.0.1', port: 80, protocol: 'tcp', scheduler: 'rr' } as const;
  return {
    service: { ...place, vip: `10.43.0.${service.length}`, backends: [] },
    counters: { ...place, vip: `10.43.0.${service.length}`, active, total, retried: 0, backends: [] },
  };
}

it('what is in use without being asked for stays in use, and the rest is forgotten after a day', async () => {
  const timers = new HeldQueryTimers();
  const demand = new Demand(timers.now);
  const forgotten: string[] = [];
  demand.supply({
    use: () => undefined,
    useRegistered: () => undefined,
    unused: ({ services }) => forgotten.push(...Array.from(services, serviceKey)),
  });
  const catalog = new Catalog();
  catalog.sink('docker').replace({ tasks: [taskFact('own', { service: ref('own.shop') })] });
  const far = ['busy', 'open', 'silent', 'named', 'asked', 'stray'].map((name) => ref(`${name}.far`));
  catalog
    .sink('consul', undefined, { isRemote: true })
    .replace({ tasks: far.map((service) => taskFact(service.service, { service })) });
  let traffic = 7;
  const upkeep = new DemandUpkeep({
    ...{ demand, timers, snapshot: () => catalog.snapshot },
    services: () =>
      Promise.resolve([
        carried('default/far/busy', (traffic += 1)),
        carried('default/far/open', 3, 1),
        carried('default/far/silent', 3),
        { service: carried('default/far/stray', 0).service },
      ]),
    noteTemplates: () => void demand.use(ref('named.far')),
  });
  upkeep.start();
  onTestFinished(() => upkeep.stop());
  for (const service of [ref('own.shop'), ...far]) void demand.use(service);
  for (let hour = 0; hour < 24; hour++) {
    await timers.advance(HOUR);
    void demand.use(ref('asked.far'));
  }
  expect(forgotten).toEqual([]);
  await timers.advance(HOUR);
  // Its virtual IP had carried something at the first look, which therefore counts as use.
  expect(forgotten).toEqual(['default/far/stray']);
  await timers.advance(HOUR);
  expect(forgotten).toEqual(['default/far/stray', 'default/far/silent']);
  await timers.advance(30 * HOUR);
  expect(forgotten).toEqual(['default/far/stray', 'default/far/silent', 'default/far/asked']);
  upkeep.stop();
  expect(timers.pending).toBe(0);
});
