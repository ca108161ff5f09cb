import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { serviceKey } from '../../src/catalog/model.js';
import { nameFault } from '../../src/net/dns-labels.js';
import { identify, type Identity } from '../../src/labels/task-identity.js';

type Texts = Record<string, string>;

const id = 'abcdef012345'.padEnd(64, '6');
const who = (name: string, labels: Texts = {}, env: Texts = {}): Identity =>
  identify({ kind: 'container', id, name, labels, env }, 'default');
const keyOf = ({ service }: Identity) => (service === undefined ? undefined : serviceKey(service));

const compose = (service: string, number = '1') => ({
  'com.docker.compose.project': 'shop',
  'com.docker.compose.service': service,
  'com.docker.compose.container-number': number,
  'com.docker.compose.oneoff': 'False',
});
const rancher = { 'io.rancher.stack_service.name': 'App/Web', 'io.rancher.container.name': 'App-Web-2' };
const swarm = { 'com.docker.swarm.service.name': 'shop_api', 'com.docker.stack.namespace': 'shop' };

describe('the service and the stack', () => {
  it.each<[string, string, Texts, Texts, string | undefined, string]>([
    ['name alone', 'Web_1', {}, {}, 'default/default/web_1', 'default'],
    ['Rancher’s prefix on the name', 'r-web', {}, {}, 'default/default/web', 'default'],
    ['a name that is no label', 'web.1.x3k', {}, {}, undefined, 'default'],
    ['compose', 'shop-web-1', compose('web'), {}, 'default/shop/web', 'shop'],
    [
      'compose run',
      'shop-web-run-1',
      { ...compose('web'), 'com.docker.compose.oneoff': 'True' },
      {},
      undefined,
      'shop',
    ],
    ['half of compose', 'x', { 'com.docker.compose.project': 'shop' }, {}, 'default/default/x', 'default'],
    ['swarm stack', 'shop_api.1.k2', swarm, {}, 'default/shop/api', 'shop'],
    [
      'swarm service',
      'api.1.k2',
      { 'com.docker.swarm.service.name': 'api' },
      {},
      'default/default/api',
      'default',
    ],
    ['Rancher', 'r-App-Web-2', rancher, {}, 'default/app/web', 'app'],
    [
      'Rancher sidekick',
      'x',
      { 'io.rancher.stack_service.name': 'app/web/log' },
      {},
      'default/app/web/log',
      'app',
    ],
    [
      'Rancher sidekick by launch config',
      'x',
      { 'io.rancher.stack_service.name': 'app/web', 'io.rancher.service.launch.config': 'log' },
      {},
      'default/app/web/log',
      'app',
    ],
    [
      'Rancher primary',
      'x',
      {
        'io.rancher.stack_service.name': 'app/web',
        'io.rancher.service.launch.config': 'io.rancher.service.primary.launch.config',
      },
      {},
      'default/app/web',
      'app',
    ],
    ['old Rancher', 'x', { 'io.rancher.project_service.name': 'app/web' }, {}, 'default/app/web', 'app'],
    ['Rancher stack alone', 'solo', { 'io.rancher.stack.name': 'app' }, {}, 'default/app/solo', 'app'],
    ['Rancher before swarm', 'x', { ...swarm, ...rancher }, {}, 'default/app/web', 'app'],
    ['swarm before compose', 'x', { ...compose('web'), ...swarm }, {}, 'default/shop/api', 'shop'],
    [
      'compose before registrator',
      'x',
      { ...compose('web'), SERVICE_NAME: 'other' },
      {},
      'default/shop/web',
      'shop',
    ],
    ['registrator label', 'x', { SERVICE_NAME: 'api' }, {}, 'default/default/api', 'default'],
    ['registrator environment', 'x', {}, { SERVICE_NAME: 'api' }, 'default/default/api', 'default'],
    [
      'registrator label before environment',
      'x',
      { SERVICE_NAME: 'a' },
      { SERVICE_NAME: 'b' },
      'default/default/a',
      'default',
    ],
    [
      'registrator by port, lowest',
      'x',
      { SERVICE_443_NAME: 'tls', SERVICE_80_NAME: 'web' },
      {},
      'default/default/web',
      'default',
    ],
    [
      'registrator ignore, whatever the value',
      'x',
      { SERVICE_NAME: 'a', SERVICE_IGNORE: 'false' },
      {},
      undefined,
      'default',
    ],
    [
      'registrator port ignore keeps the rest',
      'x',
      { SERVICE_80_IGNORE: '1' },
      {},
      'default/default/x',
      'default',
    ],
    [
      'own stack over compose',
      'x',
      { ...compose('web'), 'fairlead.stack': 'other' },
      {},
      'default/other/web',
      'other',
    ],
    [
      'own service over compose',
      'x',
      { ...compose('web'), 'fairlead.service': 'Front' },
      {},
      'default/shop/front',
      'shop',
    ],
    [
      'own service is not the sidekick of another',
      'x',
      { 'io.rancher.stack_service.name': 'app/web/log', 'fairlead.service': 'front' },
      {},
      'default/app/front',
      'app',
    ],
    [
      'own sidekick',
      'x',
      { ...compose('web'), 'fairlead.sidekick': 'log' },
      {},
      'default/shop/web/log',
      'shop',
    ],
    [
      'own environment',
      'x',
      { ...compose('web'), 'fairlead.environment': 'test' },
      {},
      'test/shop/web',
      'shop',
    ],
    [
      'an empty label is none',
      'x',
      { ...compose('web'), 'fairlead.service': '' },
      {},
      'default/shop/web',
      'shop',
    ],
    [
      'a Rancher environment is information',
      'x',
      { 'io.rancher.environment.uuid': 'u' },
      {},
      'default/default/x',
      'default',
    ],
  ])('%s', (_what, name, labels, env, key, stack) => {
    const identity = who(name, labels, env);
    expect([keyOf(identity), identity.stack, identity.problems]).toEqual([key, stack, []]);
  });
});

