import { describe, expect, it } from 'vitest';
import { viewOf } from '../../../src/catalog/view.js';
import type { Facts } from '../../../src/catalog/facts.js';
import type { Health } from '../../../src/catalog/model.js';
import { explain } from '../../../src/dns/zone/explain-name.js';
import type { TYPE } from '../../../src/wire/constants.js';
import { ref, taskFact } from '../../support/facts.js';
import { answerTo, question, recordsOf, zoneOf } from './support.js';

const stranger = '192.0.2.1';
const task = (id: string, of: string, ip: string, health: Health = 'healthy') =>
  taskFact(id, {
    service: ref(of),
    ip,
    health,
    ports: [{ port: 80, protocol: 'tcp', target: 80 }],
  });

describe('virtual IPs', () => {
  const facts: Facts = {
    tasks: [
      task('w1', 'web.shop', '10.0.0.1'),
      task('w2', 'web.shop', '10.0.0.2', 'unhealthy'),
      task('r1', 'rr.shop', '10.0.0.3'),
      task('n1', 'none.shop', '10.0.0.4'),
    ],
    services: [
      { ...ref('web.shop'), kind: 'tasks', endpointMode: 'vip', vip: '10.43.0.1' },
      { ...ref('rr.shop'), kind: 'tasks', vip: '10.43.0.2' },
      { ...ref('none.shop'), kind: 'tasks', endpointMode: 'vip' },
      { ...ref('early.shop'), kind: 'tasks', endpointMode: 'vip', vip: 'fd00:43::3' },
      { ...ref('both.shop'), kind: 'alias', aliasOf: [ref('web.shop'), ref('rr.shop')] },
      { ...ref('bad.shop'), kind: 'tasks', endpointMode: 'vip', vip: 'no address' },
    ],
  };
  const { catalog, zone } = zoneOf(facts);

  it.each<[string, keyof typeof TYPE, string]>([
    ['web.shop.rancher.internal', 'A', '10.43.0.1'],
    ['web.shop.rancher.internal', 'AAAA', 'NODATA rancher.internal'],
    ['tasks.web.shop.rancher.internal', 'A', '10.0.0.1'],
    ['vip.web.shop.rancher.internal', 'A', '10.43.0.1'],
    ['_80._tcp.web.shop.rancher.internal', 'SRV', 'SRV 0 256 80 w1.rancher.internal.'],
    ['rr.shop.rancher.internal', 'A', '10.0.0.3'],
    ['vip.rr.shop.rancher.internal', 'A', '10.43.0.2'],
    ['none.shop.rancher.internal', 'A', '10.0.0.4'],
    ['vip.none.shop.rancher.internal', 'A', 'NODATA rancher.internal'],
    ['early.shop.rancher.internal', 'AAAA', 'fd00:43::3'],
    ['early.shop.rancher.internal', 'A', 'NODATA rancher.internal'],
    ['both.shop.rancher.internal', 'A', '10.43.0.1, 10.0.0.3'],
    ['vip.both.shop.rancher.internal', 'A', '10.43.0.1, 10.43.0.2'],
    ['bad.shop.rancher.internal', 'A', 'NODATA rancher.internal'],
    ['1.0.43.10.in-addr.arpa', 'PTR', 'PTR web.shop.rancher.internal.'],
    ['2.0.43.10.in-addr.arpa', 'PTR', 'PTR rr.shop.rancher.internal.'],
    ['3.0.43.10.in-addr.arpa', 'PTR', 'NXDOMAIN 10.in-addr.arpa'],
    ['0.43.10.in-addr.arpa', 'PTR', 'NODATA 10.in-addr.arpa'],
  ])('%s %s: %s', (name, type, expected) => expect(answerTo(zone, name, type, stranger)).toBe(expected));

  it('are shown by explain, with the tasks behind them', () => {
    const { snapshot } = catalog;
    const view = viewOf(snapshot, stranger, 'default');
    const told = explain(zone, snapshot, view, question('web.shop.rancher.internal', 'A'));
    expect(told.rule).toMatch(/^service\.stack, virtual IP 10\.43\.0\.1; the client may use it: /);
    expect(told.tasks.map(({ task: { id }, why }) => `${id} ${why}`)).toEqual([
      'w1 behind the virtual IP',
      'w2 unhealthy',
    ]);
  });
});

describe('leased virtual IPs', () => {
  it('are answered from the leases, and explain says why one is not', () => {
    const { catalog, zone } = zoneOf({ tasks: [task('w1', 'web.shop', '10.0.0.1')] });
    const told = () =>
      explain(
        zone,
        catalog.snapshot,
        viewOf(catalog.snapshot, stranger, 'default'),
        question('web.shop.rancher.internal', 'A'),
      );
    const answers = () =>
      ['web.shop', 'vip.web.shop', 'tasks.web.shop'].map((name) =>
        answerTo(zone, `${name}.rancher.internal`, 'A', stranger),
      );
    catalog.configure({ endpointMode: 'vip', balancing: {}, vips: 'none' });
    expect(answers()).toEqual(['10.0.0.1', 'NODATA rancher.internal', '10.0.0.1']);
    expect(told().rule).toBe(
      'service.stack, endpoint mode vip, but it has no virtual IP, so its tasks are served',
    );
    catalog.configure({ endpointMode: 'vip', balancing: {}, vips: { pool: '10.43.0.0/30', release: 0 } });
    expect(answers()).toEqual(['10.43.0.2', '10.43.0.2', '10.0.0.1']);
    expect(told().rule).toMatch(/^service\.stack, virtual IP 10\.43\.0\.2; the client may use it: /);
  });
});

