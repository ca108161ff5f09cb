import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { diagnose } from '../../src/cli/doctor/all-checks.js';
import { capabilitiesOf, daemonJsonFacts } from '../../src/cli/doctor/collect.js';
import { containerResolver, nameserversOf } from '../../src/cli/doctor/container-resolv-conf.js';
import type { DaemonFacts, HostFacts, ListenerFacts, VipFacts } from '../../src/cli/doctor/host-facts.js';
import type { StatusJson } from '../../src/api/types/status-json.js';
import type { UpstreamJson } from '../../src/api/types/dns-figures.js';
import { ask, load, NOW, startApi, STATUS, stopApi } from '../api/fixture.js';
import { fairlead } from './run.js';

const listener: ListenerFacts = {
  ip: '169.254.169.250',
  port: 53,
  present: true,
  linkLocal: true,
  udp: 'free',
  tcp: 'free',
  answers: false,
};

const engine = {
  state: 'up',
  path: '/var/run/docker.sock',
  engine: '28.5.1',
  api: '1.51',
  firewall: 'iptables',
  containers: [{ name: 'web', servers: ['169.254.169.250'] }],
  subnets: [],
} as const;

const vips: Extract<VipFacts, { state: 'wanted' }> = {
  ...{ state: 'wanted', pool: '10.43.0.0/16', isChosen: false, isLoopback: false, conflicts: [] },
  ...{ route: false, rules: { state: 'absent' }, carried: [] },
};

const leading: typeof vips = {
  ...vips,
  route: true,
  rules: {
    ...{ state: 'present', complete: true },
    redirects: [{ vip: '10.43.1.2', port: 80, listenPort: 40001 }],
  },
  carried: ['10.43.1.2:80'],
};

/** A host on which all is well and no daemon runs yet. */
const host: HostFacts = {
  now: NOW,
  platform: 'linux',
  node: '24.5.0',
  capabilities: [10, 12],
  config: { path: '/etc/fairlead/fairlead.yaml', errors: [] },
  daemon: {
    state: 'down',
    address: 'unix:/x',
    message: 'cannot reach the daemon at unix:/x: the socket does not exist; start it',
  },
  listeners: [listener],
  docker: engine,
  nameservers: ['192.0.2.53'],
  daemonJson: { state: 'read', dns: ['169.254.169.250'] },
  sysctls: { unprivilegedPortStart: 1024, rpFilter: 2 },
  vips,
};

const status = (more: object = {}): StatusJson =>
  ({
    version: '0.1.0',
    now: new Date(NOW).toISOString(),
    startedAt: new Date(NOW - 60_000).toISOString(),
    config: { hash: 'x', loadedAt: new Date(NOW).toISOString() },
    dns: {
      listen: ['169.254.169.250:53'],
      ready: true,
      upstreams: [],
      forwarding: { routes: [] },
      counters: {},
      answering: { backend: 'native', threads: 1 },
      zones: { denied: ['invalid', 'local', '10.in-addr.arpa'], opened: ['corp.local'] },
    },
    sources: [{ name: 'docker', state: 'live', detail: 'Engine 28.5' }],
    publishers: [],
    problems: [],
    adoption: { adopted: 0, left: {}, problems: [] },
    vips: { plane: 'proxy', pool: '10.43.0.0/16', services: 1, carrier: {} },
    ...more,
  }) as unknown as StatusJson;

const withRoutes = (upstreams: readonly Omit<UpstreamJson, 'times'>[], suffix = '.') => ({
  dns: {
    listen: ['169.254.169.250:53'],
    forwarding: { routes: [{ suffix, upstreams }] },
    answering: { backend: 'dgram', why: 'dns.native is off' },
    zones: { denied: ['invalid', 'local', '10.in-addr.arpa'], opened: ['corp.local'] },
  },
});

const up = (more?: object): DaemonFacts => ({ state: 'up', address: 'unix:/x', status: status(more) });

const kernelCarries = (kernel: object) => ({
  vips: { plane: 'nftables', pool: '10.43.0.0/16', services: 3, carrier: { kernel } },
});

const find = (facts: Partial<HostFacts>, check: string) =>
  diagnose({ ...host, ...facts })
    .filter((finding) => finding.check === check)
    .map(({ verdict, message }) => `${verdict} ${message}`)
    .join('\n');

