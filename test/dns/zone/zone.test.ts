import { describe, expect, it } from 'vitest';
import { HOST_NETWORK } from '../../../src/catalog/model.js';
import { viewOf } from '../../../src/catalog/view.js';
import type { Facts, TaskFact } from '../../../src/catalog/facts.js';
import { explain } from '../../../src/dns/zone/explain-name.js';
import { recordToText } from '../../../src/wire/record-text.js';
import type { TYPE } from '../../../src/wire/constants.js';
import { parseCidr } from '../../../src/net/ip.js';
import { ref, taskFact } from '../../support/facts.js';
import { parseTopLevelDomains } from '../../../src/dns/zone/top-level-domains.js';
import { answerTo, question, zoneOf } from './support.js';

const http = (over: object = {}) => ({ port: 80, protocol: 'tcp' as const, target: 80, ...over });

const facts: Facts = {
  tasks: [
    taskFact('w1', {
      name: 'shop_web_1',
      names: ['shop_web_1', 'shop-web-1'],
      service: ref('web.shop'),
      ip: '10.0.0.1',
      network: 'front',
      ports: [http({ name: 'http' })],
      links: { db: 'pg.other', ghost: 'nobody.nowhere', peer: 'other_pg_1' },
    }),
    taskFact('w2', {
      name: 'shop_web_2',
      service: ref('web.shop'),
      ip: '10.0.0.2',
      network: 'front',
      ports: [http({ target: 8080 })],
      weight: 2,
    }),
    taskFact('w3', {
      name: 'shop_web_3',
      service: ref('web.shop'),
      ip: '10.0.0.3',
      network: 'front',
      health: 'draining',
    }),
    taskFact('w4', {
      name: 'shop_web_4',
      service: ref('web.shop'),
      ip: '10.0.0.4',
      network: 'front',
      health: 'unhealthy',
    }),
    taskFact('w5', { name: 'shop_web_5', service: ref('web.shop'), health: 'stopped' }),
    taskFact('l1', {
      name: 'shop_web_log_1',
      service: ref('log.web.shop'),
      ip: '10.0.0.5',
      network: 'front',
    }),
    taskFact('pg', { name: 'other_pg_1', service: ref('pg.other'), ip: '10.9.0.1', network: 'back' }),
    taskFact('pub', {
      name: 'other_pub_1',
      service: ref('pub.other'),
      ip: '10.9.0.2',
      network: 'back',
      ports: [
        http({ published: [{ ip: '0.0.0.0', port: 8080 }] }),
        { port: 443, protocol: 'tcp', target: 443, published: [{ ip: '0.0.0.0', port: 8443 }] },
      ],
    }),
    taskFact('swarm', { name: 'api.1.x7', service: ref('api.other'), ip: '10.0.0.7', network: 'front' }),
    taskFact('idle', { name: 'shop_idle_1', service: ref('idle.shop'), health: 'stopped' }),
    taskFact('six', { name: 'shop_six_1', service: ref('six.shop'), ip: 'fd00::6', network: 'front' }),
    taskFact('host', { name: 'edge', service: ref('edge.other'), ip: '192.0.2.7', network: HOST_NETWORK }),
    taskFact('otherweb', {
      name: 'other_web_1',
      service: ref('web.other'),
      ip: '10.0.0.9',
      network: 'front',
      ports: [http()],
    }),
    taskFact('stackname', {
      name: 'shop_other_1',
      service: ref('other.shop'),
      ip: '10.0.0.10',
      network: 'front',
    }),
    {
      ...taskFact('dev', { name: 'secret', ip: '10.0.0.66', network: 'front' }),
      environment: 'dev',
      stack: 'shop',
      service: { environment: 'dev', stack: 'shop', service: 'secret' },
    } satisfies TaskFact,
  ],
  services: [
    { ...ref('store.shop'), kind: 'external', externalIps: ['192.0.2.10', '192.0.2.11', 'fd00::10'] },
    { ...ref('crm.shop'), kind: 'external', hostname: 'CRM.example.org' },
    { ...ref('front.shop'), kind: 'alias', aliasOf: [ref('web.shop'), ref('store.shop'), ref('front.shop')] },
    { ...ref('crmalias.shop'), kind: 'alias', aliasOf: [ref('crm.shop')] },
    { ...ref('inner.shop'), kind: 'external', hostname: 'web.shop.rancher.internal' },
    { ...ref('loopa.shop'), kind: 'external', hostname: 'loopb.shop.rancher.internal' },
    { ...ref('loopb.shop'), kind: 'external', hostname: 'loopa.shop.rancher.internal' },
    { ...ref('google.com'), kind: 'external', externalIps: ['192.0.2.66'] },
  ],
  networks: [
    {
      id: 'front',
      name: 'front',
      driver: 'bridge',
      internal: false,
      subnets: ['10.0.0.0/24'],
      gateways: ['10.0.0.254'],
    },
    {
      id: 'back',
      name: 'back',
      driver: 'bridge',
      internal: false,
      subnets: ['10.9.0.0/24'],
      gateways: ['10.9.0.254'],
    },
  ],
  clients: [
    {
      address: '127.0.0.21',
      environment: 'default',
      stack: 'shop',
      service: 'web',
      links: { dbms: 'pg.other' },
    },
  ],
};

