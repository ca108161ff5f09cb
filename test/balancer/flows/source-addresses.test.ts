import { describe, expect, it } from 'vitest';
import { Backend } from '../../../src/balancer/flows/backend.js';
import { ClientTable } from '../../../src/balancer/flows/client-table.js';
import { SourceAddresses } from '../../../src/balancer/flows/source-addresses.js';

const backend = new Backend({
  ...{ id: 'a', name: 'a', weight: 1, state: 'active' },
  address: { ip: '172.18.0.2', port: 80 },
});

describe('where connections come from when a port range is used up', () => {
  function world(spares: readonly string[]) {
    const clock = { now: 0 };
    return { clock, sources: new SourceAddresses({ now: () => clock.now, spares: () => spares }) };
  }

  it('is for the kernel to say while it has ports', () => {
    expect(world(['10.43.0.9']).sources.first(backend)).toBeUndefined();
  });

  it('is one address after the other, and the usual one again after a second', () => {
    const { clock, sources } = world(['10.43.0.9', '172.18.0.1']);
    expect(sources.next(backend, undefined)).toBe('10.43.0.9');
    expect(sources.first(backend)).toBe('10.43.0.9');
    expect(sources.next(backend, '10.43.0.9')).toBe('172.18.0.1');
    expect(sources.first(backend)).toBe('172.18.0.1');
    expect(sources.next(backend, '172.18.0.1')).toBeUndefined();
    clock.now = 1001;
    expect(sources.first(backend)).toBeUndefined();
    expect(sources.next(backend, undefined)).toBe('10.43.0.9');
  });

  it('is no address for as long as it has led nowhere', () => {
    const { clock, sources } = world(['10.43.0.9', '172.18.0.1']);
    sources.next(backend, undefined);
    expect(sources.next(backend, '10.43.0.9', 600_000)).toBe('172.18.0.1');
    clock.now = 2000;
    expect(sources.next(backend, undefined)).toBe('172.18.0.1');
    clock.now = 700_000;
    expect(sources.next(backend, undefined)).toBe('10.43.0.9');
  });

  it('is nowhere else for a task that cannot answer', () => {
    expect(world([]).sources.next(backend, undefined)).toBeUndefined();
  });
});

it.each([
  ['172.18.0.2', ['192.0.2.7', '172.18.0.1']],
  // No packet leads from an internal network to the host.
  ['172.19.0.2', []],
  // A task on another machine has no route to addresses that are this host’s own affair.
  ['203.0.113.9', []],
  ['192.0.2.7', ['192.0.2.7', '172.18.0.1']],
  ['fd00::2', ['fd00::1']],
])('addresses of the host that a task at %s can answer: %j', (address, expected) => {
  const table = new ClientTable(
    {
      networks: [
        { id: 'shop', subnets: ['172.18.0.0/16', 'fd00::/64'], hasHost: true },
        { id: 'vault', subnets: ['172.19.0.0/16'], hasHost: false },
      ],
      addresses: [],
      host: [
        '10.43.0.0/16',
        '127.0.0.0/8',
        '::1/128',
        '127.0.0.1',
        '169.254.169.250',
        '192.0.2.7',
        'fd00::1',
        '172.18.0.1',
      ],
      external: [],
    },
    () => [],
  );
  expect(table.spareSources(address)).toEqual(expected);
});