describe('a label that is not a DNS label', () => {
  it.each<[string, Texts, string]>([
    [
      'own service',
      { 'fairlead.service': 'my shop' },
      'label fairlead.service="my shop" is not a valid service name',
    ],
    [
      'own stack',
      { ...compose('web'), 'fairlead.stack': '-x' },
      'label fairlead.stack="-x" is not a valid stack name',
    ],
    ['own sidekick', { ...compose('web'), 'fairlead.sidekick': 'a.b' }, 'label fairlead.sidekick="a.b"'],
    ['environment', { 'fairlead.environment': '_dev' }, 'label fairlead.environment="_dev"'],
    ['compose', compose('w\u0000eb\n'), 'label com.docker.compose.service="w\\u{0}eb\\u{a}"'],
    [
      'Rancher path of four',
      { 'io.rancher.stack_service.name': 'a/b/c/d' },
      '"a/b/c/d" is not a valid service name',
    ],
    ['64 KiB of it', { SERVICE_NAME: '\u202e'.repeat(65536) }, 'label SERVICE_NAME="\\u{202e}'],
  ])('refuses the service, not the container: %s', (_what, labels, text) => {
    const identity = who('shop_web_1', labels);
    expect(identity.service).toBeUndefined();
    expect(identity.names).toContain('shop_web_1');
    expect(identity.problems).toHaveLength(1);
    const [problem] = identity.problems;
    expect(problem).toMatchObject({ code: 'label-invalid', subject: 'container shop_web_1', task: id });
    expect(problem?.message).toContain(text);
    expect(problem?.message).toMatch(
      /^container shop_web_1: .*so it has only its own name; use a-z, 0-9, "-" and "_", at most 63$/,
    );
    expect(problem?.message.length).toBeLessThan(800);
  });
});

describe('names', () => {
  const short = 'abcdef012345';
  it.each<[string, string, Texts, string[]]>([
    [
      'as Docker has it, lower case, and with hyphens',
      'Default_app_1',
      {},
      ['default_app_1', 'default-app-1', short],
    ],
    [
      'without Rancher’s prefix first, then with it',
      'r-app_1',
      {},
      ['app_1', 'r-app_1', 'app-1', 'r-app-1', short],
    ],
    ['Rancher’s own name', 'r-App-Web-2', rancher, ['app-web-2', 'r-app-web-2', 'app_web_2', short]],
    [
      'both customs where labels tell the parts',
      'my_app-web-api-3',
      { ...compose('web-api', '3'), 'com.docker.compose.project': 'my_app' },
      ['my_app-web-api-3', 'my-app-web-api-3', 'my_app_web-api_3', short],
    ],
    [
      'not for a container with a name of its own',
      '0a1b_shop-web-1',
      compose('web'),
      ['0a1b_shop-web-1', '0a1b-shop-web-1', short],
    ],
    ['swarm task names keep their dots', 'api.1.k2', {}, ['api.1.k2', short]],
    ['an override comes first', 'web', { 'fairlead.name': 'Front.Door' }, ['front.door', 'web', short]],
    ['aliases are not among them', 'web', { 'fairlead.aliases': 'a, B.c' }, ['web', short]],
    ['a reserved name is left out', 'wpad', {}, [short]],
    ['what is no name is left out', 'x-', {}, [short]],
    ['nothing but r-', 'r-', {}, [short]],
  ])('%s', (_what, name, labels, names) => {
    expect(who(name, labels).names).toEqual(names);
  });
});