const host = '192.0.2.200';
const shopTask = '10.0.0.1';

const { catalog, zone } = zoneOf(facts);

function ask(name: string, type: keyof typeof TYPE, from: string, of = zone): string {
  return answerTo(of, name, type, from);
}

const nodata = 'NODATA rancher.internal';
const nxdomain = 'NXDOMAIN rancher.internal';

describe('names below the domain', () => {
  it.each<[string, keyof typeof TYPE, string, string]>([
    ['web.shop.rancher.internal', 'A', host, '10.0.0.1, 10.0.0.2'],
    ['web.shop.rancher.internal', 'AAAA', host, nodata],
    ['web.shop.rancher.internal', 'MX', host, nodata],
    ['web.shop.rancher.internal', 'ANY', host, 'HINFO "RFC8482" ""'],
    ['six.shop.rancher.internal', 'AAAA', host, 'fd00::6'],
    ['six.shop.rancher.internal', 'A', host, nodata],
    ['log.web.shop.rancher.internal', 'A', host, '10.0.0.5'],
    ['log.shop.rancher.internal', 'A', host, nxdomain],
    ['tasks.web.shop.rancher.internal', 'A', host, '10.0.0.1, 10.0.0.2'],
    ['vip.web.shop.rancher.internal', 'A', host, nodata],
    ['tasks.nobody.shop.rancher.internal', 'A', host, nxdomain],
    ['shop_web_1.rancher.internal', 'A', host, '10.0.0.1'],
    ['shop-web-1.rancher.internal', 'A', host, '10.0.0.1'],
    ['shop_web_4.rancher.internal', 'A', host, '10.0.0.4'],
    ['shop_web_3.rancher.internal', 'A', host, nodata],
    ['shop_web_5.rancher.internal', 'A', host, nodata],
    ['api.1.x7.rancher.internal', 'A', host, '10.0.0.7'],
    ['1.x7.rancher.internal', 'A', host, nodata],
    ['idle.shop.rancher.internal', 'A', host, nodata],
    ['shop.rancher.internal', 'A', host, nodata],
    ['_tcp.web.shop.rancher.internal', 'A', host, nodata],
    ['_udp.web.shop.rancher.internal', 'A', host, nxdomain],
    ['store.shop.rancher.internal', 'A', host, '192.0.2.10, 192.0.2.11'],
    ['store.shop.rancher.internal', 'AAAA', host, 'fd00::10'],
    ['front.shop.rancher.internal', 'A', host, '10.0.0.1, 10.0.0.2, 192.0.2.10, 192.0.2.11'],
    ['crm.shop.rancher.internal', 'A', host, 'CNAME crm.example.org., chase crm.example.org'],
    ['crm.shop.rancher.internal', 'CNAME', host, 'CNAME crm.example.org.'],
    ['crmalias.shop.rancher.internal', 'AAAA', host, 'CNAME crm.example.org., chase crm.example.org'],
    ['inner.shop.rancher.internal', 'A', host, 'CNAME web.shop.rancher.internal., 10.0.0.1, 10.0.0.2'],
    ['inner.shop.rancher.internal', 'AAAA', host, 'CNAME web.shop.rancher.internal.'],
    ['loopa.shop.rancher.internal', 'A', host, 'SERVFAIL CNAME loop'],
    ['absent.rancher.internal', 'A', host, nxdomain],
    ['x.absent.shop.rancher.internal', 'A', host, nxdomain],
    ['github.com.shop.rancher.internal', 'A', host, nxdomain],
    ['web.shop.rancher.internal.rancher.internal', 'A', host, nxdomain],
    ['web\\.shop.rancher.internal', 'A', host, nxdomain],
    ['\\255.rancher.internal', 'A', host, nxdomain],
    ['rancher.internal', 'A', host, nodata],
    ['rancher.internal', 'NS', host, 'NS ns.rancher.internal.'],
    [
      'rancher.internal',
      'SOA',
      host,
      `SOA ns.rancher.internal. hostmaster.rancher.internal. ${100 + catalog.snapshot.revision} 60 10 86400 3`,
    ],
    ['ns.rancher.internal', 'A', host, '169.254.169.250'],
    ['secret.shop.rancher.internal', 'A', host, nxdomain],
    ['secret.rancher.internal', 'A', host, nxdomain],
  ])('%s %s from %s: %s', (name, type, from, expected) => expect(ask(name, type, from)).toBe(expected));

  it('have one TTL, and a negative one in the SOA', () => {
    const good = zone.resolve(question('web.shop.rancher.internal', 'A'), { address: host });
    const bad = zone.resolve(question('absent.rancher.internal', 'A'), { address: host });
    expect(good).toMatchObject({ aa: true, answers: [{ ttl: 7 }, { ttl: 7 }], authority: [] });
    expect(bad).toMatchObject({ aa: true, answers: [], authority: [{ ttl: 3, rdata: { minimum: 3 } }] });
  });
});