describe('checks', () => {
  it('reports a good host as good', () => {
    expect(
      diagnose({
        ...host,
        daemon: up(),
        vips: leading,
        listeners: [{ ...listener, udp: 'taken', tcp: 'taken', answers: true }],
      }).map(({ verdict }) => verdict),
    ).not.toContain('FAIL');
    expect(diagnose(host).filter(({ verdict }) => verdict !== 'OK')).toMatchObject([
      { check: 'daemon', verdict: 'WARN' },
    ]);
  });

  it('lists the denied zones, and their exceptions', () => {
    expect(find({ daemon: up() }, 'zones')).toBe(
      'OK denied here: invalid, local and 1 reverse zone; asked upstream all the same: corp.local (dns.forward opens more)',
    );
  });

  it('gives every warning and failure a remedy', () => {
    const bad = diagnose({
      ...host,
      node: '18.0.0',
      config: { errors: ['fairlead.yaml:1:1: bad'] },
      capabilities: [],
      listeners: [
        { ...listener, present: false },
        { ...listener, port: 54, udp: 'taken' },
      ],
      docker: { state: 'silent', path: '/s' },
      nameservers: [],
      daemonJson: { state: 'unreadable', message: 'x' },
      vips: {
        ...vips,
        conflicts: ['a; b'],
        route: 'no',
        rulesFault: 'the command nft is not installed',
        bindFault: 'x',
      },
    }).filter(({ verdict }) => verdict !== 'OK');
    expect(bad.length).toBeGreaterThan(6);
    expect(bad.filter(({ remedy }) => !remedy)).toEqual([]);
  });

  it.each<[string, Partial<HostFacts>, string]>([
    ['node', { node: '20.18.3' }, 'FAIL Node 20.18.3 is older than 20.19'],
    [
      'node',
      { node: '20.19.0', now: Date.UTC(2026, 3, 30, 12) },
      'OK Node 20.19.0, supported until 2026-04-30',
    ],
    [
      'node',
      { node: '20.19.0', now: Date.UTC(2026, 4, 1) },
      'WARN Node 20.19.0 has had no security fixes since 2026-04-30',
    ],
    ['node', { node: '23.1.0' }, 'WARN Node 23.1.0 is not a long-term release'],
    ['node', { node: '26.0.0' }, 'OK Node 26.0.0'],
    ['config', { config: { errors: ['a:1:2: bad', 'b', 'c'] } }, 'FAIL a:1:2: bad (and 2 more)'],
    ['rights', { capabilities: [] }, 'FAIL this user lacks CAP_NET_BIND_SERVICE (for port 53)'],
    [
      'rights',
      {
        capabilities: [10],
        listeners: [{ ...listener, present: false, udp: 'no-address', tcp: 'no-address' }],
      },
      'FAIL this user lacks CAP_NET_ADMIN (to add 169.254.169.250 to an interface)',
    ],
    ['rights', { capabilities: [], sysctls: { unprivilegedPortStart: 0 } }, 'OK this user may bind'],
    ['rights', { capabilities: [], daemon: up() }, 'OK the daemon has the rights that it needs'],
    [
      'address',
      { listeners: [{ ...listener, present: false }] },
      'OK 169.254.169.250 is not on an interface yet; the daemon adds it',
    ],
    [
      'address',
      { listeners: [{ ...listener, present: false }], daemon: up() },
      'FAIL 169.254.169.250 is no longer on an interface',
    ],
    [
      'address',
      { listeners: [{ ...listener, ip: '10.0.0.9', linkLocal: false, present: false }] },
      'FAIL 10.0.0.9 is not on an interface of this host',
    ],
    ['port', {}, 'OK 169.254.169.250:53 is free'],
    [
      'port',
      { listeners: [{ ...listener, udp: 'taken', answers: true }] },
      'FAIL 169.254.169.250:53 is taken (UDP): another DNS server answers there',
    ],
    [
      'port',
      { listeners: [{ ...listener, udp: 'taken', tcp: 'taken' }] },
      'FAIL 169.254.169.250:53 is taken (UDP and TCP): another program holds it',
    ],
    [
      'port',
      { daemon: up(), listeners: [{ ...listener, udp: 'taken', tcp: 'taken', answers: true }] },
      'OK 169.254.169.250:53 is served by Fairlead',
    ],
    [
      'port',
      { daemon: up(), listeners: [{ ...listener, udp: 'taken', tcp: 'taken' }] },
      'WARN 169.254.169.250:53 is held by Fairlead, but',
    ],
    ['docker', {}, 'OK Engine 28.5.1, API 1.51, firewall iptables'],
    ['docker', { docker: { state: 'absent', path: '/s' } }, 'FAIL /s does not exist'],
    ['docker', { docker: { state: 'denied', path: '/s' } }, 'FAIL no permission to open /s'],
    [
      'docker',
      {
        docker: {
          state: 'up',
          path: '/s',
          engine: '19',
          api: '1.40',
          firewall: 'iptables',
          containers: [],
          subnets: [],
        },
      },
      'WARN Engine 19',
    ],
    ['docker', { docker: { state: 'off' } }, ''],
    [
      'containers',
      { daemonJson: { state: 'absent' }, docker: { ...engine, containers: [] } },
      "WARN Docker's daemon.json names no DNS server",
    ],
    [
      'containers',
      { daemonJson: { state: 'read', dns: ['1.1.1.1'] } },
      "WARN Docker's daemon.json names 1.1.1.1: so containers do not ask Fairlead unless they are started with it",
    ],
    [
      'containers',
      { daemonJson: { state: 'read', dns: ['169.254.169.250', '1.1.1.1'] } },
      "WARN Docker's daemon.json names 1.1.1.1 beside Fairlead: some resolvers (musl) ask all servers at once",
    ],
    [
      'containers',
      { daemonJson: { state: 'read', dns: ['169.254.169.250'], ndots: 5 } },
      "OK Docker tells containers to ask 169.254.169.250\nWARN Docker's daemon.json sets ndots:5",
    ],
    [
      'containers',
      {
        daemonJson: { state: 'absent' },
        docker: { ...engine, containers: [{ name: 'a', servers: ['169.254.169.250'] }] },
      },
      'OK Docker tells containers to ask 169.254.169.250',
    ],
    [
      'containers',
      {
        daemonJson: { state: 'absent' },
        docker: {
          ...engine,
          containers: [{ name: 'a', servers: ['169.254.169.250'], isOwnChoice: true }],
        },
      },
      "WARN Docker's daemon.json names no DNS server",
    ],
    ['upstreams', { daemon: up(withRoutes([{ address: '192.0.2.1:53', up: true, failures: 0 }])) }, ''],
    [
      'upstreams',
      {
        daemon: up(
          withRoutes([
            { address: '192.0.2.1:53', up: true, failures: 0 },
            { address: '192.0.2.2:53', up: false, failures: 2, lastError: 'timeout' },
          ]),
        ),
      },
      'WARN 1 of 2 servers for names outside the domain do not answer: 192.0.2.2:53 (timeout)',
    ],
    [
      'upstreams',
      { daemon: up(withRoutes([{ address: '192.0.2.2:53', up: false, failures: 2 }], 'corp.example')) },
      'FAIL 1 of 1 servers for names in corp.example do not answer: 192.0.2.2:53 (no answer)',
    ],
    [
      'adoption',
      { daemon: up({ adoption: { adopted: 3, left: { refused: 1 }, problems: [] } }) },
      'OK 3 of 4 containers are adopted',
    ],
    [
      'adoption',
      {
        daemon: up({
          adoption: { adopted: 0, left: { unreachable: 2 }, problems: ['a firewall may drop it'] },
        }),
      },
      'WARN 0 of 2 containers are adopted; others cannot be: a firewall may drop it',
    ],
    ['resolvers', {}, 'OK 1 of 1 containers examined: all ask Fairlead'],
    [
      'resolvers',
      {
        docker: {
          ...engine,
          containers: [
            { name: 'a', servers: ['192.0.2.1'] },
            { name: 'b', servers: ['169.254.169.250', '192.0.2.1'], ndots: 5 },
            { name: 'c' },
            ...Array.from({ length: 6 }, (_, i) => ({ name: `old-${i}`, servers: [] })),
          ],
        },
      },
      'WARN running containers do not ask Fairlead: a, old-0, old-1, old-2, old-3 and 2 more\n' +
        'WARN running containers ask other servers beside Fairlead: b\n' +
        'WARN running containers have ndots above 2: b',
    ],
    ['resolvers', { docker: { ...engine, containers: [{ name: 'c' }] } }, ''],
    [
      'resolv.conf',
      { nameservers: ['169.254.169.250', '192.0.2.1'] },
      'OK this host asks 169.254.169.250, 192.0.2.1; Fairlead forwards to the others',
    ],
    ['resolv.conf', { nameservers: ['169.254.169.250'] }, 'WARN this host asks only Fairlead'],
    ['daemon', {}, 'WARN cannot reach the daemon at unix:/x: the socket does not exist'],
    [
      'daemon',
      { daemon: { state: 'denied', address: 'unix:/x' } },
      'WARN no permission to ask it at unix:/x',
    ],
    [
      'daemon',
      {
        daemon: up({
          config: { reload: { at: new Date(NOW - 5000).toISOString(), ok: false, error: 'bad' } },
        }),
      },
      'OK version 0.1.0, up 1m, at unix:/x\nFAIL its last reload failed 5s ago: bad',
    ],
    [
      'source docker',
      {
        daemon: up({
          sources: [
            { name: 'docker', state: 'stale', asOf: new Date(NOW - 60_000).toISOString(), error: 'gone' },
          ],
        }),
      },
      'WARN its facts are 1m old: gone',
    ],
    [
      'publisher consul',
      {
        daemon: up({
          publishers: [
            { name: 'consul', state: 'live', detail: 'http://127.0.0.1:8500, 3 entries', failures: 0 },
          ],
        }),
      },
      'OK http://127.0.0.1:8500, 3 entries',
    ],
    [
      'publisher consul',
      {
        daemon: up({
          publishers: [{ name: 'consul', state: 'loading', error: 'Permission denied', failures: 7 }],
        }),
      },
      'WARN has published nothing yet: Permission denied',
    ],
    ['catalog', { daemon: up({ problems: [{}, {}] }) }, 'WARN 2 problems with labels or files'],
    ['vip', {}, 'OK virtual IPs of 10.43.0.0/16 can be carried: nothing overlaps it, and ip and nft work'],
    ['vip', { vips: { state: 'off' } }, 'OK virtual IPs are off'],
    [
      'vip',
      { sysctls: { ports: { first: 32_768, last: 60_999, reuse: 'loopback' } } },
      'OK net.ipv4.ip_local_port_range is 32768 to 60999, net.ipv4.tcp_tw_reuse 2: about 471 short connections',
    ],
    [
      'vip',
      { sysctls: { ports: { first: 1024, last: 65_535, reuse: 'always' } } },
      'net.ipv4.tcp_tw_reuse 1: ports of connections that are over are used again',
    ],
    [
      'vip',
      { sysctls: { ports: { first: 40_000, last: 40_063, reuse: 'loopback' } } },
      'WARN net.ipv4.ip_local_port_range is 40000 to 40063: this host can have 64 connections',
    ],
    ['vip', { vips: { ...vips, isLoopback: true, rulesFault: 'x' } }, 'OK 10.43.0.0/16 is already local'],
    [
      'vip',
      { capabilities: [10], vips: { ...vips, rulesFault: 'Operation not permitted (you must be root)' } },
      'WARN virtual IPs would be off: this user lacks CAP_NET_ADMIN',
    ],
    ['vip', { capabilities: [12] }, 'WARN virtual IPs would be off: this user lacks CAP_NET_BIND_SERVICE'],
    [
      'vip',
      {
        vips: {
          ...vips,
          route: 'the command ip is not installed; install iproute2',
          rulesFault: 'the command nft is not installed; install nftables',
        },
      },
      'WARN virtual IPs would be off: the command ip is not installed\n' +
        'WARN virtual IPs would be off: nft refuses the rules: the command nft is not installed',
    ],
    [
      'vip',
      { vips: { ...vips, rulesFault: 'Error: Could not process rule: Not supported' } },
      'WARN virtual IPs would be off: nft refuses the rules: Error: Could not process rule: Not supported',
    ],
    [
      'vip',
      {
        vips: { ...vips, pool: 'fd00:43::/112', bindFault: 'IPv6 addresses cannot be bound (EROFS); run it' },
      },
      'WARN virtual IPs would be off: IPv6 addresses cannot be bound (EROFS)',
    ],
    [
      'vip',
      {
        vips: { ...vips, conflicts: ['vip.pool 10.43.0.0/16 overlaps the route 10.0.0.0/8 (eth0); set it'] },
      },
      'WARN virtual IPs would be off: vip.pool 10.43.0.0/16 overlaps the route 10.0.0.0/8 (eth0)',
    ],
    [
      'vip',
      { vips: { ...vips, isChosen: true, conflicts: ['vip.pool 10.43.0.0/16 overlaps x; set it'] } },
      'FAIL vip.pool 10.43.0.0/16 overlaps x',
    ],
    ['vip', { daemon: { state: 'denied', address: 'unix:/x' } }, ''],
    [
      'vip',
      { daemon: up({ vips: { plane: 'off', why: 'vip is false', wanted: false, services: 0 } }) },
      'OK virtual IPs are off: vip is false',
    ],
    [
      'vip',
      { daemon: up({ vips: { plane: 'off', why: 'no right; run as root', wanted: true, services: 0 } }) },
      'WARN virtual IPs are off, so names are answered with tasks: no right',
    ],
    [
      'vip',
      { daemon: up(), vips: leading },
      'OK 1 port of virtual IPs of 10.43.0.0/16: route and rules are in place',
    ],
    [
      'vip',
      { daemon: up(kernelCarries({ services: 1 })), vips: leading },
      'OK the kernel carries 1 of 3 ports, the proxy the rest: "fairlead vips -o wide" says why',
    ],
    [
      'vip',
      { daemon: up(kernelCarries({ services: 3 })), vips: leading },
      'OK the kernel carries 3 of 3 ports',
    ],
    [
      'vip',
      {
        daemon: up(
          kernelCarries({
            services: 3,
            ways: [
              { from: 'br-1', to: 'br-2', source: 'client' },
              { from: 'br-2', to: 'br-1', source: 'host' },
            ],
          }),
        ),
        vips: leading,
      },
      'OK the kernel carries connections from br-1 to br-2 (tasks see the client), br-2 to br-1 (tasks see the host)',
    ],
    [
      'vip',
      {
        daemon: up(
          kernelCarries({
            services: 3,
            ways: [1, 2, 3, 4, 5, 6, 7].map((n) => ({
              from: `br-${n}`,
              to: 'br-0',
              why: 'nothing passes; restart Docker',
            })),
          }),
        ),
        vips: leading,
      },
      'WARN the proxy carries connections from br-1 to br-0, br-2 to br-0, br-3 to br-0, br-4 to br-0, br-5 to br-0, br-6 to br-0 and 1 more, because nothing passes',
    ],
    [
      'vip',
      { daemon: up(kernelCarries({ services: 0, why: 'it has no NAT' })), vips: leading },
      'OK the proxy carries all of them, because it has no NAT',
    ],
    [
      'vip',
      { daemon: up(), vips: { ...leading, route: false } },
      'FAIL the route that makes 10.43.0.0/16 local is gone',
    ],
    [
      'vip',
      { daemon: up(), vips: { ...leading, rules: { state: 'absent' } } },
      'FAIL the nftables table fairlead_vip is gone',
    ],
    [
      'vip',
      { daemon: up(), vips: { ...leading, carried: ['10.43.1.2:80', '10.43.1.3:80'] } },
      'FAIL the nftables table fairlead_vip has no rule for 1 of 2 ports (10.43.1.3:80)',
    ],
    [
      'vip',
      { daemon: up(), vips: { ...leading, rules: { state: 'present', complete: false, redirects: [] } } },
      'FAIL the nftables table fairlead_vip was changed by another program',
    ],
    [
      'vip',
      { daemon: up(), vips: { ...leading, rules: { state: 'hidden', why: 'Operation not permitted' } } },
      'OK 1 port of virtual IPs of 10.43.0.0/16: the route is in place; only root can see the rules',
    ],
    [
      'vip',
      { daemon: up(), vips: { ...leading, conflicts: ['it overlaps x; set it'] } },
      'WARN it overlaps x',
    ],
    ['platform', { platform: 'darwin' }, 'WARN darwin is not Linux'],
  ])('%s of %j', (check, facts, expected) => {
    const found = find(facts, check);
    if (expected === '') expect(found).toBe('');
    else expect(found).toContain(expected);
  });
});

