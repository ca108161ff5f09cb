import { describe, expect, it } from 'vitest';
import { HOST_NETWORK } from '../../../src/catalog/model.js';
import type { Container } from '../../../src/sources/docker/container.js';
import { ContainerLabels } from '../../../src/sources/docker/container-labels.js';
import { toFact, type FactContext } from '../../../src/sources/docker/to-fact.js';
import { container, id, onBridge, startedAt } from './inspection.js';

const context: FactContext = {
  ...{ environment: 'default', hostAddress: '192.0.2.1', clientAddresses: [], unservedNetworks: new Set() },
  ...{ root: undefined, sent: undefined, container: () => undefined },
  labels: new ContainerLabels(),
};

const factOf = (one: Container, over: Partial<FactContext> = {}) => toFact(one, { ...context, ...over }).fact;

const checkRun = { Start: '2026-01-02T03:04:05.1Z', End: '2026-01-02T03:04:05.35Z' };

describe('an inspection becomes a fact', () => {
  it('with everything that a task has', () => {
    expect(factOf(container({ config: { ExposedPorts: { '80/tcp': {} } } }))).toEqual({
      ...{ id, name: 'shop_web_1', names: ['shop_web_1', 'shop-web-1', 'cccccccccccc'] },
      ...{ environment: 'default', stack: 'default', health: 'healthy' },
      service: { environment: 'default', stack: 'default', service: 'shop_web_1' },
      origin: 'default',
      endpoints: [{ network: 'n1', ip: '172.17.0.2' }],
      ports: [{ port: 80, protocol: 'tcp', target: 80 }],
      ...{ labels: {}, links: {}, weight: 1, expose: false, image: 'nginx:1.27' },
      startedAt: Date.UTC(2026, 0, 2, 3, 4, 5, 123),
    });
  });

  it.each([
    [60, 60_000],
    [10, undefined],
    [1, undefined],
    [undefined, undefined],
  ])('with the stop timeout of the container where it is longer than is usual: %s s', (told, stopTimeout) => {
    expect(factOf(container({ config: { StopTimeout: told } }))?.stopTimeout).toBe(stopTimeout);
  });

  it.each([
    [
      '1.41',
      { IPAddress: '172.17.0.2', Networks: { bridge: { ...onBridge.bridge, Aliases: null, Links: null } } },
    ],
    [
      '1.44',
      {
        IPAddress: '172.17.0.2',
        Networks: { bridge: { ...onBridge.bridge, DNSNames: null, MacAddress: '' } },
      },
    ],
    [
      '1.47',
      {
        IPAddress: '172.17.0.2',
        Networks: { bridge: { ...onBridge.bridge, DNSNames: null, DriverOpts: {} } },
      },
    ],
    ['1.52', { Networks: { bridge: { ...onBridge.bridge, GwPriority: 0 } } }],
  ])('in the format of API %s', (_version, settings) => {
    expect(factOf(container({ settings }))?.endpoints).toEqual([{ network: 'n1', ip: '172.17.0.2' }]);
  });

  it.each(['net.ipv6.conf.all.disable_ipv6', 'net.ipv6.conf.eth0.disable_ipv6'])(
    'without IPv6 where the container has it disabled (%s), although Docker gives it an address',
    (sysctl) => {
      const networks = { bridge: { ...onBridge.bridge, GlobalIPv6Address: 'fd00::2' } };
      const endpointsWith = (value: string) =>
        factOf(
          container({ host: { Sysctls: { [sysctl]: value } }, settings: { Networks: networks } }),
        )?.endpoints.map(({ ip }) => ip);
      expect([endpointsWith('1'), endpointsWith('0')]).toEqual([['172.17.0.2'], ['172.17.0.2', 'fd00::2']]);
    },
  );

  it('with aliases of its labels on each of its networks, and for everyone when it has none', () => {
    const config = { Labels: { 'fairlead.aliases': 'front,shop-web-1' } };
    const bridged = factOf(container({ config }));
    expect([bridged?.aliases, bridged?.names.includes('front')]).toEqual([
      [{ network: 'n1', names: ['front'] }],
      false,
    ]);
    const onHost = factOf(container({ config, host: { NetworkMode: 'host' }, settings: { Networks: {} } }));
    expect([onHost?.aliases, onHost?.names.includes('front')]).toEqual([undefined, true]);
  });

  it('with both families, on every network, distinguished by id and not by name', () => {
    const networks = {
      shop: { NetworkID: 'n2', EndpointID: 'e2', IPAddress: '10.9.1.2', GlobalIPv6Address: 'FD00:0::0002' },
      back: { NetworkID: 'n3', EndpointID: 'e3', IPAddress: '10.9.2.2', GlobalIPv6Address: '' },
      broken: { NetworkID: 'n4', EndpointID: 'e4', IPAddress: 'invalid IP' },
    };
    expect(factOf(container({ settings: { Networks: networks } }))?.endpoints).toEqual([
      { network: 'n3', ip: '10.9.2.2' },
      { network: 'n2', ip: '10.9.1.2' },
      { network: 'n2', ip: 'fd00::2' },
    ]);
    expect(
      factOf(container({ settings: { Networks: networks } }), { unservedNetworks: new Set(['n2']) })
        ?.endpoints,
    ).toEqual([{ network: 'n3', ip: '10.9.2.2' }]);
  });

  it('with ports: exposed, published in both families, and from the label', () => {
    const one = container({
      config: {
        ExposedPorts: { '80/tcp': {}, '53/udp': {}, 'x/tcp': {} },
        Labels: { 'fairlead.ports': 'web=80, extra=9000/udp' },
      },
      settings: {
        Ports: {
          '80/tcp': [
            { HostIp: '0.0.0.0', HostPort: '8080' },
            { HostIp: '::', HostPort: '8080' },
          ],
          '53/udp': null,
        },
      },
    });
    expect(factOf(one)?.ports).toEqual([
      { port: 53, protocol: 'udp', target: 53 },
      {
        ...{ port: 80, protocol: 'tcp', target: 80, name: 'web' },
        published: [
          { ip: '0.0.0.0', port: 8080 },
          { ip: '::', port: 8080 },
        ],
      },
      { port: 9000, protocol: 'udp', target: 9000, name: 'extra' },
    ]);
  });

  it('with ports that clients dial under another number, published where the container listens', () => {
    const one = container({
      config: { ExposedPorts: { '80/tcp': {} }, Labels: { 'fairlead.ports': 'web=8080:80, 80:9000' } },
      settings: { Ports: { '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '8000' }] } },
    });
    expect(factOf(one)?.ports).toEqual([
      { port: 80, protocol: 'tcp', target: 9000 },
      {
        ...{ port: 8080, protocol: 'tcp', target: 80, name: 'web' },
        published: [{ ip: '0.0.0.0', port: 8000 }],
      },
    ]);
  });

  it('with its settings for its service, and draining as long as a label says so', () => {
    const Labels = { 'fairlead.vip': '10.43.0.9', 'fairlead.min_healthy': '2', 'fairlead.drain': 'true' };
    expect(factOf(container({ config: { Labels } }))).toMatchObject({
      ...{ vip: '10.43.0.9', balancing: { minHealthy: 2 } },
      ...{ health: 'draining', reason: 'label fairlead.drain=true' },
    });
    const over = container({ config: { Labels }, state: { Running: false, Status: 'exited', ExitCode: 0 } });
    expect(factOf(over)?.health).toBe('stopped');
  });

  it('with the port names and exceptions of registrator', () => {
    const Labels = { SERVICE_80_NAME: 'web', SERVICE_443_IGNORE: 'x' };
    const one = container({ config: { Labels, ExposedPorts: { '80/tcp': {}, '443/tcp': {} } } });
    expect(factOf(one)?.ports).toEqual([{ port: 80, protocol: 'tcp', target: 80, name: 'web' }]);
  });

  it('with legacy links, which a label overrides', () => {
    const host = { Links: ['/r-pg-1:/web/DB', '/redis:/web/cache', 7, 'x'] };
    const one = container({ host, config: { Labels: { 'fairlead.links': 'cache=other.stack' } } });
    expect(factOf(one)?.links).toEqual({ db: 'pg-1', cache: 'other.stack' });
  });

  it('with its own DNS servers, if a label names some', () => {
    const Labels = { 'fairlead.dns.upstreams': '10.0.0.53' };
    expect(factOf(container({ config: { Labels } }))?.upstreams).toEqual([{ ip: '10.0.0.53', port: 53 }]);
    expect(factOf(container({}))).not.toHaveProperty('upstreams');
  });

  it('with registrator’s checks and attributes, from the environment if no label defines them, and without secrets', () => {
    const Env = [
      'SERVICE_CHECK_HTTP=/env',
      'SERVICE_80_CHECK_TCP=true',
      'SERVICE_check_interval=3s',
      'SERVICE_CHECK_TTL=',
      'SERVICE_NAME=web',
      'SERVICE_TOKEN=secret',
      'SERVICE_DB=postgres://shop:secret@db/shop',
      'SERVICE_REGION=eu',
      'PASSWORD=secret',
    ];
    const Labels = { SERVICE_CHECK_HTTP: '/label', SERVICE_x: 'kept' };
    expect(factOf(container({ config: { Env, Labels } }))?.labels).toEqual({
      ...Labels,
      SERVICE_80_CHECK_TCP: 'true',
      SERVICE_NAME: 'web',
      SERVICE_REGION: 'eu',
      SERVICE_check_interval: '3s',
    });
    const SERVICE_CHECK_INTERVAL = '5s';
    expect(factOf(container({ config: { Env, Labels: { SERVICE_CHECK_INTERVAL } } }))?.labels).toEqual({
      SERVICE_CHECK_HTTP: '/env',
      SERVICE_80_CHECK_TCP: 'true',
      SERVICE_NAME: 'web',
      SERVICE_REGION: 'eu',
      SERVICE_CHECK_INTERVAL,
    });
  });

  it('or no fact, if the container asks for it', () => {
    expect(factOf(container({ config: { Labels: { 'fairlead.enable': 'false' } } }))).toBeUndefined();
  });
});

describe('health', () => {
  it.each<[string, object, string, string | undefined, number]>([
    ['no check', {}, 'healthy', undefined, 1],
    ['check off', { Health: { Status: 'none' } }, 'healthy', undefined, 1],
    ['starting', { Health: { Status: 'starting' } }, 'initializing', 'Docker health check: starting', 1],
    ['healthy', { Health: { Status: 'healthy' } }, 'healthy', undefined, 1],
    ['unhealthy', { Health: { Status: 'unhealthy' } }, 'unhealthy', 'Docker health check: unhealthy', 1],
    [
      'unhealthy, with the result',
      { Health: { Status: 'unhealthy', Log: [{ ...checkRun, ExitCode: 7, Output: 'no\nroute' }] } },
      'unhealthy',
      'Docker health check: unhealthy (exit code 7: no route)',
      1,
    ],
    [
      'unhealthy, with a result of before',
      { Health: { Status: 'unhealthy', Log: [{ ...checkRun, ExitCode: 0, Output: 'fine' }] } },
      'unhealthy',
      'Docker health check: unhealthy',
      1,
    ],
    ['paused', { Paused: true, Health: { Status: 'healthy' } }, 'unhealthy', 'paused', 1],
    ['exited', { Running: false, ExitCode: 3 }, 'stopped', 'exited with code 3', 0],
    ['created', { Running: false, Status: 'created' }, 'stopped', 'created, not started', 0],
    ['restarting', { Restarting: true }, 'stopped', 'restarting', 0],
    ['dead', { Dead: true }, 'stopped', 'dead', 0],
  ])('%s', (_what, state, health, reason, endpoints) => {
    const fact = factOf(container({ state }));
    expect([fact?.health, fact?.reason, fact?.endpoints.length]).toEqual([health, reason, endpoints]);
  });

  it.each<[string, object, 'check' | undefined]>([
    ['no check', {}, undefined],
    ['check off', { Health: { Status: 'none' } }, undefined],
    ['starting', { Health: { Status: 'starting' } }, 'check'],
    ['healthy', { Health: { Status: 'healthy' } }, 'check'],
    ['unhealthy', { Health: { Status: 'unhealthy' } }, 'check'],
    ['paused', { Paused: true, Health: { Status: 'healthy' } }, undefined],
    ['exited', { Running: false, Health: { Status: 'healthy' } }, undefined],
  ])('comes only from its own check: %s', (_what, state, from) => {
    expect(factOf(container({ state }))?.healthFrom).toBe(from);
  });

  it('comes from more than its own check if it cannot be reached', () => {
    const one = container({ host: { NetworkMode: 'host' }, state: { Health: { Status: 'healthy' } } });
    expect(factOf(one, { hostAddress: undefined })).not.toHaveProperty('healthFrom');
  });

  const started = Date.parse(startedAt);
  it.each<[string, number, number | undefined, string | undefined, string]>([
    ['15', 15, started + 5, undefined, 'draining'],
    ['9', 9, started + 5, 'SIGQUIT', 'draining'],
    ['3 is the stop signal', 3, started + 5, 'SIGQUIT', 'draining'],
    ['by number', 10, started + 5, '10', 'draining'],
    ['of an engine without a clock', 15, undefined, undefined, 'draining'],
    ['3 is not the stop signal', 3, started + 5, undefined, 'healthy'],
    ['1 is everyday', 1, started + 5, undefined, 'healthy'],
    ['to an earlier run', 15, started - 5, undefined, 'healthy'],
  ])('after a signal: %s', (_what, signal, at, StopSignal, health) => {
    const fact = factOf(container({ config: { StopSignal } }), { sent: { signal, at } });
    expect([fact?.health, fact?.reason]).toEqual([
      health,
      health === 'draining' ? `stop signal ${signal} sent` : undefined,
    ]);
  });
});

describe('network modes', () => {
  const none = { Networks: { none: { NetworkID: 'nn', EndpointID: 'e', IPAddress: '' } } };
  const host = { Networks: { host: { NetworkID: 'nh', EndpointID: 'e', IPAddress: '' } } };

  it('host: the host’s address', () => {
    const one = container({ host: { NetworkMode: 'host' }, settings: host });
    expect(factOf(one)?.endpoints).toEqual([{ network: HOST_NETWORK, ip: '192.0.2.1' }]);
    expect(factOf(one, { hostAddress: undefined })).toMatchObject({ health: 'unhealthy', endpoints: [] });
  });

  it('none: nowhere', () => {
    expect(factOf(container({ host: { NetworkMode: 'none' }, settings: none }))?.endpoints).toEqual([]);
  });

  it('container: the other’s addresses, as long as that is in the same run', () => {
    const child = container({
      host: { NetworkMode: `container:${'p'.repeat(64)}` },
      settings: { Networks: {} },
    });
    const parent = {
      ...container({ name: '/r-parent' }),
      id: 'p'.repeat(64),
      startedAt: (child.startedAt ?? 0) - 1,
    };
    const beside = (other: Container | undefined) => factOf(child, { container: () => other });
    expect(beside(parent)).toMatchObject({
      health: 'healthy',
      endpoints: [{ network: 'n1', ip: '172.17.0.2' }],
      networkOf: parent.id,
    });
    expect(beside({ ...parent, startedAt: (child.startedAt ?? 0) + 1 })).toMatchObject({
      ...{
        endpoints: [],
        health: 'unhealthy',
        reason: 'shares the network of an earlier run of parent; restart it',
      },
    });
    const gone = {
      endpoints: [],
      health: 'unhealthy',
      reason: 'shares the network of parent, which is not running',
    };
    expect(beside({ ...parent, phase: 'stopped' })).toMatchObject(gone);
    expect(beside(undefined)).toMatchObject({ endpoints: [], health: 'unhealthy' });
    expect(beside(child)).toMatchObject({ endpoints: [], health: 'unhealthy' });
  });

  it('docker_gwbridge: asks from there, is not served there, and not once it has stopped', () => {
    const clientAddresses = ['172.18.0.4'];
    expect(factOf(container(), { clientAddresses })).toMatchObject({
      clientAddresses,
      endpoints: [{ network: 'n1' }],
    });
    expect(factOf(container({ state: { Running: false } }), { clientAddresses })).not.toHaveProperty(
      'clientAddresses',
    );
  });

  it('keeps the labels that Fairlead reads and those that the configuration names, and no other', () => {
    const read = {
      'fairlead.weight': '2',
      'fairlead.health.http.headers': 'Authorization: Basic cm9vdDpwdw==',
      'com.docker.compose.project': 'shop',
      'io.rancher.stack.name': 'shop',
      SERVICE_TAGS: 'a',
    };
    const named = { 'traefik.enable': 'true', 'com.example.team': 'a' };
    const others = {
      'traefik.http.middlewares.auth.basicauth.users': 'root:$apr1$x',
      'com.example.teams': 'b',
      'fairlead.unknown': 'x',
      constructor: 'x',
    };
    const one = container({ config: { Labels: { ...read, ...named, ...others } } });
    expect(factOf(one)?.labels).toEqual(read);
    const labels = new ContainerLabels(['traefik.e*', 'com.example.team']);
    expect(factOf(one, { labels })?.labels).toEqual({ ...read, ...named });
    // Checks are read again where the labels are another object.
    expect(factOf({ ...one, phase: 'paused' }, { labels })?.labels).toBe(factOf(one, { labels })?.labels);
  });

  it('tells of labels about the PROXY protocol that do nothing for UDP', () => {
    const labels = { 'fairlead.proxy_protocol': 'v1', 'fairlead.accept_proxy': 'true' };
    const problemsWith = (port: string) =>
      toFact(container({ config: { Labels: labels, ExposedPorts: { [port]: {} } } }), context).problems;
    expect(problemsWith('80/tcp')).toEqual([]);
    expect(problemsWith('53/udp')).toMatchObject(
      ['proxy_protocol', 'accept_proxy'].map((name) => ({
        ...{ code: 'label-without-effect', task: id },
        message: expect.stringContaining(
          `container shop_web_1: label fairlead.${name} does nothing for 53/udp: `,
        ) as string,
      })),
    );
  });
});

describe('what Docker’s resolver answers for it', () => {
  it('network aliases by network, except its own names', () => {
    const Networks = {
      front: { NetworkID: 'n1', IPAddress: '172.18.0.2', Aliases: ['WEB', 'cccccccccccc', 'www'] },
      back: { NetworkID: 'n2', IPAddress: '172.19.0.2', DNSNames: ['shop_web_1', 'web', 'host.example'] },
      plain: { NetworkID: 'n3', IPAddress: '172.20.0.2', Aliases: null },
    };
    expect(factOf(container({ settings: { Networks } }))?.aliases).toEqual([
      { network: 'n2', names: ['web', 'host.example'] },
      { network: 'n1', names: ['web', 'www'] },
    ]);
  });

  it('invalid names are left out', () => {
    const Networks = {
      front: { NetworkID: 'n1', IPAddress: '172.18.0.2', Aliases: ['a b', '', '.'.repeat(3), 'ok'] },
    };
    expect(factOf(container({ settings: { Networks } }))?.aliases).toEqual([
      { network: 'n1', names: ['ok'] },
    ]);
  });

  it('links of the default bridge and of user networks', () => {
    const Networks = {
      front: { NetworkID: 'n1', IPAddress: '172.18.0.2', Links: ['shop_db_1:database', 'shop_db_1:db_1'] },
    };
    const host = { Links: ['/old:/shop_web_1/legacy'] };
    expect(factOf(container({ host, settings: { Networks } }))?.links).toEqual({
      ...{ legacy: 'old', database: 'shop_db_1', db_1: 'shop_db_1' },
    });
  });
});

describe('how it resolves names', () => {
  const root = '/var/lib/docker';

  it('where the engine keeps its file, before its first start and after it', () => {
    expect(factOf(container(), { root })?.resolver?.path).toBe(
      `/var/lib/docker/containers/${id}/resolv.conf`,
    );
    const one = { ...container(), resolvConf: '/elsewhere/resolv.conf' };
    expect(factOf(one, { root })?.resolver?.path).toBe('/elsewhere/resolv.conf');
    expect(factOf(container())?.resolver).toBeUndefined();
  });

  it('its servers, its namespace, and whether the user has mounted a file', () => {
    const own = container({
      ...{
        host: { Dns: ['192.0.2.53'] },
        state: { Pid: 77 },
        settings: { SandboxKey: '/run/docker/netns/1' },
      },
    });
    expect(factOf(own, { root })?.resolver).toMatchObject({
      ...{ servers: ['192.0.2.53'], namespace: 'own', isMounted: false, isRunning: true },
      namespaces: ['/run/docker/netns/1', '/proc/77/ns/net'],
    });
    const host = { NetworkMode: 'host' };
    expect(factOf(container({ host }), { root })?.resolver?.namespace).toBe('host');
    const none = { NetworkMode: 'none' };
    expect(factOf(container({ host: none }), { root })?.resolver?.namespace).toBe('none');
    const shared = { NetworkMode: 'container:x' };
    expect(factOf(container({ host: shared }), { root })?.resolver?.namespace).toBe('container');
  });

  it('what its labels say: Fairlead’s own before Rancher’s', () => {
    const asks = (Labels: object) => factOf(container({ config: { Labels } }))?.asksFairlead;
    expect(asks({})).toBeUndefined();
    expect(asks({ 'fairlead.dns': 'true' })).toBe(true);
    expect(asks({ 'io.rancher.container.dns': 'true' })).toBe(true);
    expect(asks({ 'io.rancher.container.dns': 'true', 'fairlead.dns': 'false' })).toBe(false);
  });
});
