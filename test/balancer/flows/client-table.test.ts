import { describe, expect, it } from 'vitest';
import { ClientTable } from '../../../src/balancer/flows/client-table.js';
import type { ClientNetworks, ClientRule } from '../../../src/balancer/plane.js';
import { guardOf } from '../../../src/balancer/proxy/guard-of.js';
import { backend, tcpService } from '../proxy/peer.js';

const CLIENTS: ClientNetworks = {
  networks: [
    { id: 'front', subnets: ['172.18.0.0/16', 'fd18::/64'], bridge: 'br-front', hasHost: true },
    { id: 'vault', subnets: ['172.20.0.0/16'], bridge: 'br-vault', hasHost: false },
    { id: 'mesh', subnets: ['10.0.9.0/24'], hasHost: false },
  ],
  // On two networks, and on an overlay behind docker_gwbridge.
  addresses: [
    ['172.18.0.9', ['front', 'vault']],
    ['172.19.0.3', ['mesh']],
  ],
  host: ['10.43.0.0/16', '127.0.0.0/8', '172.18.0.1'],
  external: ['192.168.7.0/24'],
};
const rule = (over: Partial<ClientRule>): ClientRule => ({
  ...{ everyone: false, networks: [], hostPort: false },
  ...over,
});

describe('whose connections a virtual service accepts', () => {
  const table = new ClientTable(CLIENTS, () => ['198.51.100.7']);
  const vault = rule({ networks: ['vault'] });

  it.each([
    ['a client on the network', '172.20.0.5', true],
    ['a client on another network', '172.18.0.5', false],
    ['a client on both, from its address on the other', '172.18.0.9', true],
    ['the host, from the address itself', '10.43.0.7', true],
    ['the host, from its bridge', '172.18.0.1', true],
    ['the host, from an address that is new', '198.51.100.7', true],
    ['another machine', '192.0.2.1', false],
    ['another machine that vip.external lists', '192.168.7.9', true],
    ['another family of another network', 'fd18::5', false],
  ])('of a service on an internal network: %s', (_, address, isAdmitted) => {
    expect(table.admits(vault, address)).toBe(isAdmitted);
  });

  it('everyone’s on a network of the host if the service says so, but never those of other machines', () => {
    const everyone = rule({ everyone: true });
    for (const address of ['172.18.0.5', '172.20.0.5', '172.19.0.3', 'fd18::5', '192.168.7.9'])
      expect(table.admits(everyone, address)).toBe(true);
    expect(table.admits(everyone, '192.0.2.1')).toBe(false);
  });

  it('those of clients that reach the host, if the host offers the port', () => {
    const published = rule({ hostPort: true });
    expect(table.admits(published, '172.18.0.5')).toBe(true);
    expect(table.admits(published, '172.20.0.5')).toBe(false);
    expect(table.admits(published, '172.18.0.9')).toBe(true);
  });

  it('all, if the service has no rule', () => {
    expect(table.admits(undefined, '192.0.2.1')).toBe(true);
  });
});

describe('the guard in the kernel', () => {
  const at = { ip: '10.43.0.5', port: 80 };
  const place = { vip: '10.43.0.5', port: 80, protocol: 'tcp' };

  it('names interfaces, and clients on more networks than their address shows', () => {
    const service = tcpService(at, [], { clients: rule({ networks: ['vault'] }) });
    expect(guardOf([service], CLIENTS)).toEqual({
      bridges: ['br-front', 'br-vault'],
      external: ['192.168.7.0/24'],
      served: [place],
      taskless: [],
      open: [],
      near: [{ ...place, bridge: 'br-vault' }],
      known: [{ ...place, client: '172.18.0.9' }],
    });
  });

  it('names UDP ports of which there is no task, but not those whose tasks drain', () => {
    const udp = { ...tcpService(at, []), protocol: 'udp' } as const;
    expect(guardOf([udp, tcpService(at, [])], CLIENTS).taskless).toEqual([{ vip: at.ip, port: at.port }]);
    const draining = { ...udp, backends: [backend('a', at, { state: 'draining' })] };
    expect(guardOf([draining], CLIENTS).taskless).toEqual([]);
  });

  it('admits everyone if the rule allows it, and clients that reach the host if it offers the port', () => {
    const everyone = tcpService(at, [], { clients: rule({ everyone: true }) });
    expect(guardOf([everyone], CLIENTS)).toMatchObject({ open: [place], near: [], known: [] });
    const published = tcpService(at, [], { clients: rule({ hostPort: true }) });
    expect(guardOf([published], CLIENTS)).toMatchObject({
      open: [],
      near: [{ ...place, bridge: 'br-front' }],
      known: [{ ...place, client: '172.18.0.9' }],
    });
  });

  it('agrees with the table about every client on its own interface', () => {
    const table = new ClientTable(CLIENTS);
    for (const clients of [
      rule({ networks: ['vault'] }),
      rule({ networks: ['mesh'] }),
      rule({ hostPort: true }),
    ]) {
      const { near, known } = guardOf([tcpService(at, [], { clients })], CLIENTS);
      for (const [address, bridge] of [
        ['172.18.0.5', 'br-front'],
        ['172.18.0.9', 'br-front'],
        ['172.20.0.5', 'br-vault'],
        ['172.19.0.3', 'docker_gwbridge'],
      ] as const) {
        const isLetIn =
          near.some((each) => each.bridge === bridge) || known.some((each) => each.client === address);
        expect(isLetIn).toBe(table.admits(clients, address));
      }
    }
  });
});