describe('other values', () => {
  it.each<[string, Texts, Partial<Identity>]>([
    ['enable', { 'fairlead.enable': 'No' }, { enabled: false }],
    ['weight', { 'fairlead.weight': '0' }, { weight: 0 }],
    ['aliases', { 'fairlead.aliases': 'a, B.c ,,a' }, { aliases: ['a', 'b.c', 'a'] }],
    ['endpoint mode', { 'fairlead.endpoint_mode': 'VIP' }, { endpointMode: 'vip' }],
    ['expose', { 'fairlead.expose': 'true' }, { expose: true }],
    [
      'links',
      { 'fairlead.links': 'DB=pg.other, cache=redis' },
      { links: { db: 'pg.other', cache: 'redis' } },
    ],
    ['no upstreams', {}, { upstreams: [] }],
    [
      'upstreams',
      { 'fairlead.dns.upstreams': '10.0.0.53, tls://10.0.0.54#DNS.corp.example,[fd00::1]:5353' },
      {
        upstreams: [
          { ip: '10.0.0.53', port: 53 },
          { ip: '10.0.0.54', port: 853, tls: { name: 'dns.corp.example' } },
          { ip: 'fd00::1', port: 5353 },
        ],
      },
    ],
    [
      'ports',
      { 'fairlead.ports': 'http=80/tcp, 53/UDP = dns, 8080:80, 53, 9000' },
      {
        ports: [
          { port: 80, target: 80, protocol: 'tcp', name: 'http' },
          { port: 53, target: 53, protocol: 'udp', name: 'dns' },
          { port: 8080, target: 80, protocol: 'tcp' },
          { port: 53, target: 53, protocol: 'tcp' },
          { port: 9000, target: 9000, protocol: 'tcp' },
        ],
      },
    ],
    ['virtual IP', { 'fairlead.vip': ' FD00:43::09 ' }, { vip: 'fd00:43::9' }],
    ['drain', { 'fairlead.drain': 'true' }, { drain: true }],
    [
      'balancing',
      {
        ...{ 'fairlead.scheduler': 'WLC', 'fairlead.affinity': '10m', 'fairlead.max_connections': '100' },
        ...{ 'fairlead.on_down': 'reset', 'fairlead.panic_threshold': '30%', 'fairlead.slow_start': '30s' },
      },
      {
        balancing: {
          ...{ scheduler: 'wlc', affinity: 600, maxConnections: 100 },
          ...{ onDown: 'reset', panicThreshold: 0.3, slowStart: 30_000 },
        },
      },
    ],
    ['health checks, which others judge', { 'fairlead.health.sort': 'x' }, { drain: false }],
  ])('%s', (_what, labels, expected) => {
    const identity = who('web', labels);
    expect(identity).toMatchObject(expected);
    expect(identity.problems).toEqual([]);
  });

  it.each<[string, Texts, Partial<Identity>, string]>([
    ['enable', { 'fairlead.enable': 'maybe' }, { enabled: true }, 'must be true or false'],
    ['weight above', { 'fairlead.weight': '65536' }, { weight: 1 }, 'not a whole number from 0 to 65535'],
    ['weight', { 'fairlead.weight': '1e3' }, { weight: 1 }, 'not a whole number'],
    ['endpoint mode', { 'fairlead.endpoint_mode': 'dns' }, { expose: false }, 'must be dnsrr or vip'],
    ['name', { 'fairlead.name': 'a b' }, { names: ['web', 'abcdef012345'] }, 'has a character'],
    [
      'links keep the good ones',
      { 'fairlead.links': 'db, a=b' },
      { links: { a: 'b' } },
      '"db" that must be alias=target',
    ],
    ['links and prototypes', { 'fairlead.links': '__proto__=x' }, { links: {} }, 'begins with "_"'],
    [
      'ports',
      { 'fairlead.ports': '0/tcp, 81' },
      { ports: [{ port: 81, target: 81, protocol: 'tcp' }] },
      '"0/tcp" that must be',
    ],
    [
      'a port twice',
      { 'fairlead.ports': '80, 81:80, web=80/tcp' },
      {
        ports: [
          { port: 80, target: 80, protocol: 'tcp' },
          { port: 81, target: 80, protocol: 'tcp' },
        ],
      },
      '"web=80/tcp" that lists the port 80/tcp twice',
    ],
    ['a port to nowhere', { 'fairlead.ports': '80:0' }, { ports: [] }, '"80:0" that must be'],
    ['a port with two names', { 'fairlead.ports': 'a=80=b' }, { ports: [] }, '"a=80=b" that must be'],
    [
      'virtual IP',
      { 'fairlead.vip': '10.43' },
      { drain: false },
      '"10.43" is not an IP address, such as 10.43.1.2',
    ],
    ['drain', { 'fairlead.drain': 'soon' }, { drain: false }, 'must be true or false'],
    [
      'balancing keeps the good ones',
      { 'fairlead.scheduler': 'wrrr', 'fairlead.affinity': '60s' },
      { balancing: { affinity: 60 } },
      'container web: label fairlead.scheduler="wrrr" is not one of rr, wrr, lc, wlc, sed, nq, dh, sh, sh-port, mh, mh-port, lblc, lblcr, fo, ovf, twos; did you mean wrr?; this is ignored; correct it or remove the label',
    ],
    [
      'balancing beyond its bounds',
      { 'fairlead.max_connections': '1000001' },
      { drain: false },
      'is not a whole number from 0 to 1000000 (0: no limit); this is ignored',
    ],
    [
      'a label with a slip',
      { 'fairlead.schedular': 'lc' },
      { drain: false },
      'container web: label fairlead.schedular is unknown to Fairlead; did you mean fairlead.scheduler?',
    ],
    [
      'a label of nowhere',
      { 'fairlead.colour.\n': 'red' },
      { drain: false },
      'label fairlead.colour.\\u{a} is unknown to Fairlead; see docs/labels.md',
    ],
    [
      'upstreams keep the good ones',
      { 'fairlead.dns.upstreams': 'dns.example, 10.0.0.53' },
      { upstreams: [{ ip: '10.0.0.53', port: 53 }] },
      '"dns.example" that must be ip[:port] or tls://ip[:port][#name]',
    ],
    ...['127.0.0.1:5300', '[::1]:53', '169.254.169.254', 'fe80::1', '0.0.0.0', 'tls://127.0.0.1'].map<
      [string, Texts, Partial<Identity>, string]
    >((server) => [
      `upstream ${server}`,
      { 'fairlead.dns.upstreams': `${server},10.0.0.53` },
      { upstreams: [{ ip: '10.0.0.53', port: 53 }] },
      'queries would go to services of the host itself',
    ]),
    ...['ns', 'rancher-metadata', 'wpad', 'WPAD.lan', 'com', 'localhost', 'isatap'].map<
      [string, Texts, Partial<Identity>, string]
    >((name) => [
      `the alias ${name}`,
      { 'fairlead.aliases': `${name},good` },
      { aliases: ['good'] },
      `"${name}" that is reserved, because resolvers, browsers or Fairlead give it a meaning`,
    ]),
    ['a reserved name', { 'fairlead.name': 'rancher-metadata' }, { name: 'web' }, 'is reserved'],
    ['port names', { 'fairlead.ports': '_x=80' }, { ports: [] }, 'has a port name that begins with "_"'],
    ['too many', { 'fairlead.aliases': 'a,'.repeat(200) }, { expose: false }, 'more than 64 items'],
  ])('a bad value is reported and its default applies: %s', (_what, labels, expected, text) => {
    const identity = who('web', labels);
    expect(identity).toMatchObject(expected);
    expect(identity.problems.map(({ message }) => message)).toEqual([expect.stringContaining(text)]);
    expect(keyOf(identity)).toBe('default/default/web');
  });

  it('never throws, and never makes an invalid name, whatever the labels contain', () => {
    const label = fc.constantFrom(
      ...[
        'fairlead.service',
        'fairlead.stack',
        'fairlead.aliases',
        'fairlead.name',
        'fairlead.links',
        'fairlead.ports',
        'fairlead.vip',
        'fairlead.scheduler',
        'fairlead.affinity',
        'fairlead.\u2028',
      ],
      ...[
        'io.rancher.stack_service.name',
        'com.docker.swarm.service.name',
        'SERVICE_NAME',
        'SERVICE_80_NAME',
      ],
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('a', '-', '_', '.', '/', ',', '=', '8') }),
    );
    fc.assert(
      fc.property(text, fc.dictionary(label, text), (name, labels) => {
        const identity = who(name, labels);
        expect(identity.names.filter((one) => nameFault(one) !== undefined)).toEqual([]);
        for (const { message } of identity.problems) expect(message).not.toMatch(/[\p{Cc}\p{Zl}]/u);
      }),
    );
  });
});