describe('the collected facts', () => {
  it('capabilities, name servers, and Docker’s configuration', () => {
    expect(capabilitiesOf('Name:\tnode\nCapEff:\t0000000000000400\n')).toEqual([10]);
    expect(capabilitiesOf(new Error('none'))).toBeUndefined();
    expect(
      nameserversOf('# nameserver 9.9.9.9\nnameserver 192.0.2.1\nnameserver\tfe80::1%eth0\noptions x\n'),
    ).toEqual(['192.0.2.1', 'fe80::1']);
    expect(daemonJsonFacts('{"dns":["1.1.1.1",7]}')).toEqual({ state: 'read', dns: ['1.1.1.1'] });
    expect(daemonJsonFacts('{"dns-opts":["ndots:2","ndots:5","x"]}')).toMatchObject({ ndots: 5 });
    expect(daemonJsonFacts('[]')).toEqual({ state: 'read', dns: [] });
    expect(daemonJsonFacts('{')).toMatchObject({ state: 'unreadable' });
    expect(daemonJsonFacts(Object.assign(new Error('x'), { code: 'ENOENT' }))).toEqual({ state: 'absent' });
  });

  it('which server a container asks, on the default bridge and behind the resolver of a user network', () => {
    expect(containerResolver('nameserver 169.254.169.250\nsearch x\noptions timeout:2 ndots:0\n')).toEqual({
      servers: ['169.254.169.250'],
      ndots: 0,
    });
    const own = 'nameserver 127.0.0.11\noptions ndots:0\n\n';
    const comment = '# Based on host file\n# ExtServers: [169.254.169.250 host(127.0.0.53)]\n';
    expect(containerResolver(own + comment).servers).toEqual(['169.254.169.250', '127.0.0.53']);
    expect(containerResolver(own).servers).toBeUndefined();
  });
});

