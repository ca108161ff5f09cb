import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configDocument } from '../../src/config/document.js';
import { loadConfig, parseConfigText } from '../../src/config/load.js';
import { instancesOf } from '../../src/config/source-instances.js';
import { balancingSettings } from '../../src/net/balancing.js';
import { configOf, directoryWith, mistakes, originsOf } from './support.js';

const balancingKeys = Object.keys(balancingSettings);

const none = { env: {}, systemFile: '/nowhere/fairlead.yaml' };

describe('the defaults', () => {
  it('are those of the documentation', () => {
    expect(configOf(parseConfigText(''))).toEqual({
      domain: 'rancher.internal',
      environment: 'default',
      isolation: 'docker',
      state: '/var/lib/fairlead',
      log: { level: 'info', format: 'auto' },
      host: {},
      dns: {
        listen: [{ ip: '169.254.169.250', port: 53 }],
        ttl: 1,
        negativeTtl: 1,
        upstreams: 'system',
        upstreamTimeout: 2000,
        forward: {},
        records: [],
        maxForwardsPerClient: 100,
        cacheSize: 8,
        rateLimit: 100,
        privacy: 'off',
        native: 'auto',
        workers: 'auto',
        realTime: 'auto',
      },
      vip: {
        pool: '10.43.0.0/16',
        release: 604_800_000,
        external: [],
        endpointMode: 'dnsrr',
        dataPlane: 'proxy',
        native: 'auto',
        workers: 1,
      },
      balancing: {
        ...{ scheduler: 'wrr', affinity: 0, maxConnections: 0, serviceMaxConnections: 0, maxPerClient: 0 },
        ...{
          proxyProtocol: 'none',
          acceptProxy: false,
          onDown: 'keep',
          idleTimeout: 0,
          drainTimeout: 30_000,
        },
        ...{ udpReplies: 0, ops: false, slowStart: 0, panicThreshold: 0.5, minHealthy: 0 },
      },
      health: { rancherCompose: {}, defaults: {}, hostMethods: [] },
      publishers: {},
      sources: {
        docker: {
          ...{ socket: '/var/run/docker.sock', resync: 60_000 },
          ...{ adopt: 'auto', releaseOnStop: false, labels: [] },
        },
      },
      render: {
        wait: { min: 100, max: 2000 },
        addresses: 'container',
        datacenter: 'dc1',
        allowPlugin: false,
        allowWriteToFile: false,
        templates: [],
      },
      api: { listen: [{ kind: 'unix', path: '/run/fairlead/fairlead.sock' }], tokens: false, hosts: [] },
    });
  });

  it('are deeply frozen', () => {
    const config = configOf(parseConfigText('dns: { allow: [10.0.0.0/8] }'));
    expect([config, config.dns, config.dns.listen, config.dns.listen[0], config.dns.allow?.[0]]).toSatisfy(
      (parts: unknown[]) => parts.every((part) => Object.isFrozen(part)),
    );
  });
});

describe('which file is read', () => {
  it('without any: the defaults', () => {
    const result = loadConfig({ ...none, cwd: directoryWith({}) });
    expect(result).toMatchObject({ ok: true, config: { domain: 'rancher.internal' } });
    expect(result).not.toHaveProperty('path');
  });

  it.each([
    ['the one that is named', { path: 'named.yaml', env: { FAIRLEAD_CONFIG: 'variable.yaml' } }, 'named'],
    ['the one of FAIRLEAD_CONFIG', { env: { FAIRLEAD_CONFIG: 'variable.yaml' } }, 'variable'],
    ['fairlead.yaml in the working directory', { env: { FAIRLEAD_CONFIG: '' } }, 'fairlead'],
  ])('%s', (_, options, environment) => {
    const names = ['named', 'variable', 'fairlead', 'system'];
    const cwd = directoryWith(
      Object.fromEntries(names.map((name) => [`${name}.yaml`, `environment: ${name}`])),
    );
    const result = loadConfig({ cwd, systemFile: join(cwd, 'system.yaml'), ...options });
    expect(configOf(result).environment).toBe(environment);
    expect(result.path).toBe(join(cwd, `${environment}.yaml`));
  });

  it("the system's file when there is no other", () => {
    const cwd = directoryWith({ 'etc/fairlead.yaml': 'environment: system' });
    const result = loadConfig({ env: {}, cwd, systemFile: join(cwd, 'etc/fairlead.yaml') });
    expect(configOf(result).environment).toBe('system');
  });

  it('a named file that is missing, or not a file, is a mistake', () => {
    const cwd = directoryWith({ 'directory/x': '' });
    expect(mistakes(loadConfig({ ...none, path: 'gone.yaml', cwd }))).toEqual([
      'gone.yaml: the file does not exist; check the path',
    ]);
    expect(mistakes(loadConfig({ env: { FAIRLEAD_CONFIG: 'directory' }, cwd }))).toEqual([
      'FAIRLEAD_CONFIG: directory: is a directory; give the path of a file in it',
    ]);
  });

  it('an unreadable fairlead.yaml is not skipped', () => {
    const cwd = directoryWith({ 'fairlead.yaml/x': '' });
    expect(mistakes(loadConfig({ ...none, cwd }))).toEqual([
      'fairlead.yaml: is a directory; give the path of a file in it',
    ]);
  });
});

