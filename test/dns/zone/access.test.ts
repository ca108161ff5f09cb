import { describe, expect, it } from 'vitest';
import { HOST_NETWORK } from '../../../src/catalog/model.js';
import type { Facts } from '../../../src/catalog/facts.js';
import { isKnown } from '../../../src/dns/zone/access.js';
import { Zone } from '../../../src/dns/zone/zone.js';
import { taskFact } from '../../support/facts.js';
import { answerTo, zoneOf } from './support.js';

const facts: Facts = {
  tasks: [
    taskFact('a', { ip: '203.0.113.1', network: 'public' }),
    taskFact('h', { ip: '203.0.114.1', network: HOST_NETWORK }),
  ],
  networks: [
    {
      id: 'public',
      name: 'public',
      driver: 'bridge',
      internal: false,
      subnets: ['198.51.100.0/24', '2001:db8:5::/64'],
      gateways: [],
    },
  ],
  clients: [{ address: '192.0.2.77', environment: 'default', stack: 'shop', links: {} }],
};

describe('which clients are answered without a configured list', () => {
  const { catalog } = zoneOf(facts);
  const zone = new Zone({
    catalog,
    domain: 'rancher.internal',
    environment: 'default',
    ttl: 1,
    negativeTtl: 1,
    nameServers: [],
    serialBase: 0,
  });

  it.each([
    ...['127.0.0.1', '10.255.0.1', '172.16.0.1', '172.31.255.255', '192.168.0.9', '169.254.169.250'],
    ...['100.64.0.1', '100.127.255.254', '::1', 'fc00::1', 'fdff:1::1', 'fe80::1', 'febf::1'],
    // Known to the catalog: a task, a network's address, a client.
    ...['203.0.113.1', '198.51.100.9', '2001:db8:5::9', '192.0.2.77'],
  ])('those with the address of %s', (address) =>
    expect([answerTo(zone, 'rancher.internal', 'NS', address), zone.serves({ address })]).toEqual([
      'NS ns.rancher.internal.',
      true,
    ]),
  );

  it.each([
    ...['8.8.8.8', '172.15.0.1', '172.32.0.1', '100.63.0.1', '100.128.0.1', '192.169.0.1', '1.127.0.1'],
    ...[
      '203.0.113.2',
      '203.0.114.1',
      '192.0.2.78',
      '2001:db8:6::9',
      'fec0::1',
      'fd::1',
      'ff02::1',
      '0.0.0.0',
    ],
  ])('not those with the address of %s', (address) =>
    expect([answerTo(zone, 'rancher.internal', 'NS', address), zone.serves({ address })]).toEqual([
      'drop',
      false,
    ]),
  );
});

it.each([
  ['203.0.113.1', true],
  ['198.51.100.9', true],
  ['192.0.2.77', true],
  ['10.0.0.1', false],
  ['203.0.113.2', false],
])('%s is known to the catalog: %s', (address, expected) =>
  expect(isKnown(zoneOf(facts).catalog.snapshot, address)).toBe(expected),
);
