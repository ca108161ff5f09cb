import { describe, expect, it } from 'vitest';
import type { Facts } from '../../../src/catalog/facts.js';
import type { Health } from '../../../src/catalog/model.js';
import { viewOf } from '../../../src/catalog/view.js';
import { explain } from '../../../src/dns/zone/explain-name.js';
import type { TYPE } from '../../../src/wire/constants.js';
import { rdataToText } from '../../../src/wire/record-text.js';
import { nameToText } from '../../../src/wire/name-text.js';
import { ref, taskFact } from '../../support/facts.js';
import { answerTo, question, recordsOf, zoneOf } from './support.js';

const ports = [
  { port: 80, protocol: 'tcp', target: 80, name: 'http' },
  { port: 443, protocol: 'tcp', target: 8443 },
] as const;

const task = (id: string, of: string, ip: string, health: Health = 'healthy') =>
  taskFact(id, { service: ref(of), ip, health, ports: [...ports] });

const cart = '10.0.0.9';
const stranger = '192.0.2.1';

const facts: Facts = {
  tasks: [
    task('w1', 'web.webshop', '10.0.0.1'),
    task('w2', 'web.webshop', '10.0.0.2'),
    taskFact('s1', {
      service: { ...ref('web.webshop'), sidekick: 'log' },
      ip: '10.0.0.3',
      ports: [...ports],
    }),
    task('c1', 'cart.webshop', cart),
    task('d1', 'db.dev', '10.0.0.5'),
    task('o1', 'own.dev', '10.0.0.6'),
    task('blue1', 'blue.webshop', '10.0.1.1', 'unhealthy'),
    task('green1', 'green.webshop', '10.0.1.2'),
  ],
  services: [
    { ...ref('web.webshop'), kind: 'tasks', vip: '10.43.0.1', ports: [{ port: 80, protocol: 'tcp' }] },
    { ...ref('front.webshop'), kind: 'alias', aliasOf: [ref('blue.webshop'), ref('green.webshop')] },
  ],
};

describe('names of three and more labels follow the same rules as names of two', () => {
  const { zone } = zoneOf(facts, { forwardSuffixes: ['web.corp'] });

  it.each<[string, keyof typeof TYPE, string, string]>([
    ['vip.web.webshop', 'A', cart, '10.43.0.1'],
    ['tasks.web.webshop', 'A', cart, '10.0.0.1, 10.0.0.2'],
    ['log.web.webshop', 'A', cart, '10.0.0.3'],
    ['tasks.log.web', 'A', cart, '10.0.0.3'],
    ['tasks.log.web.webshop', 'A', cart, '10.0.0.3'],
    ['_80._tcp.cart.webshop', 'SRV', stranger, 'forward'],
    ['_80._tcp.cart.webshop', 'SRV', cart, 'SRV 0 256 80 c1.rancher.internal.'],
    ['_443._tcp.cart', 'SRV', cart, 'SRV 0 256 8443 c1.rancher.internal.'],
    // In another stack a top-level domain is one; in the stack of that name it is the stack.
    ['tasks.db.dev', 'A', cart, 'forward'],
    ['tasks.db.dev', 'A', '10.0.0.6', '10.0.0.5'],
    // Whoever is not a client of ours gets full names only, and what nobody has goes upstream.
    ['vip.web.webshop', 'A', stranger, 'forward'],
    ['nobody.web.webshop', 'A', cart, 'forward'],
    ['vip.nobody.webshop', 'A', cart, 'forward'],
    ['tasks.web.corp', 'A', cart, 'forward'],
    ['a.b.c.d.e.f', 'A', cart, 'forward'],
  ])('%s %s from %s: %s', (name, type, from, expected) =>
    expect(answerTo(zone, name, type, from)).toBe(expected),
  );
});

describe('SRV at the name of a service', () => {
  const { zone } = zoneOf(facts);

  it.each<[string, string]>([
    [
      'web.webshop.rancher.internal',
      'SRV 0 256 80 w1.rancher.internal., SRV 0 256 8443 w1.rancher.internal., ' +
        'SRV 0 256 80 w2.rancher.internal., SRV 0 256 8443 w2.rancher.internal.',
    ],
    ['cart', 'SRV 0 256 80 c1.rancher.internal., SRV 0 256 8443 c1.rancher.internal.'],
    ['vip.web.webshop.rancher.internal', 'SRV 0 256 80 vip.web.webshop.rancher.internal.'],
    ['vip.cart.webshop.rancher.internal', 'NODATA rancher.internal'],
  ])('%s: %s', (name, expected) => expect(answerTo(zone, name, 'SRV', cart)).toBe(expected));

  it('includes the addresses', () => {
    const resolution = zone.resolve(question('vip.web', 'SRV'), { address: cart });
    const additionals = resolution.kind === 'answer' ? resolution.additionals : undefined;
    expect(additionals?.map(({ owner, rdata }) => `${nameToText(owner)} ${rdataToText(rdata)}`)).toEqual([
      'vip.web.webshop.rancher.internal 10.43.0.1',
    ]);
  });
});

