import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Balancing } from '../../src/net/balancing.js';
import { configDocument } from '../../src/config/document.js';
import { allKeys, type ConfigKey } from '../../src/config/keys.js';
import { valueAt } from '../../src/config/layers.js';
import { parseConfigText, type LoadResult } from '../../src/config/load.js';
import type { Config } from '../../src/config/config-model.js';
import { configOf } from './support.js';

const leaves = allKeys().filter((key) => key.kind !== 'section');

/** For each key a value that is not its default, as it is written in a file. Every key of the schema needs one. */
const others: Readonly<Record<string, unknown>> = {
  domain: 'example.internal',
  environment: 'production',
  isolation: 'environment',
  state: '/srv/state',
  'log.level': 'debug',
  'log.format': 'json',
  'host.name': 'alpha',
  'host.address': '192.0.2.10',
  'dns.listen': ['127.0.0.1:5353'],
  'dns.ttl': 7,
  'dns.negativeTtl': 7,
  'dns.upstreams': ['192.0.2.53'],
  'dns.upstreamTimeout': '3s',
  'dns.upstreamCa': '/srv/ca.pem',
  'dns.forward': { 'corp.example': ['192.0.2.54'] },
  'dns.records': ['printer.lan 300 A 192.0.2.7'],
  'dns.maxForwardsPerClient': 9,
  'dns.cacheSize': 9,
  'dns.rebindProtection.allow': ['corp.example'],
  'dns.allow': ['192.0.2.0/24'],
  'dns.rateLimit': 7,
  'dns.queryLog.sample': 7,
  'dns.queryLog.classes': ['error'],
  'dns.privacy': 'no-clients',
  'dns.native': 'off',
  'dns.workers': 2,
  'dns.realTime': 'off',
  'dns.nsid': 'this one',
  'dns.topLevelDomains': '/srv/tlds.txt',
  'sources.docker.socket': '/srv/docker.sock',
  'sources.docker.resync': '90s',
  'sources.docker.adopt': 'all',
  'sources.docker.releaseOnStop': true,
  'sources.docker.labels': ['team.name'],
  'health.hostMethods': ['POST'],
  'sources.file.path': '/srv/services.yaml',
  'sources.consul.address': 'https://consul.example:8501',
  'sources.consul.token': 'secret',
  'sources.consul.tokenFrom': '/srv/token',
  'sources.consul.caFile': '/srv/ca.pem',
  'sources.consul.certFile': '/srv/cert.pem',
  'sources.consul.keyFile': '/srv/key.pem',
  'sources.consul.datacenter': 'dc2',
  'sources.consul.services': ['web'],
  'sources.consul.stack': 'elsewhere',
  'publishers.consul.address': 'https://consul.example:8501',
  'publishers.consul.token': 'secret',
  'publishers.consul.tokenFrom': '/srv/token',
  'publishers.consul.caFile': '/srv/ca.pem',
  'publishers.consul.certFile': '/srv/cert.pem',
  'publishers.consul.keyFile': '/srv/key.pem',
  'publishers.consul.ids': 'registrator',
  'publishers.consul.internal': true,
  'publishers.consul.network': 'front',
  'publishers.consul.explicit': true,
  'vip.pool': '10.44.0.0/16',
  'vip.release': '1d',
  'vip.external': ['192.0.2.0/24'],
  'vip.endpointMode': 'vip',
  'vip.dataPlane': 'nftables',
  'vip.native': 'off',
  'vip.workers': 2,
  'balancing.scheduler': 'lc',
  'balancing.affinity': '90s',
  'balancing.maxConnections': 7,
  'balancing.serviceMaxConnections': 7,
  'balancing.maxPerClient': 7,
  'balancing.proxyProtocol': 'v2',
  'balancing.acceptProxy': true,
  'balancing.onDown': 'reset',
  'balancing.idleTimeout': '90s',
  'balancing.drainTimeout': '90s',
  'balancing.udpReplies': 7,
  'balancing.ops': true,
  'balancing.slowStart': '90s',
  'balancing.panicThreshold': 0.7,
  'balancing.minHealthy': 7,
  'health.rancherCompose': { shop: '/srv/rancher-compose.yml' },
  'health.defaults': { shop: { port: 80 } },
  'render.wait.min': '1s',
  'render.wait.max': '1m',
  'render.addresses': 'published',
  'render.datacenter': 'north',
  'render.keys': '/etc/keys',
  'render.allowPlugin': true,
  'render.allowWriteToFile': true,
  'render.runAs': 'www-data',
  'render.exec.command': ['nginx', '-g', 'daemon off;'],
  'render.exec.runAs': 'nobody',
  'render.exec.reloadSignal': 'SIGHUP',
  'render.exec.killSignal': 'SIGQUIT',
  'render.exec.killTimeout': '90s',
  'render.exec.splay': '9s',
  'render.exec.restart': 'never',
  'render.exec.environment.pristine': true,
  'render.exec.environment.allow': ['PATH'],
  'render.exec.environment.deny': ['SECRET_*'],
  'render.exec.environment.custom': ['LANG=C'],
  'render.templates': [
    { source: '/etc/a.ctmpl', destination: '/etc/a.conf', commandTimeout: '10s', wait: { min: '1s' } },
  ],
  'api.listen': ['unix:/srv/api.sock'],
  'api.tls.certificate': '/srv/tls.crt',
  'api.tls.key': '/srv/tls.key',
  'api.tokens': true,
  'api.hosts': ['fairlead.example'],
};