describe('precedence', () => {
  const text = 'domain: file.test\nenvironment: file\ndns: { ttl: 2, negativeTtl: 2, listen: [127.0.0.1:1] }';
  const env = {
    FAIRLEAD_ENVIRONMENT: 'variable',
    FAIRLEAD_DNS__TTL: '3',
    FAIRLEAD_DNS__LISTEN: '127.0.0.1:2',
  };
  const result = parseConfigText(text, { env, set: ['dns.ttl=4', 'dns.ttl=5'] });

  it('is flags, environment, file, defaults, key by key; lists are replaced as a whole', () => {
    expect(configOf(result)).toMatchObject({
      domain: 'file.test',
      environment: 'variable',
      log: { level: 'info' },
      dns: { ttl: 5, negativeTtl: 2, listen: [{ ip: '127.0.0.1', port: 2 }] },
    });
  });

  it('is shown by the origins, one for every key with a value', () => {
    expect(Object.fromEntries(originsOf(result))).toEqual({
      domain: 'fairlead.yaml:1:9',
      environment: 'FAIRLEAD_ENVIRONMENT',
      state: 'default',
      'log.level': 'default',
      'log.format': 'default',
      'dns.maxForwardsPerClient': 'default',
      'dns.listen': 'FAIRLEAD_DNS__LISTEN',
      'dns.ttl': '--set',
      'dns.negativeTtl': 'fairlead.yaml:3:29',
      'dns.upstreams': 'default',
      'dns.upstreamTimeout': 'default',
      'dns.forward': 'default',
      'dns.records': 'default',
      'dns.cacheSize': 'default',
      'dns.rateLimit': 'default',
      'dns.privacy': 'default',
      'dns.native': 'default',
      'dns.workers': 'default',
      'dns.realTime': 'default',
      'vip.pool': 'default',
      'vip.release': 'default',
      'vip.dataPlane': 'default',
      'vip.native': 'default',
      'vip.workers': 'default',
      'vip.external': 'default',
      'vip.endpointMode': 'default',
      isolation: 'default',
      ...Object.fromEntries(balancingKeys.map((name) => [`balancing.${name}`, 'default'])),
      'health.rancherCompose': 'default',
      'health.defaults': 'default',
      'render.wait.min': 'default',
      'render.wait.max': 'default',
      'render.addresses': 'default',
      'render.datacenter': 'default',
      'render.allowPlugin': 'default',
      'render.allowWriteToFile': 'default',
      'render.templates': 'default',
      'sources.docker.socket': 'default',
      'sources.docker.resync': 'default',
      'sources.docker.adopt': 'default',
      'sources.docker.releaseOnStop': 'default',
      'sources.docker.labels': 'default',
      'health.hostMethods': 'default',
      'api.listen': 'default',
      'api.tokens': 'default',
      'api.hosts': 'default',
    });
  });

  it('still reports a wrong section in the file when a variable sets a key in it', () => {
    const wrong = parseConfigText('dns: 5', { env: { FAIRLEAD_DNS__TTL: '3' } });
    expect(mistakes(wrong)).toEqual([expect.stringMatching(/^fairlead\.yaml:1:6: dns: is 5; /)]);
  });
});

describe('relative paths', () => {
  it('start from the directory of the file in a file, otherwise from the working directory', () => {
    const cwd = directoryWith({
      'etc/fairlead.yaml': `
state: state
sources: { file: { path: services.yaml }, docker: { socket: ../docker.sock } }
api: { listen: ["unix:api.sock", "unix:///run/f.sock"] }`,
    });
    const path = 'etc/fairlead.yaml';
    expect(configOf(loadConfig({ env: {}, cwd, path }))).toMatchObject({
      state: join(cwd, 'etc/state'),
      sources: {
        file: { path: join(cwd, 'etc/services.yaml') },
        docker: { socket: join(cwd, 'docker.sock') },
      },
      api: {
        listen: [
          { kind: 'unix', path: join(cwd, 'etc/api.sock') },
          { kind: 'unix', path: '/run/f.sock' },
        ],
      },
    });
    const elsewhere = {
      env: { FAIRLEAD_STATE: 'state', FAIRLEAD_API__LISTEN: 'unix:api.sock' },
      set: ['sources.file.path=services.yaml'],
    };
    expect(configOf(loadConfig({ ...elsewhere, cwd, path }))).toMatchObject({
      state: join(cwd, 'state'),
      sources: { file: { path: join(cwd, 'services.yaml') }, docker: { socket: join(cwd, 'docker.sock') } },
      api: { listen: [{ kind: 'unix', path: join(cwd, 'api.sock') }] },
    });
  });
});