describe('an alias of several services', () => {
  it('is evaluated as a whole: one whose tasks all fail gives nothing while the other serves', () => {
    const { catalog, zone } = zoneOf(facts);
    expect(answerTo(zone, 'front', 'A', cart)).toBe('10.0.1.2');
    expect(answerTo(zone, '_80._tcp.front', 'SRV', cart)).toBe('SRV 0 256 80 green1.rancher.internal.');
    const { snapshot } = catalog;
    const told = explain(zone, snapshot, viewOf(snapshot, cart, 'default'), question('front', 'A'));
    expect(told.tasks.map((each) => `${each.task.id} ${each.in ? 'in' : 'out'} ${each.why}`)).toEqual([
      'blue1 out unhealthy',
      'green1 in static address',
    ]);
  });

  it('gives all running tasks when most of all its tasks fail', () => {
    const failing = [task('green1', 'green.webshop', '10.0.1.2', 'unhealthy')];
    const tasks = [...facts.tasks.filter(({ id }) => id !== 'green1'), ...failing];
    const { zone } = zoneOf({ ...facts, tasks });
    expect(answerTo(zone, 'front', 'A', cart)).toBe('10.0.1.1, 10.0.1.2');
  });
});

describe('zones that are denied', () => {
  const { zone } = zoneOf(facts, { searchSuffixes: ['corp.local', 'eu.example', 'shop.internal'] });

  it.each([
    ['metadata.google.internal', 'forward'],
    ['ip-10-0-0-1.ec2.internal', 'forward'],
    ['ip-10-0-0-1.us-east-2.compute.internal', 'forward'],
    ['host.docker.internal', 'forward'],
    ['files.corp.local', 'forward'],
    ['corp.local', 'forward'],
    ['web.shop.internal', 'forward'],
    ['files.other.local', 'NXDOMAIN local'],
    ['other.internal', 'NXDOMAIN internal'],
    ['x.invalid', 'NXDOMAIN invalid'],
    ['nobody.rancher.internal', 'NXDOMAIN rancher.internal'],
  ])('%s: %s', (name, expected) => expect(answerTo(zone, name, 'A', stranger)).toBe(expected));

  it('are listed, with the names in them that go upstream', () => {
    const { zone: some } = zoneOf(facts, {
      searchSuffixes: ['corp.local', 'eu.example'],
      forwardSuffixes: ['home.arpa', 'corp.example'],
    });
    const { denied, opened } = some.zones();
    expect(denied).toEqual(expect.arrayContaining(['local', 'internal', 'invalid', '10.in-addr.arpa']));
    expect(denied).not.toContain('home.arpa');
    expect([...opened].sort()).toEqual([
      'compute.internal',
      'corp.local',
      'docker.internal',
      'ec2.internal',
      'google.internal',
      'home.arpa',
    ]);
  });

  it('are not opened by a search list with our own domain, or a name above it', () => {
    const { zone: own } = zoneOf(facts, {
      searchSuffixes: ['rancher.internal', 'shop.rancher.internal', 'internal'],
    });
    expect(answerTo(own, 'x.shop.rancher.internal', 'A', stranger)).toBe('NXDOMAIN rancher.internal');
    expect(answerTo(own, 'x.internal', 'A', stranger)).toBe('NXDOMAIN internal');
  });
});

describe('names below localhost', () => {
  const records = recordsOf('*.app.localhost A 10.9.9.9', 'db.localhost A 10.9.9.8');
  const { zone } = zoneOf(facts, { records });

  it.each([
    ['x.app.localhost', 'A', '10.9.9.9'],
    ['x.y.app.localhost', 'A', '10.9.9.9'],
    ['x.app.localhost', 'AAAA', '::1'],
    ['app.localhost', 'A', '127.0.0.1'],
    ['db.localhost', 'A', '10.9.9.8'],
    ['other.localhost', 'A', '127.0.0.1'],
    ['localhost', 'A', '127.0.0.1'],
  ] as const)('%s %s: %s', (name, type, expected) => expect(answerTo(zone, name, type, cart)).toBe(expected));

  it('obey a wildcard right below it', () => {
    const { zone: all } = zoneOf(facts, { records: recordsOf('*.localhost A 10.9.9.7') });
    expect(answerTo(all, 'a.b.localhost', 'A', cart)).toBe('10.9.9.7');
    expect(answerTo(all, 'localhost', 'A', cart)).toBe('127.0.0.1');
  });
});

describe('the name of an address', () => {
  const named = (id: string, ip: string, names: string[]) => ({
    ...taskFact(id, { ip }),
    names,
  });

  it.each<[string, string, string]>([
    ['has hyphens where there is such a form', '1.0.0.10', 'PTR shop-web-1.rancher.internal.'],
    ['has underscores where there is no other', '2.0.0.10', 'PTR only_this.rancher.internal.'],
    ['is one that leads back to the address', '4.0.0.10', 'PTR second-4.rancher.internal.'],
  ])('%s', (_, reverse, expected) => {
    const { zone } = zoneOf({
      tasks: [
        named('a', '10.0.0.1', ['shop_web_1', 'shop-web-1']),
        named('b', '10.0.0.2', ['only_this']),
        named('c', '10.0.0.3', ['twin']),
        named('d', '10.0.0.4', ['twin', 'second-4']),
      ],
    });
    expect(answerTo(zone, `${reverse}.in-addr.arpa`, 'PTR', stranger)).toBe(expected);
    const name = expected.slice(4);
    const address = reverse.split('.').reverse().join('.');
    expect(answerTo(zone, name, 'A', stranger)).toBe(address);
  });
});
