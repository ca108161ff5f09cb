import { describe, expect, it } from 'vitest';
import { formatConfigError } from '../../src/config/errors.js';
import { parseConfigText } from '../../src/config/load.js';
import { mistakes } from './support.js';

const shown = (text: string) => mistakes(parseConfigText(text, { cwd: '/' }));

describe('a mistake in the file', () => {
  it('is reported together with all others, each at its own line and column', () => {
    const text = `domain: foo.
enviroment: x
dns:
  ttl: 99999999
  listen: [1, "169.254.169.250", "[::1"]
  upstreamTimeout: 5
log: { format: , level: wran }
sources:
  docker: { sockt: x }
  file:
listen: []
`;
    expect(shown(text)).toEqual([
      'fairlead.yaml:1:9: domain: is "foo.", which ends with a dot; it must be a DNS name without a trailing dot, such as rancher.internal',
      'fairlead.yaml:2:1: enviroment: is not a known key; did you mean environment?',
      'fairlead.yaml:4:8: dns.ttl: is 99999999; it must be a whole number of seconds from 0 to 86400',
      'fairlead.yaml:5:12: dns.listen[0]: is 1; it must be an IP address with a port, such as 169.254.169.250:53 or [::1]:53',
      'fairlead.yaml:5:34: dns.listen[2]: is "[::1"; it must be an IP address with a port, such as 169.254.169.250:53 or [::1]:53',
      'fairlead.yaml:6:20: dns.upstreamTimeout: is 5; it must be a duration from 100ms to 1m, written with its unit: 500ms, 10s, 1m30s',
      'fairlead.yaml:7:8: log.format: has no value; it must be one of auto, json, text',
      'fairlead.yaml:7:25: log.level: is "wran"; it must be one of trace, debug, info, warn, error; did you mean warn?',
      'fairlead.yaml:9:13: sources.docker.sockt: is not a key of sources.docker; did you mean socket?',
      'fairlead.yaml:10:3: sources.file.path: is missing; it must be the path of a YAML file with stacks and clients',
      'fairlead.yaml:11:1: listen: is not a known key; did you mean dns.listen or api.listen?',
    ]);
  });

  it.each([
    ['dns: { negative_ttl: 1 }', '1:8: dns.negative_ttl: is not a key of dns; did you mean negativeTtl?'],
    [
      "render: { templates: [{ source: a, destination: b, perm: '0644' }] }",
      '1:52: render.templates[0].perm: is not a key of render.templates; did you mean perms?',
    ],
    ['log: { colour: 1 }', '1:8: log.colour: is not a key of log; remove it, or use one of level, format'],
    ['__proto__: { domain: x }', '1:1: __proto__: is not a known key; remove it'],
    ['constructor: 1', '1:1: constructor: is not a known key; remove it'],
    ['"<<": { domain: x }', '1:1: <<: is not a known key; remove it'],
    ['? { a: b }\n: c', '1:1: { a: b }: is not a known key; remove it'],
    ['dns: &x { ttl: 1, listen: *x }', '1:27: dns.listen: is a mapping; it must be a list'],
    [
      'vip: { pool: 10.43.0.0 }',
      '1:14: vip.pool: is "10.43.0.0"; it must be a subnet of IPv4 from /8 to /30',
    ],
    ['vip: { pool: 10.0.0.0/7 }', '1:14: vip.pool: is "10.0.0.0/7"; it must be a subnet'],
    [
      'dns: { listen: ["10.43.0.9:53"] }\nvip: { release: 1h }',
      '2:1: vip.pool: 10.43.0.0/16 contains the address 10.43.0.9 of dns.listen, which a service could then get; choose',
    ],
    [
      'vip: true',
      '1:6: vip: is true; it must be a mapping of keys (pool, release, external, endpointMode, dataPlane, native, workers), or false',
    ],
    [
      'balancing: { scheduler: wrrr }',
      '1:25: balancing.scheduler: is "wrrr"; it must be one of rr, wrr, lc, wlc, sed, nq, dh, sh, sh-port, mh, mh-port, lblc, lblcr, fo, ovf, twos; did you mean wrr?',
    ],
    ['balancing: { acceptProxy: yes }', '1:27: balancing.acceptProxy: is "yes"; it must be true or false'],
    ['balancing: { panicThreshold: 50 }', '1:30: balancing.panicThreshold: is 50; it must be a share from 0'],
    [
      'balancing: { max_connections: 1 }',
      '1:14: balancing.max_connections: is not a key of balancing; did you mean maxConnections?',
    ],
    ['dns: []', '1:6: dns: is a list; it must be a mapping of keys (listen, ttl,'],
    ['dns: { listen: [] }', '1:16: dns.listen: is empty; it must be a list of at least one address'],
    ['dns: { listen: [~] }', '1:17: dns.listen[0]: has no value; it must be an IP address'],
    ['dns: { ttl: 1.5 }', '1:13: dns.ttl: is 1.5; it must be a whole number'],
    ['dns: { ttl: .inf }', '1:13: dns.ttl: is Infinity; it must be a whole number'],
    ['dns: { ttl: "5" }', '1:13: dns.ttl: is "5"; it must be a whole number'],
    ['dns: { upstreams: sytem }', '1:19: dns.upstreams: is "sytem"; it must be system, or a list'],
    [
      'dns: { upstreams: [8.8.8.8, dns.test] }',
      '1:29: dns.upstreams[1]: is "dns.test"; it must be an IP address',
    ],
    [
      'dns: { upstreams: [0.0.0.0] }',
      '1:20: dns.upstreams[0]: is "0.0.0.0", which is not an address that can be asked',
    ],
    ['dns: { upstreams: ["tls://dns.test"] }', '1:20: dns.upstreams[0]: is "tls://dns.test"; it must be'],
    ['dns: { forward: [x] }', '1:17: dns.forward: is a list; it must be a mapping from suffixes'],
    [
      'dns: { forward: { corp.test: 53 } }',
      '1:30: dns.forward.corp.test: is 53; it must be a server such as 10.0.0.53, or a list of servers',
    ],
    [
      'dns: { forward: { consul: x:8600 } }',
      '1:27: dns.forward.consul: is "x:8600"; it must be an IP address',
    ],
    [
      'dns: { forward: { corp.test: [x] } }',
      '1:31: dns.forward.corp.test[0]: is "x"; it must be an IP address',
    ],
    [
      'dns: { forward: { .: [10.0.0.53] } }',
      '1:22: dns.forward..: is the root; use dns.upstreams for all other',
    ],
    ['dns: { forward: { a..b: [10.0.0.53] } }', '1:25: dns.forward.a..b: is not a DNS name; it must be'],
    ['dns: { forward: { a.b: [], A.b.: [] } }', '1:34: dns.forward.A.b.: is listed twice'],
    [
      'dns: { records: [printer.lan] }',
      '1:18: dns.records[0]: is "printer.lan", which is not complete: write "owner [ttl] type data"',
    ],
    [
      'dns: { records: [printer.lan A 192.0.2.300] }',
      '1:18: dns.records[0]: is "printer.lan A 192.0.2.300", which has the data "192.0.2.300"; A takes one IPv4',
    ],
    [
      'dns: { rateLimit: off }',
      '1:19: dns.rateLimit: is "off"; it must be a whole number of replies per second',
    ],
    [
      'dns: { queryLog: true }',
      '1:18: dns.queryLog: is true; it must be a mapping of keys (sample, classes), or',
    ],
    [
      'dns: { queryLog: { sample: 0 } }',
      '1:28: dns.queryLog.sample: is 0; it must be a whole number of queries',
    ],
    [
      'dns: { queryLog: { classes: [sucess] } }',
      '1:30: dns.queryLog.classes[0]: is "sucess"; it must be one of success, denial, error; did you mean success?',
    ],
    [
      'dns: { rebindProtection: { allow: [a..b] } }',
      '1:36: dns.rebindProtection.allow[0]: is "a..b", which is no',
    ],
    [
      'health: { rancherCompose: [x] }',
      '1:27: health.rancherCompose: is a list; it must be a mapping from stacks to',
    ],
    [
      'health: { defaults: { shop: 80 } }',
      '1:29: health.defaults.shop: is 80; it must be a mapping in the form of',
    ],
    ['dns: { nsid: "" }', '1:14: dns.nsid: is ""; it must be a name for this server, of 1 to 64 bytes'],
    ['dns: { upstreams: ["192.0.2.1:70000"] }', '1:20: dns.upstreams[0]: is "192.0.2.1:70000"; it must be'],
    [
      'dns: { upstreams: ["fe80::1%eth0"] }',
      '1:20: dns.upstreams[0]: is "fe80::1%eth0", which has a zone ("%")',
    ],
    [
      'dns: { upstreamTimeout: 2h }',
      '1:25: dns.upstreamTimeout: is "2h"; it must be a duration from 100ms to 1m',
    ],
    ['dns: { allow: [10.0.0.0/33] }', '1:16: dns.allow[0]: is "10.0.0.0/33"; it must be a subnet'],
    ['dns: { allow: [] }', '1:15: dns.allow: is empty, so no client could ask'],
    [
      'host: { address: 0.0.0.0 }',
      '1:18: host.address: is "0.0.0.0", which is not the address of a single host',
    ],
    ['domain: a..b', '1:9: domain: is "a..b", which has a label "" that is empty'],
    ['domain: 10.0.0.1', '1:9: domain: is "10.0.0.1", which is an address'],
    ['environment: a.b', '1:14: environment: is "a.b", which has a character other than'],
    ['state: ""', '1:8: state: is ""; it must be the path of a directory'],
    [
      'sources:',
      '1:1: sources: has no value; it must be a mapping of sources (docker, file, consul); leave it out',
    ],
    ['sources: { file: {} }', '1:12: sources.file.path: is missing; it must be the path'],
    [
      'sources: { docker: true }',
      '1:20: sources.docker: is true; it must be a mapping of keys (socket, resync, labels, adopt, releaseOnStop), a list of such mappings, or false',
    ],
    [
      'sources: { swarm: {} }',
      '1:12: sources.swarm: is not a key of sources; remove it, or use one of docker, file, consul',
    ],
    [
      'sources: { consul: { services: some } }',
      '1:32: sources.consul.services: is "some"; it must be used, all, or a list of names of services in Consul',
    ],
    [
      'api: { listen: ["0.0.0.0:80"] }',
      '1:17: api.listen[0]: 0.0.0.0:80 can be reached by other machines; set api.tls (certificate and key) and api.tokens: true, or listen on 127.0.0.1',
    ],
    [
      'api: { listen: ["[fd00::1]:80"], tokens: true }',
      '1:17: api.listen[0]: [fd00::1]:80 can be reached by other machines; set api.tls (certificate and key), or',
    ],
    [
      'api: { listen: ["10.0.0.5:80"], tls: { certificate: a, key: b } }',
      '1:17: api.listen[0]: 10.0.0.5:80 can be reached by other machines; set api.tokens: true, or listen on',
    ],
    ['api: { tls: { certificate: a } }', '1:8: api.tls.key: is missing; it must be the path of'],
    ['api: { hosts: ["a b"] }', '1:16: api.hosts[0]: is "a b", which'],
    ['api: { listen: ["127.0.0.1"] }', '1:17: api.listen[0]: is "127.0.0.1", which has no port'],
    ['api: { listen: ["localhost:80"] }', '1:17: api.listen[0]: is "localhost:80"; it must be unix:/path'],
    ['api: { listen: ["unix:"] }', '1:17: api.listen[0]: is "unix:", which names no socket'],
    [
      `environment: ${'x'.repeat(100)}`,
      `1:14: environment: is "${'x'.repeat(59)}..., which is longer than 63 bytes`,
    ],
  ])('%s', (text, start) => {
    const [first, ...others] = shown(text);
    expect(first?.slice(0, `fairlead.yaml:${start}`.length)).toBe(`fairlead.yaml:${start}`);
    expect(others).toEqual([]);
  });

  it.each([
    ['a: 1\na: 2', '2:1: '],
    ['dns:\n\tttl: 1', '2:1: '],
    ['domain: "a', '1:11: '],
    ['domain: a\n---\ndomain: b', '2:1: '],
    ['domain: !secret x', '1:9: is not valid YAML: Unresolved tag: !secret'],
    ['domain: *x', '1:1: cannot be read as YAML: Unresolved alias'],
    ['- domain', '1:1: holds a list; it must be a mapping of keys, such as "domain: rancher.internal"'],
    ['# nothing\nrancher.internal', '2:1: holds a single value; it must be a mapping of keys'],
  ])('syntax: %j', (text, start) => {
    expect(shown(text)[0]?.slice(0, `fairlead.yaml:${start}`.length)).toBe(`fairlead.yaml:${start}`);
  });

  it('in the syntax does not hide mistakes elsewhere', () => {
    const result = parseConfigText('a: [', { env: { FAIRLEAD_DNS__TTL: 'x' }, set: ['nonsense=1'] });
    expect(mistakes(result)).toEqual([
      expect.stringMatching(/^fairlead\.yaml:1:5: /),
      expect.stringMatching(/^--set nonsense=1: /),
      expect.stringMatching(/^FAIRLEAD_DNS__TTL: is "x"; /),
    ]);
  });

  it('is reported with the file name that the user gave', () => {
    const result = parseConfigText('domain: 1', { file: '../etc/f.yaml' });
    expect(mistakes(result)).toEqual([expect.stringMatching(/^\.\.\/etc\/f\.yaml:1:9: domain: /)]);
  });
});

