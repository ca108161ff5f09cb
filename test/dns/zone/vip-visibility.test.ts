import { expect, it } from 'vitest';
import { explain } from '../../../src/dns/zone/explain-name.js';
import { viewOf } from '../../../src/catalog/view.js';
import { ref, taskFact } from '../../support/facts.js';
import { answerTo, question, zoneOf } from './support.js';

const network = (id: string, third: number) => ({
  ...{ id, name: id, driver: 'bridge', internal: id === 'vault' },
  ...{ subnets: [`172.${third}.0.0/16`], gateways: [`172.${third}.0.1`] },
});
const { catalog, zone } = zoneOf({
  networks: [network('front', 18), network('back', 19), network('vault', 20)],
  tasks: [
    taskFact('d1', {
      ...{ service: ref('db.shop'), ip: '172.20.0.2', network: 'vault' },
      ports: [{ port: 5432, protocol: 'tcp', target: 5432 }],
    }),
    taskFact('c1', { ip: '172.18.0.2', network: 'front' }),
    taskFact('c2', { ip: '172.20.0.3', network: 'vault' }),
  ],
  services: [{ ...ref('db.shop'), kind: 'tasks', endpointMode: 'vip', vip: '10.43.0.1' }],
});

it.each([
  ['a client on its network', '172.20.0.3', '10.43.0.1', /it shares the network vault$/],
  ['a client elsewhere', '172.18.0.2', 'NODATA rancher.internal', /the client may not use it, because/],
  ['a stranger on another network', '172.19.0.9', 'NODATA rancher.internal', /the client may not use it/],
  ['the host', '172.18.0.1', '10.43.0.1', /the client is the host, or is outside/],
])('a virtual IP is given to clients that may use it: %s', (_, address, answer, rule) => {
  for (const name of ['db.shop.rancher.internal', 'vip.db.shop.rancher.internal'])
    expect(answerTo(zone, name, 'A', address)).toBe(answer);
  const { snapshot } = catalog;
  const told = explain(
    zone,
    snapshot,
    viewOf(snapshot, address, 'default'),
    question('db.shop.rancher.internal', 'A'),
  );
  expect(told.rule).toMatch(rule);
});
