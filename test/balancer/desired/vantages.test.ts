import { describe, expect, it } from 'vitest';
import { vantagesOn } from '../../../src/balancer/desired/vantages.js';
import type { ContainerResolver, Endpoint } from '../../../src/catalog/model.js';

const resolver = (over: Partial<ContainerResolver> = {}): ContainerResolver => ({
  ...{ path: '/resolv.conf', servers: [], namespace: 'own', isMounted: false, isRunning: true },
  namespaces: ['/proc/7/ns/net'],
  ...over,
});
const task = (places: Readonly<Record<string, string>>, over?: Partial<ContainerResolver>) => ({
  endpoints: Object.entries(places).map(([network, ip]): Endpoint => ({ network, ip })),
  resolver: resolver(over),
});
const on = (...networks: readonly string[]) => new Set(networks);

describe('containers to try connections with', () => {
  it('are one for each network, of the family that is asked for', () => {
    const tasks = [
      { endpoints: [{ network: 'a', ip: '10.0.0.9' }] },
      task({ a: 'fd00::2' }),
      task({ a: '10.0.0.2' }),
      task({ a: '10.0.0.3' }),
      task({ b: '10.1.0.2' }),
    ];
    expect([...vantagesOn(tasks, on('a', 'c'), 4)]).toEqual([
      ['a', { namespaces: ['/proc/7/ns/net'], ip: '10.0.0.2' }],
    ]);
    expect(vantagesOn(tasks, on('a'), 6).get('a')?.ip).toBe('fd00::2');
  });

  it('are on that network alone, if there are such', () => {
    const both = task({ a: '10.0.0.2', b: '10.1.0.2' });
    expect(vantagesOn([both], on('a'), 4).get('a')?.ip).toBe('10.0.0.2');
    expect(vantagesOn([both, task({ a: '10.0.0.3' })], on('a'), 4).get('a')?.ip).toBe('10.0.0.3');
  });

  it.each([
    ['does not run', { isRunning: false }],
    ['is in the network of the host', { namespace: 'host' }],
    ['has no namespace that is known', { namespaces: [] }],
  ] as const)('not one that %s', (_, over) => {
    expect(vantagesOn([task({ a: '10.0.0.2' }, over)], on('a'), 4).size).toBe(0);
  });
});