describe('keys that do not fit together', () => {
  it.each([
    [
      'the same listen twice',
      'dns: { listen: [127.0.0.1, "127.0.0.1:53"] }',
      '1:28: dns.listen[1]: 127.0.0.1:53 is listed twice',
    ],
    [
      'a wildcard and an address',
      'dns: { listen: [0.0.0.0, 127.0.0.1] }',
      '1:26: dns.listen[1]: 127.0.0.1:53 and 0.0.0.0:53 need the same port',
    ],
    [
      'an upstream that is ourselves',
      'dns: { upstreams: [169.254.169.250] }',
      '1:20: dns.upstreams[0]: 169.254.169.250:53 is Fairlead itself',
    ],
    [
      'an upstream behind the wildcard',
      'dns: { listen: ["[::]:53"], upstreams: ["::1"] }',
      '1:41: dns.upstreams[0]: [::1]:53 is Fairlead itself',
    ],
    [
      'an upstream twice',
      'dns: { upstreams: [192.0.2.1, "192.0.2.1:53"] }',
      '1:31: dns.upstreams[1]: 192.0.2.1:53 is listed twice',
    ],
    [
      'a suffix of our own',
      'dns: { forward: { shop.rancher.internal: [192.0.2.1] } }',
      "1:19: dns.forward.shop.rancher.internal: is within Fairlead's own domain",
    ],
    [
      'a suffix that is asked of ourselves',
      'dns: { forward: { corp.test: [192.0.2.1, 169.254.169.250] } }',
      '1:42: dns.forward.corp.test[1]: 169.254.169.250:53 is Fairlead itself',
    ],
    [
      'the API on a port of DNS',
      'dns: { listen: ["0.0.0.0:80"] }\napi: { listen: ["127.0.0.1:80"] }',
      '2:17: api.listen[0]: 127.0.0.1:80 is taken by dns.listen',
    ],
    [
      'one API socket twice',
      'api: { listen: ["unix:/a", "unix:/b/../a"] }',
      '1:28: api.listen[1]: unix:/a is listed twice',
    ],
    [
      'two templates with one destination',
      'render:\n  templates:\n    - { source: /a, destination: /x/out }\n    - { source: /b, destination: /x/y/../out }',
      '4:34: render.templates[1].destination: /x/out is render.templates[0].destination (fairlead.yaml:3:34), too',
    ],
    [
      'a template that would overwrite itself',
      'render: { templates: [{ source: /a, destination: /a }] }',
      '1:50: render.templates[0].destination: /a is the template itself',
    ],
    [
      "the engine's socket",
      'api: { listen: ["unix:/var/run/docker.sock"] }',
      '1:17: api.listen[0]: is the socket of the Docker engine',
    ],
    [
      'a socket path that is too long',
      `api: { listen: ["unix:/${'é'.repeat(54)}"] }`,
      `1:17: api.listen[0]: /${'é'.repeat(54)} has 109 bytes`,
    ],
  ])('%s', (_, text, start) => {
    const [first, ...others] = shown(text);
    expect(first?.slice(0, `fairlead.yaml:${start}`.length)).toBe(`fairlead.yaml:${start}`);
    expect(others).toEqual([]);
  });

  it.each([
    'dns: { listen: ["127.0.0.1:0", "127.0.0.1:0"] }',
    'dns: { listen: [0.0.0.0, "::", "[::1]:5353"] }',
    'dns: { listen: [0.0.0.0], upstreams: [192.0.2.1, "127.0.0.1:5353"] }',
    'dns: { upstreams: ["tls://192.0.2.1#dns.test", "tls://[2001:db8::1]:8853", 192.0.2.1] }',
    'dns: { forward: { Corp.Example.: [], _msdcs.corp.example: [192.0.2.1], internal: ["tls://192.0.2.2"] } }',
    'dns: { rebindProtection: false, queryLog: false, forward: }',
    'dns: { upstreams: [] }\napi: { listen: [] }',
    'api: { listen: ["127.8.9.10:8053", "[::1]:8053", "127.0.0.1:0"] }',
  ])('%s is fine', (text) => {
    expect(parseConfigText(text)).toMatchObject({ ok: true });
  });
});

