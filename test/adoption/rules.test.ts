import { describe, expect, it } from 'vitest';
import type { ContainerResolver, Network } from '../../src/catalog/model.js';
import {
  asksAny,
  decide,
  isFinalText,
  listenersFor,
  searchDomains,
  type Circumstances,
  type Reach,
} from '../../src/adoption/rules.js';

const reached: Reach = { kind: 'reached', listener: '169.254.169.250' };
const network = (name: string, driver = 'bridge'): Network => ({
  ...{ id: name, name, driver, internal: false, subnets: [], gateways: [], source: 'docker' },
});
const resolver: ContainerResolver = {
  ...{ path: '/x/resolv.conf', servers: [], namespace: 'own', isMounted: false },
  ...{ namespaces: ['/proc/7/ns/net'], isRunning: true },
};

interface Case extends Partial<Circumstances> {
  readonly label?: boolean;
  readonly resolver?: Partial<ContainerResolver>;
}

function outcome({ label, resolver: over, ...given }: Case): string {
  const task = {
    ...{ stack: 'shop', resolver: { ...resolver, ...over } },
    ...(label !== undefined && { asksFairlead: label }),
  };
  const decision = decide(task, {
    ...{ mode: 'auto', choices: { stacks: {} }, asksAnyway: false, networks: [network('shop_default')] },
    ...{ isContested: false, fault: undefined, reach: () => reached },
    ...given,
  });
  return decision.adopt ? `adopted: ${decision.why}` : decision.code;
}

describe('which containers are adopted', () => {
  it.each<[string, Case]>([
    ['not-wanted', {}],
    ['adopted: its DNS servers include Fairlead', { asksAnyway: true }],
    ['adopted: sources.docker.adopt is all', { mode: 'all' }],
    ['adopted: a label asks for it', { label: true }],
    ['refused', { mode: 'all', label: false }],
    ['not-wanted', { mode: 'off', asksAnyway: true }],
    ['not-wanted', { mode: 'off', label: true }],
    ['adopted: an operator asked for it', { choices: { stacks: { shop: 'adopt' } } }],
    ['adopted: an operator asked for it', { choices: { all: 'adopt', stacks: {} }, mode: 'off' }],
    ['not-wanted', { choices: { stacks: { other: 'adopt' } } }],
    ['released', { mode: 'all', choices: { stacks: { shop: 'release' } } }],
    ['released', { mode: 'all', choices: { all: 'release', stacks: {} } }],
    ['adopted: an operator asked for it', { choices: { all: 'release', stacks: { shop: 'adopt' } } }],
    ['adopted: a label asks for it', { label: true, choices: { all: 'release', stacks: {} } }],
  ])('%s: %j', (expected, given) => {
    expect(outcome(given)).toBe(expected);
  });
});

describe('which wanted containers are left alone', () => {
  const overlay = [network('mesh', 'overlay')];
  it.each<[string, Case]>([
    ['mounted', { label: true, resolver: { isMounted: true } }],
    ['host-network', { mode: 'all', resolver: { namespace: 'host' } }],
    ['adopted: a label asks for it', { label: true, resolver: { namespace: 'host' } }],
    ['shared-network', { mode: 'all', resolver: { namespace: 'container' } }],
    ['no-network', { label: true, resolver: { namespace: 'none' } }],
    ['overlay', { mode: 'all', networks: overlay }],
    ['adopted: a label asks for it', { label: true, networks: overlay }],
    ['contested', { mode: 'all', isContested: true }],
    ['unwritable', { mode: 'all', fault: 'EACCES' }],
    ['unreachable', { mode: 'all', reach: () => ({ kind: 'blocked', why: 'a firewall' }) }],
    ['pending', { mode: 'all', reach: () => ({ kind: 'unknown', why: 'no probe yet' }) }],
  ])('%s: %j', (expected, given) => {
    expect(outcome(given)).toBe(expected);
  });
});

describe('what a text shows', () => {
  const ours = new Set(['169.254.169.250']);

  it('whether its queries reach us anyway', () => {
    expect(asksAny('nameserver 169.254.169.250\n', [], ours)).toBe(true);
    expect(asksAny('nameserver 127.0.0.11\n# ExtServers: [169.254.169.250]\n', [], ours)).toBe(true);
    expect(asksAny('nameserver 127.0.0.11\n', ['169.254.169.250'], ours)).toBe(true);
    expect(asksAny('nameserver 127.0.0.11\n# ExtServers: [host(127.0.0.53)]\n', ['8.8.8.8'], ours)).toBe(
      false,
    );
  });

  it('whether the engine has finished writing it', () => {
    const external = 'nameserver 192.0.2.53\n';
    const stub = 'nameserver 127.0.0.11\noptions ndots:0\n';
    expect(isFinalText(external, [network('shop_default')], false)).toBe(false);
    expect(isFinalText(stub, [network('shop_default')], false)).toBe(true);
    expect(isFinalText(external, [network('bridge')], false)).toBe(true);
    expect(isFinalText(external, [network('bridge'), network('shop_default')], false)).toBe(false);
    expect(isFinalText(external, [], false)).toBe(false);
    expect(isFinalText(external, [], true)).toBe(true);
  });
});

describe('what a container receives', () => {
  it('search domains as Rancher’s agent wrote them', () => {
    const service = { environment: 'default', stack: 'shop', service: 'web' };
    expect(searchDomains({ stack: 'shop', service }, 'rancher.internal')).toEqual([
      ...['shop.rancher.internal', 'web.shop.rancher.internal', 'rancher.internal'],
    ]);
    expect(searchDomains({ stack: 'shop' }, 'x')).toEqual(['shop.x', 'x']);
  });

  it('a listener on port 53 that is not the host’s own loopback', () => {
    const listeners = [
      { ip: '127.0.0.1', port: 53 },
      { ip: '169.254.169.250', port: 53 },
      { ip: '10.0.0.1', port: 5353 },
    ];
    expect(listenersFor(listeners, false)).toEqual(['169.254.169.250']);
    expect(listenersFor(listeners, true)).toEqual(['127.0.0.1', '169.254.169.250']);
  });
});