describe('a service with a minimum of healthy tasks', () => {
  const { catalog, zone } = zoneOf({
    tasks: [
      task('w1', 'web.shop', '10.0.0.1'),
      task('w2', 'web.shop', '10.0.0.2', 'unhealthy'),
      task('w3', 'web.shop', '10.0.0.3', 'initializing'),
    ],
    services: [{ ...ref('web.shop'), kind: 'tasks', balancing: { minHealthy: 2 } }],
  });

  it('gives the additional tasks, and says so', () => {
    expect(answerTo(zone, 'web.shop.rancher.internal', 'A', stranger)).toBe('10.0.0.1, 10.0.0.2');
    const { snapshot } = catalog;
    const view = viewOf(snapshot, stranger, 'default');
    const told = explain(zone, snapshot, view, question('web.shop.rancher.internal', 'A'));
    expect(told.tasks.map(({ task: { id }, why }) => `${id} ${why}`)).toEqual([
      'w1 static address',
      'w2 static address; unhealthy, but fewer than 2 tasks of its service are healthy, so it is added',
      'w3 initializing',
    ]);
  });
});

describe('a service whose tasks turn unhealthy together', () => {
  const { catalog, zone } = zoneOf({
    tasks: [
      task('a', 'most.shop', '10.0.0.1', 'unhealthy'),
      task('b', 'most.shop', '10.0.0.2', 'unhealthy'),
      task('c', 'most.shop', '10.0.0.3', 'initializing'),
      task('d', 'most.shop', '10.0.0.4', 'draining'),
      task('e', 'half.shop', '10.0.0.5', 'unhealthy'),
      task('f', 'half.shop', '10.0.0.6'),
    ],
  });

  it.each<[string, keyof typeof TYPE, string]>([
    ['most.shop.rancher.internal', 'A', '10.0.0.1, 10.0.0.2, 10.0.0.3'],
    [
      '_80._tcp.most.shop.rancher.internal',
      'SRV',
      'SRV 0 256 80 a.rancher.internal., SRV 0 256 80 b.rancher.internal., SRV 0 256 80 c.rancher.internal.',
    ],
    ['half.shop.rancher.internal', 'A', '10.0.0.6'],
  ])('%s %s: %s', (name, type, expected) => expect(answerTo(zone, name, type, stranger)).toBe(expected));

  it('is explained task by task', () => {
    const { snapshot } = catalog;
    const view = viewOf(snapshot, stranger, 'default');
    const told = explain(zone, snapshot, view, question('most.shop.rancher.internal', 'A'));
    expect(
      told.tasks.map(({ task: { id }, in: isIn, why }) => `${id} ${isIn ? 'in' : 'out'} ${why}`),
    ).toEqual([
      'a in static address; unhealthy, but no task of its service is healthy, so all running tasks are served',
      'b in static address; unhealthy, but no task of its service is healthy, so all running tasks are served',
      'c in static address; initializing, but no task of its service is healthy, so all running tasks are served',
      'd out draining',
    ]);
  });
});

describe('names followed by a search domain', () => {
  const member = '10.0.0.1';
  const { zone } = zoneOf(
    {
      tasks: [
        taskFact('w', {
          name: 'shop_web_1',
          service: ref('web.shop'),
          ip: member,
          links: { db: 'pg.other' },
        }),
        task('l', 'log.web.shop', '10.0.0.2'),
        task('p', 'pg.other', '10.0.0.3'),
        task('o', 'other.shop', '10.0.0.4'),
        // Makes the stacks `log` and `shop_tool` and thereby names without data.
        task('x', 'x.log', '10.0.0.5'),
        task('t', 'x.shop_tool', '10.0.0.6'),
        taskFact('tool', { name: 'shop_tool', ip: '10.0.0.7' }),
        // `cache.shop` exists, though only because of the sidekick of a service that is not there.
        task('c', 'agent.cache.shop', '10.0.0.8'),
        taskFact('cache', { name: 'cache', ip: '10.0.0.9' }),
      ],
      networks: [],
    },
    { records: recordsOf('ldap.shop.rancher.internal A 192.0.2.21', 'x.nas.rancher.internal A 192.0.2.22') },
  );
  const searched = ['shop', 'web.shop', ''].map((list) => (list === '' ? '' : `.${list}`));

  /** What the client's own resolver ends at: the first that is not an NXDOMAIN, as musl takes it. */
  function search(name: string): string {
    for (const list of searched) {
      const answer = answerTo(zone, `${name}${list}.rancher.internal`, 'A', member);
      if (!answer.startsWith('NXDOMAIN')) return answer;
    }
    return 'NXDOMAIN';
  }

  it.each([
    ['web', member],
    ['db', '10.0.0.3'],
    ['log', '10.0.0.2'],
    ['other', '10.0.0.4'],
    ['shop_tool', '10.0.0.7'],
    ['cache', '10.0.0.9'],
    ['ldap', '192.0.2.21'],
    ['rancher-metadata', '169.254.169.250'],
    ['pg.other', '10.0.0.3'],
    ['log.web', '10.0.0.2'],
    ['tasks.web', member],
    ['log.web.shop', '10.0.0.2'],
    ['nobody', 'NXDOMAIN'],
    ['github.com', 'NXDOMAIN'],
    ['www.example.org', 'NXDOMAIN'],
    ['pg.other.rancher.internal', 'NXDOMAIN'],
  ])('%s ends at %s', (name, expected) => expect(search(name)).toBe(expected));

  it('are given only to the client itself', () => {
    expect(answerTo(zone, 'log.rancher.internal', 'A', member)).toBe('10.0.0.2');
    expect(answerTo(zone, 'log.rancher.internal', 'A', stranger)).toBe('NODATA rancher.internal');
    expect(answerTo(zone, 'cache.shop.rancher.internal', 'A', stranger)).toBe('NODATA rancher.internal');
  });
});