describe('short names', () => {
  it.each<[string, string, string]>([
    ['web', shopTask, '10.0.0.1, 10.0.0.2'],
    ['web', '127.0.0.21', '10.0.0.1, 10.0.0.2'],
    ['web', '10.0.0.9', '10.0.0.9'],
    ['log', shopTask, '10.0.0.5'],
    ['log', '10.0.0.5', '10.0.0.5'],
    ['shop_web_2', shopTask, '10.0.0.2'],
    ['other_web_1', shopTask, '10.0.0.9'],
    ['web.other', shopTask, '10.0.0.9'],
    ['log.web', shopTask, '10.0.0.5'],
    ['tasks.web', shopTask, '10.0.0.1, 10.0.0.2'],
    ['dbms', '127.0.0.21', '10.9.0.1'],
    ['db', shopTask, 'NODATA .'],
    ['peer', shopTask, 'NODATA .'],
    ['ghost', shopTask, 'NODATA .'],
    ['dbms.rancher.internal', '127.0.0.21', '10.9.0.1'],
    ['dbms.rancher.internal', host, nxdomain],
    ['pg', shopTask, 'NODATA .'],
    ['edge-2', shopTask, 'NXDOMAIN .'],
    ['web', host, 'NXDOMAIN .'],
    ['com', host, 'NODATA .'],
    ['com', shopTask, 'NODATA .'],
    ['web.shop', host, 'forward'],
    ['google.com', shopTask, 'forward'],
    ['web.shop', shopTask, '10.0.0.1, 10.0.0.2'],
    ['web.shop', '10.9.0.1', 'forward'],
    ['google.com.rancher.internal', shopTask, '192.0.2.66'],
    ['no.such', shopTask, 'forward'],
    ['www.example.org', shopTask, 'forward'],
    ['other.rancher.internal', shopTask, '10.0.0.10'],
    ['other.rancher.internal', host, nodata],
    ['secret', '10.0.0.66', '10.0.0.66'],
    ['web', '10.0.0.66', 'NXDOMAIN .'],
  ])('%s from %s: %s', (name, from, expected) => expect(ask(name, 'A', from)).toBe(expected));
});

