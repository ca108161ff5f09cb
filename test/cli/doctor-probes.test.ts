import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { probeDocker } from '../../src/cli/doctor/probe-docker.js';
import { probeAnswer, probeTcp, probeUdp } from '../../src/cli/doctor/probe-port.js';
import { closedPort } from '../support/own-port.js';

describe('probes', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'fairlead-doctor-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it.each([
    ['nftables', { FirewallBackend: { Driver: 'nftables' } }],
    ['iptables', {}],
  ])('find an engine with %s', async (firewall, info) => {
    const server = createServer(({ url }, response) => {
      response.end(JSON.stringify(url === '/version' ? { Version: '28.5.1', ApiVersion: '1.51' } : info));
    });
    const path = join(dir, 'docker.sock');
    await new Promise<void>((resolve) => server.listen(path, resolve));
    expect(await probeDocker(path)).toMatchObject({ state: 'up', engine: '28.5.1', api: '1.51', firewall });
    await new Promise((resolve) => server.close(resolve));
  });

  it('read the resolv.conf of every running container that has one', async () => {
    const file = join(dir, 'resolv.conf');
    writeFileSync(file, 'nameserver 192.0.2.1\noptions ndots:5\n');
    const id = (digit: string) => digit.repeat(64);
    const containers: Record<string, object> = {
      [`/containers/${id('a')}/json`]: { Name: '/web', ResolvConfPath: file },
      [`/containers/${id('b')}/json`]: { Name: '/gone', ResolvConfPath: join(dir, 'none') },
      [`/containers/${id('c')}/json`]: { Name: '/host-mode', ResolvConfPath: '' },
    };
    const list = [{ Id: id('a') }, { Id: id('b') }, { Id: id('c') }, { Id: '../x' }, 7];
    const server = createServer(({ url = '' }, response) => {
      response.end(JSON.stringify(url === '/containers/json' ? list : (containers[url] ?? {})));
    });
    const path = join(dir, 'docker.sock');
    await new Promise<void>((resolve) => server.listen(path, resolve));
    expect(await probeDocker(path)).toMatchObject({
      containers: [{ name: 'web', servers: ['192.0.2.1'], ndots: 5 }, { name: 'gone' }],
    });
    await new Promise((resolve) => server.close(resolve));
  });

  it('find a container to check from on each bridge, by the name of the bridge on this host', async () => {
    const id = (digit: string) => digit.repeat(64);
    const network = (digit: string, driver: string, options: object | null = {}) => ({
      ...{ Id: id(digit), Driver: driver, Options: options },
    });
    const networks = [
      network('1', 'bridge', { 'com.docker.network.bridge.name': 'docker0' }),
      network('2', 'bridge', null),
      network('3', 'bridge', { 'com.docker.network.bridge.name': 'a b; reboot' }),
      network('4', 'overlay'),
      network('5', 'macvlan'),
    ];
    const on = (digit: string, gateway = '10.0.0.1') => ({
      ...{ NetworkID: id(digit), Gateway: gateway, IPAddress: `10.0.${digit}.2` },
    });
    const container = (name: string, places: object, pid = 7) => ({
      ...{ Name: `/${name}`, State: { Pid: pid }, NetworkSettings: { Networks: places } },
    });
    const containers: Record<string, object> = {
      [`/containers/${id('a')}/json`]: container('two', { bridge: on('1'), shop: on('2') }),
      [`/containers/${id('b')}/json`]: container('one', { shop: on('2') }),
      [`/containers/${id('c')}/json`]: container('vault', { vault: on('3', '') }),
      [`/containers/${id('d')}/json`]: container('far', { mesh: on('4'), lan: on('5') }),
      [`/containers/${id('e')}/json`]: container('stopped', { none: on('1') }, 0),
    };
    const list = ['a', 'b', 'c', 'd', 'e'].map((digit) => ({ Id: id(digit) }));
    const server = createServer(({ url = '' }, response) => {
      const answers = { ...containers, '/containers/json': list, '/networks': networks };
      response.end(JSON.stringify(new Map<string, object>(Object.entries(answers)).get(url) ?? {}));
    });
    const path = join(dir, 'docker.sock');
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const found = await probeDocker(path);
    await new Promise((resolve) => server.close(resolve));
    expect(found.state === 'up' && found.vantages).toEqual([
      { container: 'one', pid: 7, network: 'shop', bridge: 'br-222222222222', ip: '10.0.2.2' },
      { container: 'vault', pid: 7, network: 'vault', bridge: 'br-333333333333' },
      { container: 'far', pid: 7, network: 'mesh', bridge: 'docker_gwbridge' },
      { container: 'two', pid: 7, network: 'bridge', bridge: 'docker0', ip: '10.0.1.2' },
    ]);
  });

  it('find the subnets of every network, whatever else the engine says', async () => {
    const networks = [
      { Name: 'bridge', IPAM: { Config: [{ Subnet: '172.17.0.0/16' }, { Subnet: 'fd00:17::/64' }] } },
      { Name: 'odd', IPAM: { Config: [{ Subnet: 'x' }, {}, 7] } },
      { Name: 'host', IPAM: { Config: null } },
      7,
    ];
    const server = createServer(({ url }, response) => {
      response.end(JSON.stringify(url === '/networks' ? networks : {}));
    });
    const path = join(dir, 'docker.sock');
    await new Promise<void>((resolve) => server.listen(path, resolve));
    expect(await probeDocker(path)).toMatchObject({
      subnets: [
        { range: '172.17.0.0/16', what: 'the network "bridge" (172.17.0.0/16)' },
        { range: 'fd00:17::/64' },
      ],
    });
    await new Promise((resolve) => server.close(resolve));
  });

  it('distinguish the reasons for a missing engine', async () => {
    expect(await probeDocker(join(dir, 'none'))).toMatchObject({ state: 'absent' });
    writeFileSync(join(dir, 'file'), '');
    expect(await probeDocker(join(dir, 'file'))).toMatchObject({ state: 'no-socket' });
    const server = createServer((_, response) => response.writeHead(500).end());
    await new Promise<void>((resolve) => server.listen(join(dir, 'bad.sock'), resolve));
    expect(await probeDocker(join(dir, 'bad.sock'))).toMatchObject({
      state: 'silent',
      message: '/version answers HTTP 500',
    });
    await new Promise((resolve) => server.close(resolve));
  });

  it('find out whether a port is taken and whether it answers', async () => {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const { port } = socket.address();
    const address = { ip: '127.0.0.1', port };
    expect(await probeUdp(address)).toBe('taken');
    expect(await probeAnswer(address)).toBe(false);
    socket.on('message', (query, { port: to }) => socket.send(query, to, '127.0.0.1'));
    expect(await probeAnswer(address)).toBe(true);
    await new Promise<void>((resolve) => socket.close(resolve));
    expect(await probeUdp({ ip: '127.0.0.1', port: closedPort })).toBe('free');
    expect(await probeUdp({ ip: '192.0.2.1', port: 5300 })).toBe('no-address');
    const server = createTcpServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const bound = server.address() as { port: number };
    expect(await probeTcp({ ip: '127.0.0.1', port: bound.port })).toBe('taken');
    await new Promise((resolve) => server.close(resolve));
    expect(await probeTcp({ ip: '127.0.0.1', port: closedPort })).toBe('free');
  });
});
