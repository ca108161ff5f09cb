import { describe, expect, it } from 'vitest';
import { Carriages, type KernelTerms } from '../../../src/balancer/nftables/carriage.js';
import type { WayState } from '../../../src/balancer/nftables/ways.js';
import type { ClientNetworks, VirtualService } from '../../../src/balancer/plane.js';
import { backend, tcpService } from '../proxy/peer.js';

const CLIENTS: ClientNetworks = {
  networks: [
    { id: 'front', subnets: ['10.88.0.0/24'], bridge: 'br0', hasHost: true },
    { id: 'back', subnets: ['10.99.0.0/24', 'fd99::/64'], bridge: 'br1', hasHost: false },
    { id: 'shy', subnets: ['10.77.0.0/24'], bridge: 'br2', hasHost: true, separate: true },
    { id: 'wide', subnets: ['10.66.0.0/24'], hasHost: false },
  ],
  addresses: [
    ['10.88.0.7', ['back']],
    ['10.88.0.8', ['back', 'front']],
  ],
  host: [],
  external: [],
};
const vip = { ip: '10.43.0.2', port: 80 };
const carriages = (terms: Partial<KernelTerms> = {}): Carriages =>
  new Carriages(CLIENTS, { bridgesFiltered: false, ...terms }, 'ip');
const at = (ips: readonly string[], over: Partial<VirtualService> = {}): VirtualService =>
  tcpService(
    vip,
    ips.map((ip, n) => backend(`t${n}`, { ip, port: 8080 })),
    over,
  );
const udp = { protocol: 'udp' } as const;
const restricted = (networks: readonly string[], hostPort = false) => ({
  clients: { everyone: false, networks, hostPort },
});

describe('what the kernel carries', () => {
  it.each([
    ['tasks on one bridge', at(['10.88.0.2', '10.88.0.3']), ['br0']],
    ['tasks on several', at(['10.88.0.2', '10.99.0.3']), []],
    ['clients of the network', at(['10.88.0.2'], restricted(['front'])), ['br0']],
    ['clients of another network only', at(['10.88.0.2'], restricted(['back'])), []],
    ['clients by a port of the host', at(['10.88.0.2'], restricted([], true)), ['br0']],
    ['an internal network does not reach a port of the host', at(['10.99.0.2'], restricted([], true)), []],
    ['a network whose tasks are kept apart', at(['10.77.0.2']), []],
  ])('%s', (_, service, bridges) => {
    expect(carriages().of(service)).toMatchObject({ service: { bridges, host: true } });
  });

  it.each([
    [at(['10.88.0.2'], { scheduler: 'wlc' }), 'the scheduler wlc needs to know'],
    [at(['10.88.0.2'], { maxConnections: 1 }), 'a limit'],
    [at(['10.88.0.2'], { maxPerClient: 1 }), 'a limit'],
    [{ ...at([]), backends: [backend('a', { ip: '10.88.0.2', port: 1 }, { maxConnections: 3 })] }, 'a limit'],
    [at(['10.88.0.2'], { proxyProtocol: 'v1' }), 'PROXY headers'],
    [at(['10.88.0.2'], { acceptProxy: true }), 'PROXY headers'],
    [at(['10.88.0.2'], { timeouts: { idle: 1 } }), 'idle timeout'],
    [at(['10.88.0.2'], { ...udp, replies: 1 }), 'number of replies'],
    [at(['10.88.0.2'], { ...udp, ops: true }), 'each datagram'],
  ])('not what only the proxy can do: %#', (service, why) => {
    expect(carriages().of(service)).toMatchObject({
      why: expect.stringContaining(why) as string,
      isAsked: true,
    });
  });

  it('not tasks elsewhere, which nobody has asked for', () => {
    const why = 'not all of its tasks are on a bridge of this host';
    for (const ip of ['127.0.0.1', '192.0.2.1', '10.66.0.2'])
      expect(carriages().of(at(['10.88.0.2', ip]))).toEqual({ why, isAsked: false });
    expect(carriages().of(at([]))).toEqual({ why: 'no task takes connections', isAsked: false });
  });

  it('datagrams only where their flows can be ended', () => {
    expect(carriages().of(at(['10.88.0.2'], udp))).toHaveProperty('service');
    expect(carriages({ noUdp: 'there is no conntrack' }).of(at(['10.88.0.2'], udp))).toMatchObject({
      why: 'there is no conntrack',
    });
  });

  it('the host only, where packets are not led back into a bridge', () => {
    const closed = carriages({ unbridged: 'no forwarding' });
    expect(closed.of(at(['10.88.0.2']))).toMatchObject({ service: { bridges: [], host: true } });
    expect(closed.clients).toMatchObject({ homes: [], masqueraded: [] });
  });

  it('leaves a task to the proxy that asks itself, where a bridge would not give its frame back', () => {
    expect(carriages().of(at(['10.88.0.2']))).toMatchObject({ service: { selves: [] } });
    const filtered = carriages({ bridgesFiltered: true });
    expect(filtered.of(at(['10.88.0.2']))).toMatchObject({ service: { selves: ['10.88.0.2'] } });
  });

  it('knows clients by interface and address, but not those that are elsewhere than their address tells', () => {
    expect(carriages().clients).toEqual({
      homes: [
        { bridge: 'br0', subnet: '10.88.0.0/24' },
        { bridge: 'br1', subnet: '10.99.0.0/24' },
      ],
      apart: ['10.88.0.7'],
      masqueraded: ['br0', 'br1'],
      crossings: [],
      several: [],
    });
    expect(carriages({ bridgesFiltered: true }).clients.masqueraded).toEqual([]);
    expect(new Carriages(CLIENTS, { bridgesFiltered: false }, 'ip6').clients).toEqual({
      homes: [{ bridge: 'br1', subnet: 'fd99::/64' }],
      apart: [],
      masqueraded: ['br0', 'br1'],
      crossings: [],
      several: [],
    });
  });
});