/** A file that sets one key alone. What a section with a needed key lacks is there in both files that are compared. */
function fileWith(path: string, value: unknown): LoadResult {
  const tree = path.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), value);
  // `render.exec` is nothing without a command.
  const set = path.startsWith('render.exec.') ? ['render.exec.command=["true"]'] : [];
  // A certificate is nothing without its key.
  if (path.startsWith('api.tls.'))
    set.push(path.endsWith('.key') ? 'api.tls.certificate=/other.crt' : 'api.tls.key=/other.key');
  return parseConfigText(JSON.stringify(tree), { cwd: '/', read: () => '', set });
}

function hashOf(result: LoadResult): string {
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result.hash;
}

const isBelow = (key: ConfigKey, path: string) => path === key.path || path.startsWith(`${key.path}.`);

describe('every key of the schema', () => {
  const plain = parseConfigText('', { cwd: '/' });

  it('has a value that the tests below set', () => {
    expect(leaves.map(({ path }) => path).filter((path) => !(path in others))).toEqual([]);
    expect(Object.keys(others).filter((path) => !leaves.some((key) => isBelow(key, path)))).toEqual([]);
  });

  it.each(Object.entries(others))('%s changes the model when it is set', (path, value) => {
    const set = fileWith(path, value);
    const [before, after] = [configOf(plain), configOf(set)];
    const keys = path.split('.');
    expect(valueAt(after, keys)).toBeDefined();
    expect(valueAt(after, keys)).not.toEqual(valueAt(before, keys));
    // A key that is not shown would be missing from the hash, too.
    expect(valueAt(configDocument(after), keys)).not.toEqual(valueAt(configDocument(before), keys));
    expect(hashOf(set)).not.toBe(hashOf(plain));
  });
});

describe('the model', () => {
  it('has the settings of balancing that labels have, and no others', () => {
    expectTypeOf<Config['balancing']>().toExtend<Required<Balancing>>();
    expectTypeOf<Required<Balancing>>().toExtend<Config['balancing']>();
    expectTypeOf<keyof Config['balancing']>().toEqualTypeOf<keyof Balancing>();
  });

  it('is without a section that is switched off, and nothing else may be absent', () => {
    expectTypeOf<undefined extends Config['vip'] ? 'optional' : 'always'>().toEqualTypeOf<'optional'>();
    expectTypeOf<undefined extends Config['dns'] ? 'optional' : 'always'>().toEqualTypeOf<'always'>();
    expectTypeOf<Config['balancing']['acceptProxy']>().toEqualTypeOf<boolean>();
    expectTypeOf<Extract<Config['vip'], false>>().toEqualTypeOf<never>();
  });
});