describe('sources', () => {
  const docker = {
    ...{ socket: '/var/run/docker.sock', resync: 60_000 },
    ...({ adopt: 'auto', releaseOnStop: false, labels: [] as string[] } as const),
  };
  const file = { path: '/s.yaml' };
  it.each([
    ['not given', '', {}, { docker }],
    ['empty', 'sources: {}', {}, {}],
    ['a file only', 'sources: { file: { path: /s.yaml } }', {}, { file }],
    [
      'both, docker with nothing behind it',
      'sources: { docker: , file: { path: /s.yaml } }',
      {},
      { docker, file },
    ],
    ['docker switched off', 'sources: { docker: false }', {}, {}],
    [
      'docker switched off from outside',
      'sources: { docker: {} }',
      { FAIRLEAD_SOURCES__DOCKER: 'false' },
      {},
    ],
    [
      'docker switched on from outside',
      'sources: { docker: false }',
      { FAIRLEAD_SOURCES__DOCKER: '{}' },
      { docker },
    ],
    ['a file named from outside', '', { FAIRLEAD_SOURCES__FILE__PATH: '/s.yaml' }, { file }],
    ['none from outside', '', { FAIRLEAD_SOURCES: '{}' }, {}],
  ])('%s', (_, text, env, sources) => {
    expect(configOf(parseConfigText(text, { env })).sources).toEqual(sources);
  });

  it('that are switched off have an origin', () => {
    const result = parseConfigText('sources: { docker: false }');
    expect(originsOf(result).get('sources.docker')).toBe('fairlead.yaml:1:20');
  });
});

describe('several sources of one kind', () => {
  const listed = 'sources: { file: [{ name: lab, path: lab.yaml }, { path: shop.yaml }] }';

  it('are a list, each with its own name; paths are relative to the file like all others', () => {
    const result = parseConfigText(listed, { directory: '/etc/fairlead' });
    expect(instancesOf('file', configOf(result).sources.file)).toMatchObject([
      { source: 'file:lab', settings: { path: '/etc/fairlead/lab.yaml' } },
      { source: 'file', settings: { path: '/etc/fairlead/shop.yaml' } },
    ]);
  });

  it('are one source if written as a mapping', () => {
    const { sources } = configOf(parseConfigText('sources: { file: { path: /s.yaml } }'));
    expect(instancesOf('file', sources.file)).toEqual([{ source: 'file', settings: { path: '/s.yaml' } }]);
  });

  it('are replaced as a whole by a variable that defines one', () => {
    const env = { FAIRLEAD_SOURCES__FILE__PATH: '/one.yaml' };
    expect(configOf(parseConfigText(listed, { env })).sources.file).toEqual({ path: '/one.yaml' });
  });

  it('ignore DOCKER_HOST', () => {
    const text = 'sources: { docker: [{}, { name: lab, socket: /lab.sock }] }';
    const rest = { resync: 60_000, adopt: 'auto', releaseOnStop: false, labels: [] } as const;
    const { sources } = configOf(parseConfigText(text, { env: { DOCKER_HOST: 'tcp://192.0.2.1:2375' } }));
    expect(instancesOf('docker', sources.docker)).toEqual([
      { source: 'docker', settings: { socket: '/var/run/docker.sock', ...rest } },
      { source: 'docker:lab', settings: { name: 'lab', socket: '/lab.sock', ...rest } },
    ]);
  });

  it.each([
    [
      'sources: { file: [{ path: /a.yaml }, { path: /b.yaml }] }',
      '1:38: sources.file[1]: is a second source called file; give it another name',
    ],
    [
      'sources: { file: [{ path: /a.yaml }, { name: b, path: /a.yaml }] }',
      '1:55: sources.file[1].path: /a.yaml is read by file already; remove one of them',
    ],
    [
      'sources: { file: [{ name: b, pth: /a.yaml }] }',
      'sources.file[0].pth: is not a key of sources.file; did you mean path?',
    ],
    ['sources: { file: [{ name: a.b, path: /a.yaml }] }', 'sources.file[0].name:'],
  ])('%s', (text, message) => {
    expect(mistakes(parseConfigText(text))).toContainEqual(expect.stringContaining(message));
  });
});

