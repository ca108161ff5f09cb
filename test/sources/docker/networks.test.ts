import { describe, expect, it } from 'vitest';
import { readGatewayBridge, readNetworks } from '../../../src/sources/docker/networks.js';

const network = (over: object) => ({
  Id: 'n1',
  Name: 'shop',
  Driver: 'bridge',
  Internal: false,
  Options: {},
  ...over,
});
const ipam = (...Config: object[]) => ({ IPAM: { Config } });

describe('networks', () => {
  it.each<[string, object, object]>([
    [
      'told gateway',
      ipam({ Subnet: '10.9.1.0/24', Gateway: '10.9.1.254' }),
      { subnets: ['10.9.1.0/24'], gateways: ['10.9.1.254'] },
    ],
    ['no gateway told', ipam({ Subnet: '10.9.1.0/24' }), { gateways: ['10.9.1.1'] }],
    [
      'a subnet written by one of its addresses',
      ipam({ Subnet: '10.9.13.77/20' }),
      { gateways: ['10.9.0.1'] },
    ],
    [
      'both families',
      ipam(
        { Subnet: '10.9.1.0/24', Gateway: '10.9.1.1' },
        { Subnet: 'fd00:9::/64', Gateway: 'fd00:9::1/64' },
      ),
      { subnets: ['10.9.1.0/24', 'fd00:9::/64'], gateways: ['10.9.1.1', 'fd00:9::1'] },
    ],
    ['IPv6 without gateway', ipam({ Subnet: 'fd00:9::/64' }), { gateways: ['fd00:9::1'] }],
    [
      'somebody else’s gateway',
      { Driver: 'macvlan', ...ipam({ Subnet: '10.9.1.0/24', Gateway: '10.9.1.1' }) },
      { gateways: [] },
    ],
    [
      'a bridge without address',
      {
        Options: { 'com.docker.network.bridge.gateway_mode_ipv4': 'isolated' },
        ...ipam({ Subnet: '10.9.1.0/24' }),
      },
      { gateways: [] },
    ],
    [
      'one that keeps its containers apart',
      { Options: { 'com.docker.network.bridge.enable_icc': 'false' } },
      { separate: true },
    ],
    ['internal', { Internal: true }, { internal: true, subnets: [], gateways: [] }],
    ['nonsense', { IPAM: { Config: [null, { Subnet: 'x', Gateway: 7 }] } }, { subnets: [], gateways: [] }],
  ])('%s', (_what, over, expected) => {
    expect(readNetworks([network(over)])?.facts[0]).toMatchObject(expected);
  });

  it('leaves out host, none and unreadable ones, and recognizes Swarm’s own', () => {
    const list = [
      ...[network({ Driver: 'host', Id: 'h' }), network({ Driver: 'null', Id: 'z' }), null, 'x', {}],
      ...[
        network({ Id: 'i', Ingress: true, Driver: 'overlay' }),
        network({ Id: 'g', Name: 'docker_gwbridge' }),
      ],
    ];
    const read = readNetworks(list);
    expect(read?.facts.map(({ id }) => id)).toEqual(['i', 'g']);
    expect([read?.ingress, read?.gatewayBridge]).toEqual([new Set(['i']), 'g']);
    expect(readNetworks({ message: 'x' })).toBeUndefined();
  });

  it('reads the source addresses on docker_gwbridge', () => {
    const Containers = {
      c1: { Name: 'gateway_x', IPv4Address: '172.18.0.4/16', IPv6Address: '' },
      c2: null,
      c3: { IPv4Address: 'x' },
    };
    expect(readGatewayBridge({ Containers })).toEqual(new Map([['c1', ['172.18.0.4']]]));
    expect(readGatewayBridge(undefined)).toEqual(new Map());
  });
});