it('doctor reads the file of the running daemon, unless it is told another', async () => {
  const fixture = await startApi();
  try {
    load(fixture);
    const path = join(fixture.dir, 'theirs.yaml');
    writeFileSync(path, 'dns: { listen: [127.0.0.1:0] }\nsources: { docker: { socket: /theirs.sock } }\n');
    writeFileSync(join(fixture.dir, 'mine.yaml'), 'sources: { docker: { socket: /mine.sock } }\n');
    fixture.status.current = { ...STATUS, config: { ...STATUS.config, path } };
    const line = `--addr unix:${fixture.socket} doctor`;
    const socketOf = async (words: string, env: NodeJS.ProcessEnv = {}) =>
      /(\S+\.sock) does not exist/.exec((await fairlead(words, { cwd: fixture.dir, env })).stdout)?.[1];
    expect(await socketOf(line)).toBe('/theirs.sock');
    expect(await socketOf(`${line} --config mine.yaml`)).toBe('/mine.sock');
    expect(await socketOf(line, { FAIRLEAD_CONFIG: 'mine.yaml' })).toBe('/mine.sock');
  } finally {
    await stopApi(fixture);
  }
});

it('doctor checks this very host and a running daemon, as text and as JSON', async () => {
  const fixture = await startApi();
  try {
    load(fixture);
    expect((await ask(fixture.socket, '/healthz')).status).toBe(200);
    const line = `--addr unix:${fixture.socket} doctor --set dns.listen=127.0.0.1:0 --set sources.docker=false`;
    const { stdout } = await fairlead(line, { cwd: fixture.dir });
    expect(stdout).toMatch(/^(OK {2}|WARN|FAIL) {2}node /);
    expect(stdout).toMatch(/\nOK {4}daemon .*version 0\.1\.0, up 1h, at unix:/);
    expect(stdout).toMatch(/\n\d+ ok, \d+ warnings?, \d+ failures?\n$/);
    const { code, stdout: json } = await fairlead(`${line} -o json`, { cwd: fixture.dir });
    const { summary, findings } = JSON.parse(json) as {
      summary: { failures: number };
      findings: { check: string }[];
    };
    expect(code).toBe(summary.failures > 0 ? 1 : 0);
    expect(findings.map(({ check }) => check)).toContain('source docker');
  } finally {
    await stopApi(fixture);
  }
});