describe('DOCKER_HOST', () => {
  const unix = { DOCKER_HOST: 'unix:///run/user/1000/docker.sock' };

  it('gives the default of the socket, and nothing more', () => {
    const result = parseConfigText('', { env: unix });
    expect(configOf(result).sources.docker).toMatchObject({ socket: '/run/user/1000/docker.sock' });
    expect(originsOf(result).get('sources.docker.socket')).toBe('DOCKER_HOST');
    const set = parseConfigText('sources: { docker: { socket: /a.sock } }', { env: unix });
    expect(configOf(set).sources.docker).toMatchObject({ socket: '/a.sock' });
    expect(configOf(parseConfigText('sources: {}', { env: unix })).sources).toEqual({});
  });

  it.each(['tcp://192.0.2.1:2375', 'ssh://host', 'unix://relative', 'nonsense'])(
    '%s is a mistake',
    (host) => {
      const env = { DOCKER_HOST: host };
      expect(mistakes(parseConfigText('sources: { docker: {} }', { env }))).toEqual([
        expect.stringMatching(/^DOCKER_HOST: sources\.docker\.socket: is ".+", but .+; unset DOCKER_HOST, /),
      ]);
      expect(parseConfigText('sources: { docker: { socket: /a.sock } }', { env }).ok).toBe(true);
      expect(parseConfigText('sources: { docker: false }', { env }).ok).toBe(true);
    },
  );
});

describe('sources.docker.socket', () => {
  it.each([
    ['/run/docker.sock', '/run/docker.sock'],
    ['unix:///var/run/docker.sock', '/var/run/docker.sock'],
    ['unix:/var/run/docker.sock', '/var/run/docker.sock'],
    ['run/docker.sock', '/etc/fairlead/run/docker.sock'],
  ])('%s in a file is %s, and so is a variable of Fairlead', (socket, path) => {
    const cwd = '/etc/fairlead';
    const file = parseConfigText(`sources: { docker: { socket: "${socket}" } }`, { cwd });
    expect(configOf(file).sources.docker).toMatchObject({ socket: path });
    const env = { FAIRLEAD_SOURCES__DOCKER__SOCKET: socket };
    expect(configOf(parseConfigText('', { env, cwd })).sources.docker).toMatchObject({ socket: path });
  });

  it.each([
    ['tcp://192.0.2.1:2375', 'uses tcp instead of a unix socket'],
    ['ssh://host', 'uses ssh instead of a unix socket'],
    ['npipe:////./pipe/docker_engine', 'uses npipe instead of a unix socket'],
    ['unix://relative.sock', 'does not have an absolute path'],
    ['unix://', 'does not have an absolute path'],
  ])('%s is a mistake that says where it is and what to write', (socket, why) => {
    expect(mistakes(parseConfigText(`sources:\n  docker:\n    socket: "${socket}"\n`, {}))).toEqual([
      expect.stringMatching(/3:13: sources\.docker\.socket: /),
    ]);
    const [mistake] = mistakes(parseConfigText(`sources: { docker: { socket: "${socket}" } }`, {}));
    expect(mistake).toContain(`which ${why}; it must be the engine's unix socket on this host`);
  });
});

describe('the hash', () => {
  const hash = (text: string) => {
    const result = parseConfigText(text, { cwd: '/' });
    return result.ok ? result.hash : mistakes(result).join('\n');
  };

  it('depends on the content, not on its form', () => {
    expect(hash('dns: { ttl: 1, upstreamTimeout: 2000ms }\ndomain: Rancher.Internal # as ever')).toBe(
      hash(''),
    );
    expect(hash('sources: { docker: {} }')).toBe(hash(''));
    expect(hash('dns: { ttl: 2 }')).not.toBe(hash(''));
    expect(hash('sources: {}')).not.toBe(hash(''));
    expect(hash('')).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('virtual IPs', () => {
  it('are switched off as a whole, which is kept when the configuration is written out', () => {
    for (const result of [
      parseConfigText('vip: false'),
      parseConfigText('vip: { release: 1h }', { env: { FAIRLEAD_VIP: 'false' } }),
    ]) {
      const config = configOf(result);
      expect(config).not.toHaveProperty('vip');
      expect(configOf(parseConfigText(JSON.stringify(configDocument(config))))).toEqual(config);
    }
  });

  it('have a pool in its canonical form, and settings from variables and flags', () => {
    const env = {
      FAIRLEAD_VIP__POOL: '10.44.7.9/16',
      FAIRLEAD_BALANCING__ACCEPT_PROXY: 'true',
      FAIRLEAD_BALANCING__PANIC_THRESHOLD: '0.25',
    };
    const set = ['vip.endpointMode=vip', 'balancing.affinity=90s', 'balancing.scheduler=lc'];
    expect(configOf(parseConfigText('', { env, set }))).toMatchObject({
      vip: { pool: '10.44.0.0/16', endpointMode: 'vip' },
      balancing: { acceptProxy: true, panicThreshold: 0.25, affinity: 90, scheduler: 'lc' },
    });
  });
});
