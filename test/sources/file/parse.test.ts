import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseServicesFile } from '../../../src/sources/file/parse.js';

const reference = `
stacks:
  shop:
    services:
      web:
        ports: [80/tcp]
        endpoint_mode: dnsrr
        tasks:
          - { name: shop_web_1, ip: 127.0.0.11, health: healthy, upstreams: ["192.0.2.53:5353"] }
          - { name: shop_web_2, ip: 127.0.0.12, ip6: "::1", ports: { 80/tcp: 8080 } }
      store:  { external_ips: [192.0.2.10, 192.0.2.11] }
      crm:    { hostname: crm.example.org }
      front:  { alias_of: [web.shop, store.shop] }
clients:
  127.0.0.21: { stack: shop, service: web, links: { db: pg.other }, upstreams: [192.0.2.53, "tls://192.0.2.54#dns.example"] }
`;

/** The faults as they are shown, after the file's name. */
function faults(text: string): string[] {
  const parsed = parseServicesFile(text, 'default');
  return parsed.ok ? [] : parsed.faults.map(({ line, column, message }) => `${line}:${column}: ${message}`);
}

describe('the services file', () => {
  it('has services of every kind, tasks and clients', () => {
    const parsed = parseServicesFile(reference, 'default');
    expect(parsed.ok && parsed.facts).toMatchObject({
      services: [
        {
          environment: 'default',
          stack: 'shop',
          service: 'web',
          kind: 'tasks',
          endpointMode: 'dnsrr',
          ports: [{ port: 80, protocol: 'tcp' }],
        },
        { service: 'store', kind: 'external', externalIps: ['192.0.2.10', '192.0.2.11'] },
        { service: 'crm', kind: 'external', hostname: 'crm.example.org' },
        {
          service: 'front',
          kind: 'alias',
          aliasOf: [
            { stack: 'shop', service: 'web' },
            { stack: 'shop', service: 'store' },
          ],
        },
      ],
      tasks: [
        {
          id: 'file:shop/web/shop_web_1',
          names: ['shop_web_1', 'shop-web-1'],
          stack: 'shop',
          health: 'healthy',
          endpoints: [{ network: '*', ip: '127.0.0.11' }],
          upstreams: [{ ip: '192.0.2.53', port: 5353 }],
          ports: [{ port: 80, target: 80 }],
          weight: 1,
        },
        {
          endpoints: [{ ip: '127.0.0.12' }, { ip: '::1' }],
          ports: [{ port: 80, target: 8080 }],
          health: 'healthy',
        },
      ],
      clients: [
        {
          address: '127.0.0.21',
          stack: 'shop',
          service: 'web',
          links: { db: 'pg.other' },
          upstreams: [
            { ip: '192.0.2.53', port: 53 },
            { ip: '192.0.2.54', port: 853, tls: { name: 'dns.example' } },
          ],
        },
      ],
    });
  });

  it.each([
    ['nothing', ''],
    ['no services', 'stacks: { shop: }'],
    ['a service with nothing in it', 'stacks: { shop: { services: { web: } } }'],
    ['JSON', '{"stacks":{"shop":{"services":{"web":{"tasks":[]}}}}}'],
  ])('may have %s', (_what, text) => expect(faults(text)).toEqual([]));

  it.each([
    [
      'a key with a slip',
      'stacks:\n  shop:\n    servces: {}\n',
      ['3:5: stacks.shop.servces: is not a known key; did you mean services?'],
    ],
    [
      'a key of nowhere',
      'stacks: { shop: { services: { web: { color: red } } } }',
      [
        '1:38: stacks.shop.services.web.color: is not a known key here; use ports, endpoint_mode, vip, balancing, tasks, external_ips, hostname, alias_of, links, labels',
      ],
    ],
    [
      'a name that is no label',
      'stacks:\n  shop:\n    services:\n      we.b: {}\n',
      [
        '4:7: stacks.shop.services.we.b: "we.b" is not a DNS label: it has a character other than a-z, 0-9, "-" and "_"; rename it',
      ],
    ],
    [
      'an address that is none',
      'stacks: { s: { services: { w: { tasks: [ { name: a, ip: 10.1 } ] } } } }',
      ['1:57: stacks.s.services.w.tasks.0.ip: must be an IP address'],
    ],
    [
      'a DNS server that is none',
      'clients: { 127.0.0.21: { stack: s, upstreams: [dns.example] } }',
      [
        '1:48: clients.127.0.0.21.upstreams.0: "dns.example" is not a DNS server; write one such as 192.0.2.53, 192.0.2.53:5353 or tls://192.0.2.53#dns.example',
      ],
    ],
    [
      'two kinds at once',
      'stacks: { s: { services: { w: { hostname: a.example, external_ips: [192.0.2.1] } } } }',
      [
        '1:43: stacks.s.services.w.hostname: external_ips and hostname exclude one another (a service has tasks, or is external, or is an alias); keep one',
      ],
    ],
    [
      'a name twice',
      'stacks:\n  s:\n    services:\n      a: { tasks: [{ name: t }] }\n      b: { tasks: [{ name: T }] }\n',
      [
        '5:22: stacks.s.services.b.tasks.0.name: "t" is already the name of a task of a.s; names must be unique in an environment',
      ],
    ],
    [
      'a port that the service has not',
      'stacks: { s: { services: { w: { ports: [80/tcp], tasks: [{ name: t, ports: { 81/tcp: 1 } }] } } } }',
      [
        '1:78: stacks.s.services.w.tasks.0.ports.81/tcp: "81/tcp" is not a port of the service; use one of 80/tcp',
      ],
    ],
    [
      'a port twice',
      'stacks: { s: { services: { w: { ports: [80/tcp, "8080:80", "80:8080"] } } } }',
      ['1:60: stacks.s.services.w.ports.2: the port 80/tcp is listed twice; remove one'],
    ],
    [
      'what the PROXY protocol cannot do for UDP',
      'stacks: { s: { services: { w: { ports: [53/udp], balancing: { proxy_protocol: v1, accept_proxy: true } } } } }',
      [
        '1:63: stacks.s.services.w.balancing.proxy_protocol: does nothing for 53/udp: version 1 knows no UDP; write v2',
        '1:83: stacks.s.services.w.balancing.accept_proxy: does nothing for 53/udp: PROXY headers in datagrams are not read; give UDP ports a service of their own',
      ],
    ],
    [
      'balancing that cannot be read',
      'stacks: { s: { services: { w: { balancing: { scheduler: wrrr, affinity: 2d, schedular: lc, accept_proxy: 2 } } } } }',
      [
        '1:57: stacks.s.services.w.balancing.scheduler: "wrrr" must be one of rr, wrr, lc, wlc, sed, nq, dh, sh, sh-port, mh, mh-port, lblc, lblcr, fo, ovf, twos; did you mean wrr?',
        '1:73: stacks.s.services.w.balancing.affinity: "2d" must be a duration of at most 1d, written with its unit: 500ms, 10s, 1m30s (0: none)',
        '1:77: stacks.s.services.w.balancing.schedular: is not a known key; did you mean scheduler?',
        '1:106: stacks.s.services.w.balancing.accept_proxy: "2" must be true or false',
      ],
    ],
    [
      'a virtual IP where nothing is balanced',
      'stacks: { s: { services: { w: { hostname: a.example, vip: 10.43.0.9 } } } }',
      ['1:59: stacks.s.services.w.vip: a service with hostname has no virtual IP; remove one of them'],
    ],
    [
      'bad syntax',
      'stacks:\n\tshop: {}\n',
      ['2:1: is not valid YAML: Tabs are not allowed as indentation; indent with spaces'],
    ],
    [
      'a list',
      '- a\n',
      [
        '1:1: holds a list; it must be a mapping of keys, such as "stacks: { shop: { services: { web: {} } } }"',
      ],
    ],
    [
      'several mistakes',
      'stacks: { s: { services: { w: { endpoint_mode: x, ports: [99999/tcp] } } } }',
      [
        '1:48: stacks.s.services.w.endpoint_mode: must be dnsrr or vip',
        '1:59: stacks.s.services.w.ports.0: "99999/tcp" is not a port; write number/protocol such as 80/tcp, http=80/tcp to name it, or 8080:80/tcp if tasks listen on another port',
      ],
    ],
  ])('reports %s with line and column', (_what, text, expected) => expect(faults(text)).toEqual(expected));

  it('has virtual IPs, balancing, and ports that tasks serve under another number', () => {
    const parsed = parseServicesFile(
      `stacks: { shop: { services: { web: {
        vip: 10.43.1.2,
        ports: ["8080:80", 53/udp=dns, 443],
        balancing: { scheduler: lc, affinity: 10m, max_connections: 100, accept_proxy: true, panic_threshold: 30%, min_healthy: 2 },
        tasks: [ { name: a, max_connections: 7 }, { name: b, ports: { 443: 8443 } } ] } } } }`,
      'default',
    );
    expect(parsed.ok && parsed.facts).toMatchObject({
      services: [
        {
          vip: '10.43.1.2',
          balancing: {
            ...{ scheduler: 'lc', affinity: 600, maxConnections: 100 },
            ...{ acceptProxy: true, panicThreshold: 0.3, minHealthy: 2 },
          },
        },
      ],
      tasks: [{ balancing: { maxConnections: 7 } }, { name: 'b' }],
    });
    const ports = parsed.ok ? parsed.facts.services?.[0]?.ports : undefined;
    expect(ports).toEqual([
      { port: 8080, protocol: 'tcp' },
      { port: 53, protocol: 'udp', name: 'dns' },
      { port: 443, protocol: 'tcp' },
    ]);
    expect(parsed.ok && parsed.facts.tasks.map((task) => task.ports.map(({ target }) => target))).toEqual([
      [80, 53, 443],
      [80, 53, 8443],
    ]);
  });

  it('applies a service’s check to each of its tasks, whose own labels take precedence', () => {
    const parsed = parseServicesFile(
      `stacks: { shop: { services: { web: {
        labels: { fairlead.health.http.path: /healthz, fairlead.health.interval: 1s, team: blue },
        tasks: [ { name: a }, { name: b, labels: { fairlead.health.interval: 5s, rack: "7" } } ] } } } }`,
      'default',
    );
    const check = { 'fairlead.health.http.path': '/healthz', 'fairlead.health.interval': '1s' };
    expect(parsed.ok && parsed.facts).toMatchObject({ services: [{ labels: { ...check, team: 'blue' } }] });
    expect(parsed.ok && parsed.facts.tasks.map(({ labels }) => labels)).toEqual([
      check,
      { ...check, 'fairlead.health.interval': '5s', rack: '7' },
    ]);
  });

  it('never throws, whatever it contains', () => {
    const pieces = fc.constantFrom(
      'stacks:',
      'clients:',
      '  ',
      '\n',
      'web',
      ': ',
      '- ',
      '{',
      '}',
      '[',
      ']',
      '&a',
      '*a',
      '"',
      "'",
      '80/tcp',
      '\t',
      '\0',
      '!!binary x',
      '<<',
      '? ',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.array(pieces, { maxLength: 30 }).map((each) => each.join('')),
        ),
        (text) => {
          parseServicesFile(text, 'default');
        },
      ),
    );
  });
});