describe('a list of top-level domains', () => {
  it('determines which names of two labels belong to the Internet', () => {
    const topLevelDomains = parseTopLevelDomains('# Version 2026080100\nSHOP\r\n\nXN--P1AI\n');
    const { zone: other } = zoneOf(facts, { topLevelDomains });
    expect(ask('google.com', 'A', shopTask, other)).toBe('192.0.2.66');
    expect(ask('web.shop', 'A', '10.0.0.9', other)).toBe('forward');
    expect(ask('xn--p1ai', 'A', shopTask, other)).toBe('NODATA .');
    expect(ask('xn--p1ai', 'A', shopTask)).toBe('NODATA .');
    expect(ask('com', 'A', shopTask, other)).toBe('NXDOMAIN .');
  });
});

describe('a client does not see what it cannot reach', () => {
  it.each<[string, keyof typeof TYPE, string, string]>([
    ['pg.other.rancher.internal', 'A', host, '10.9.0.1'],
    ['pg.other.rancher.internal', 'A', shopTask, nodata],
    ['pub.other.rancher.internal', 'A', shopTask, nodata],
    [
      '_80._tcp.pub.other.rancher.internal',
      'SRV',
      shopTask,
      'SRV 0 256 8080 ip-10-0-0-254.rancher.internal.',
    ],
    ['ip-10-0-0-254.rancher.internal', 'A', shopTask, '10.0.0.254'],
    ['ip-8-8-8-8.rancher.internal', 'A', shopTask, nxdomain],
    ['edge.other.rancher.internal', 'A', shopTask, '192.0.2.7'],
  ])('%s %s from %s: %s', (name, type, from, expected) => expect(ask(name, type, from)).toBe(expected));
});

describe('SRV', () => {
  it.each<[string, string]>([
    [
      '_80._tcp.web.shop.rancher.internal',
      'SRV 0 256 80 shop-web-1.rancher.internal., SRV 0 512 8080 shop_web_2.rancher.internal.',
    ],
    ['_http._tcp.web.shop.rancher.internal', 'SRV 0 256 80 shop-web-1.rancher.internal.'],
    ['_80._udp.web.shop.rancher.internal', nxdomain],
    ['_81._tcp.web.shop.rancher.internal', nxdomain],
    [
      '_80._tcp.front.shop.rancher.internal',
      'SRV 0 256 80 shop-web-1.rancher.internal., SRV 0 512 8080 shop_web_2.rancher.internal.',
    ],
  ])('%s: %s', (name, expected) => expect(ask(name, 'SRV', host)).toBe(expected));

  it('includes the address of each target', () => {
    const resolution = zone.resolve(question('_80._tcp.web.shop.rancher.internal', 'SRV'), { address: host });
    const extra = resolution.kind === 'answer' ? (resolution.additionals ?? []) : [];
    expect(extra.map(recordToText)).toEqual([
      'shop-web-1.rancher.internal. 7 IN A 10.0.0.1',
      'shop_web_2.rancher.internal. 7 IN A 10.0.0.2',
    ]);
  });
});

describe('reverse names', () => {
  it.each<[string, string, string]>([
    ['1.0.0.10.in-addr.arpa', host, 'PTR shop-web-1.rancher.internal.'],
    [
      '6.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa',
      host,
      'PTR shop_six_1.rancher.internal.',
    ],
    ['77.0.0.10.in-addr.arpa', host, 'NXDOMAIN 0.0.10.in-addr.arpa'],
    ['66.0.0.10.in-addr.arpa', host, 'NXDOMAIN 0.0.10.in-addr.arpa'],
    ['8.8.8.8.in-addr.arpa', host, 'forward'],
  ])('%s from %s: %s', (name, from, expected) => expect(ask(name, 'PTR', from)).toBe(expected));
});