describe('from one bridge to another', () => {
  const open = { isOpen: true, keepsSources: true } as const;
  const closed = { isOpen: false, why: 'a rule drops it' } as const;
  const crossed = (states: Readonly<Record<string, WayState>>, over: Partial<KernelTerms> = {}): Carriages =>
    carriages({ ways: { states: new Map(Object.entries(states)) }, ...over });
  const inner = { bridge: 'br1', why: 'an internal network is never opened' };

  it('the kernel carries where a way is open, of clients that may use the service', () => {
    const made = crossed({ 'br2 br0': open });
    expect(made.of(at(['10.88.0.2']))).toMatchObject({
      ...{ service: { bridges: ['br0', 'br2'] }, left: [inner] },
    });
    expect(made.of(at(['10.88.0.2'], restricted(['front'])))).toMatchObject({
      ...{ service: { bridges: ['br0'] }, left: [] },
    });
    expect(made.of(at(['10.88.0.2'], restricted(['front'], true)))).toMatchObject({
      ...{ service: { bridges: ['br0', 'br2'] }, left: [] },
    });
    expect([...made.asked.keys()]).toEqual(['br2 br0']);
  });

  it('the proxy carries the others, and says why', () => {
    const left = (states: Readonly<Record<string, WayState>>) => crossed(states).of(at(['10.88.0.2']));
    expect(left({})).toMatchObject({
      left: [inner, { bridge: 'br2', why: 'the way to br0 has not been tried yet' }],
    });
    expect(left({ 'br2 br0': closed })).toMatchObject({
      left: [inner, { bridge: 'br2', why: 'a rule drops it' }],
    });
    expect(carriages().of(at(['10.88.0.2']))).toMatchObject({
      left: ['br1', 'br2'].map((bridge) => ({
        ...{ bridge, why: 'only the proxy carries connections to another bridge' },
      })),
    });
  });

  it('never from an internal network, and never to one', () => {
    const made = crossed({ 'br0 br1': open, 'br1 br0': open, 'br2 br1': open });
    expect(made.of(at(['10.99.0.2']))).toMatchObject({
      service: { bridges: ['br1'] },
      left: ['br0', 'br2'].map((bridge) => ({ ...inner, bridge })),
    });
    expect([...made.asked.keys()]).toEqual([]);
  });

  it('needs a way to each bridge that has tasks', () => {
    const both = at(['10.88.0.2', '10.77.0.2']);
    const apart = { bridge: 'br2', why: 'its containers are kept apart' };
    expect(crossed({ 'br2 br0': open, 'br0 br2': open }).of(both)).toMatchObject({
      ...{ service: { bridges: ['br0'] }, left: [inner, apart] },
    });
    expect(crossed({ 'br2 br0': open, 'br0 br2': closed }).of(both)).toMatchObject({
      ...{ service: { bridges: [] }, left: [{ bridge: 'br0' }, inner, apart] },
    });
  });

  it('keeps sources where that is found to work, but not to tasks that are on several networks', () => {
    const mark = { value: 1, mask: 1 };
    const { clients } = carriages({
      ways: {
        mark,
        states: new Map<string, WayState>([
          ['br2 br0', open],
          ['br0 br2', closed],
        ]),
      },
    });
    expect(clients).toMatchObject({
      homes: [{ bridge: 'br0' }, { bridge: 'br1' }, { bridge: 'br2', subnet: '10.77.0.0/24' }],
      masqueraded: ['br0', 'br1'],
      crossings: [{ from: 'br2', to: 'br0', keepsSources: true }],
      several: ['10.88.0.8'],
      mark,
    });
  });
});