describe('one server in the place of a list', () => {
  const servers = [{ ip: '127.0.0.1', port: 8600 }];
  it.each<[string, string[]]>([
    ['dns: { forward: { consul: 127.0.0.1:8600 } }', []],
    ['dns: { forward: { consul: [127.0.0.1:8600] } }', []],
    ['', ['dns.forward={"consul":"127.0.0.1:8600"}']],
  ])('is a list of one: %s %j', (text, set) => {
    const result = parseConfigText(text, { cwd: '/', set });
    expect(result).toMatchObject({ ok: true, config: { dns: { forward: { consul: servers } } } });
  });
});

describe('a word for a list in a flag or variable', () => {
  it.each([
    [['sources.consul.services=used'], {}, 'used'],
    [[], { FAIRLEAD_SOURCES__CONSUL__SERVICES: 'all' }, 'all'],
    [['sources.consul.services=used,web'], {}, ['used', 'web']],
  ])('is the word, and not a list with the name of a service: %j %j', (set, env, services) => {
    expect(parseConfigText('', { cwd: '/', set, env })).toMatchObject({
      ok: true,
      config: { sources: { consul: { services } } },
    });
  });
});

describe('formatConfigError', () => {
  it.each([
    [{ file: 'f.yaml', line: 2, column: 3, path: 'dns.ttl', message: 'm' }, 'f.yaml:2:3: dns.ttl: m'],
    [{ file: 'f.yaml', path: '', message: 'm' }, 'f.yaml: m'],
    [
      { origin: 'FAIRLEAD_DNS__NEGATIVE_TTL', path: 'dns.negativeTtl', message: 'm' },
      'FAIRLEAD_DNS__NEGATIVE_TTL: m',
    ],
    [{ origin: 'FAIRLEAD_DNS__TTL_FILE', path: 'dns.ttl', message: 'm' }, 'FAIRLEAD_DNS__TTL_FILE: m'],
    [{ origin: 'FAIRLEAD_DNS', path: 'dns.ttl', message: 'm' }, 'FAIRLEAD_DNS: dns.ttl: m'],
    [{ origin: '--set dns.ttl=x', path: 'dns.ttl', message: 'm' }, '--set dns.ttl=x: m'],
  ])('%o', (error, text) => {
    expect(formatConfigError(error)).toBe(text);
  });
});