describe('special names', () => {
  it.each<[string, keyof typeof TYPE, string]>([
    ['localhost', 'A', '127.0.0.1'],
    ['x.localhost', 'AAAA', '::1'],
    ['localhost', 'MX', 'NODATA localhost'],
    ['printer.local', 'A', 'NXDOMAIN local'],
    ['x.invalid', 'A', 'NXDOMAIN invalid'],
  ])('%s %s: %s', (name, type, expected) => expect(ask(name, type, host)).toBe(expected));
});

describe('while facts are still missing', () => {
  it('denies nothing', () => {
    const { zone: loading } = zoneOf(undefined);
    expect(ask('web.shop.rancher.internal', 'A', host, loading)).toBe(
      'SERVFAIL the catalog is still loading',
    );
    expect(ask('www.example.org', 'A', host, loading)).toBe('forward');
  });
});

describe('access', () => {
  it('is denied silently to clients that are not allowed', () => {
    const { zone: guarded } = zoneOf(facts, {
      allow: [parseCidr('10.0.0.0/8')].filter((each) => each !== undefined),
    });
    expect(ask('web.shop.rancher.internal', 'A', '10.1.1.1', guarded)).toBe('10.0.0.1, 10.0.0.2');
    expect(ask('web.shop.rancher.internal', 'A', '192.0.2.1', guarded)).toBe('drop');
  });
});

describe('a change', () => {
  it('shows up in the very next answer, even if only a gateway changed', () => {
    const { catalog: changing, zone: current } = zoneOf(undefined);
    const sink = changing.sink('file');
    const tasks = [
      taskFact('a', {
        service: ref('web.shop'),
        ip: '10.0.0.1',
        network: 'back',
        ports: [http({ published: [{ ip: '0.0.0.0', port: 80 }] })],
      }),
      taskFact('c', { ip: '10.1.0.1', network: 'front' }),
    ];
    const network = (gateway: string) => [
      { id: 'front', name: 'front', driver: 'bridge', internal: false, subnets: [], gateways: [gateway] },
    ];
    sink.replace({ tasks, networks: network('10.1.0.254') });
    expect(ask('web.shop.rancher.internal', 'A', '10.1.0.1', current)).toBe('10.1.0.254');
    sink.update({ networks: network('10.1.0.253') });
    expect(ask('web.shop.rancher.internal', 'A', '10.1.0.1', current)).toBe('10.1.0.253');
  });
});

describe('explain', () => {
  it('says which rule answered and why each task is included or left out', () => {
    const { snapshot } = catalog;
    const told = explain(zone, snapshot, viewOf(snapshot, shopTask, 'default'), question('web', 'A'));
    expect(told).toMatchObject({
      rule: 'service.stack',
      rcode: 'NOERROR',
      steps: [
        { tried: 'web', matched: false, why: 'the client has no link of this name' },
        { tried: 'web.shop', matched: true },
      ],
    });
    expect(told.tasks.map((each) => `${each.task.name} ${each.in ? 'in' : 'out'}: ${each.why}`)).toEqual([
      'shop_web_1 in: shared network',
      'shop_web_2 in: shared network',
      'shop_web_3 out: draining',
      'shop_web_4 out: unhealthy',
      'shop_web_5 out: stopped',
    ]);
    const hidden = explain(zone, snapshot, viewOf(snapshot, shopTask, 'default'), question('pg.other', 'A'));
    expect(hidden.tasks[0]?.why).toContain('no shared network: it is on back, the client on front');
    const stranger = explain(zone, snapshot, viewOf(snapshot, host, 'default'), question('web', 'A'));
    expect(stranger).toMatchObject({
      rcode: 'NXDOMAIN',
      steps: [{ matched: false, why: 'the client is unknown, so it can only use fully qualified names' }],
    });
  });
});
