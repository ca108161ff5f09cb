import { describe, expect, it } from 'vitest';
import type { TaskFact } from '../../../src/catalog/facts.js';
import { explain } from '../../../src/dns/zone/explain-name.js';
import { viewOf } from '../../../src/catalog/view.js';
import { answerTo, question, zoneOf } from './support.js';

interface Part extends Partial<Omit<TaskFact, 'aliases' | 'service'>> {
  readonly service?: string;
  /** `network=address alias alias`, one a network. */
  readonly on: readonly string[];
}

/** A container as the docker source would report it. */
function task(name: string, stack: string, { on, service = name, ...rest }: Part): TaskFact {
  const places = on.map((text) => {
    const [place = '', ...names] = text.split(' ');
    const [network = '', ip = ''] = place.split('=');
    return { network, ip, names };
  });
  const aliases = places.filter(({ names }) => names.length > 0);
  return {
    ...{ id: `${stack}/${name}`, name, names: [name], environment: 'default', stack },
    service: { environment: 'default', stack, service },
    ...{ health: 'healthy', ports: [], labels: {}, links: {}, weight: 1, expose: false },
    endpoints: places.map(({ network, ip }) => ({ network, ip })),
    ...(aliases.length > 0 && { aliases: aliases.map(({ network, names }) => ({ network, names })) }),
    ...rest,
  };
}

const network = (id: string, name: string, third: number) => ({
  ...{ id, name, driver: 'bridge', internal: false },
  ...{ subnets: [`10.0.${third}.0/24`], gateways: [`10.0.${third}.1`] },
});
const networks = [
  ...[network('n1', 'shop_default', 1), network('n2', 'edge', 2)],
  ...[network('n3', 'my.net', 3), network('n4', 'dev', 4)],
];

const client = (over: Partial<Part> = {}) =>
  task('cart', 'shop', { on: ['n1=10.0.1.9', 'n2=10.0.2.9'], ...over });

const ask = (tasks: readonly TaskFact[], name: string, type: 'A' | 'AAAA' = 'A') =>
  answerTo(zoneOf({ tasks, networks }).zone, name, type, '10.0.1.9');

describe('a network alias', () => {
  const db = task('postgres', 'shop', { on: ['n1=10.0.1.2 db primary.db'] });

  it('is a name for clients on its network, bare and with the first domain of the search list', () => {
    expect(ask([client(), db], 'db')).toBe('10.0.1.2');
    expect(ask([client(), db], 'db.shop.rancher.internal')).toBe('10.0.1.2');
    expect(ask([client(), db], 'db', 'AAAA')).toBe('NODATA .');
  });

  it('does not exist for others', () => {
    const alone = client({ on: ['n4=10.0.1.9'] });
    expect(ask([alone, db], 'db')).toBe('NXDOMAIN .');
    expect(ask([alone, db], 'db.shop.rancher.internal')).toBe('NXDOMAIN rancher.internal');
  });

  it('may contain dots, and then hides a name of the Internet', () => {
    expect(ask([client(), db], 'primary.db')).toBe('10.0.1.2');
    const www = task('proxy', 'edge', { on: ['n2=10.0.2.2 www.example.com example.com'] });
    expect(ask([client(), www], 'www.example.com')).toBe('10.0.2.2');
    expect(ask([client(), www], 'example.com')).toBe('10.0.2.2');
    expect(ask([client(), www], 'example.com', 'AAAA')).toBe('NODATA com');
    expect(ask([client()], 'www.example.com')).toBe('forward');
  });

  it('of a foreign stack applies if the own stack has no such name, and not if it has one', () => {
    const theirs = task('api', 'other', { on: ['n2=10.0.2.3 api'] });
    expect(ask([client(), theirs], 'api')).toBe('10.0.2.3');
    expect(ask([client(), theirs], 'api.shop.rancher.internal')).toBe('NXDOMAIN rancher.internal');
    expect(ask([client(), theirs], 'api.rancher.internal')).toBe('10.0.2.3');
    const ours = task('backend', 'shop', { on: ['n2=10.0.2.4 api'] });
    expect(ask([client(), theirs, ours], 'api')).toBe('10.0.2.4');
    const service = task('web', 'shop', { service: 'api', on: ['n1=10.0.1.5'] });
    expect(ask([client(), theirs, service], 'api')).toBe('10.0.1.5');
  });

  it('that is also a service of the own stack gives both', () => {
    const blue = task('web-1', 'shop', { service: 'web', on: ['n1=10.0.1.2 web'] });
    const green = task('green-1', 'shop', { service: 'green', on: ['n1=10.0.1.3 green web'] });
    expect(ask([client(), blue, green], 'web').split(', ').sort()).toEqual(['10.0.1.2', '10.0.1.3']);
    expect(ask([client(), blue, green], 'green')).toBe('10.0.1.3');
  });

  it('leads to the address on its own network, the first in the order of their names', () => {
    const both = task('web', 'other', { on: ['n1=10.0.1.2', 'n2=10.0.2.2 front'] });
    expect(ask([client(), both], 'front')).toBe('10.0.2.2');
    const everywhere = task('web', 'other', { on: ['n1=10.0.1.2 front', 'n2=10.0.2.2 front'] });
    expect(ask([client(), everywhere], 'front')).toBe('10.0.2.2');
  });

  it('gives only healthy tasks, and for a part of a service only its own tasks', () => {
    const web = (number: number, over: Partial<Part> = {}) =>
      task(`web-${number}`, 'shop', { service: 'web', on: [`n1=10.0.1.${number} web www`], ...over });
    const paused = { health: 'unhealthy', reason: 'paused' } as const;
    expect(
      ask([client(), web(2), web(3), web(4, paused)], 'www')
        .split(', ')
        .sort(),
    ).toEqual([...['10.0.1.2', '10.0.1.3']]);
    const leader = web(5, { on: ['n1=10.0.1.5 web leader'] });
    expect(ask([client(), web(2), leader], 'leader')).toBe('10.0.1.5');
    expect(ask([client(), web(2), { ...leader, ...paused }, web(6)], 'leader')).toBe('NODATA .');
  });

  it('of all tasks of a service in endpoint mode vip gives the virtual IP', () => {
    const web = task('web', 'shop', { on: ['n1=10.0.1.2 www'] });
    const service = { environment: 'default', stack: 'shop', service: 'web', kind: 'tasks' } as const;
    const services = [{ ...service, endpointMode: 'vip', vip: '10.43.0.9' }] as const;
    const { zone } = zoneOf({ tasks: [client(), web], networks, services });
    expect(answerTo(zone, 'www', 'A', '10.0.1.9')).toBe('10.43.0.9');
  });

  it('exists for a client on the network that is not known yet', () => {
    expect(answerTo(zoneOf({ tasks: [db], networks }).zone, 'db', 'A', '10.0.1.77')).toBe('10.0.1.2');
  });

  it('does not exist for clients on no network', () => {
    expect(answerTo(zoneOf({ tasks: [db], networks }).zone, 'db', 'A', '192.0.2.7')).toBe('NXDOMAIN .');
  });

  it('is explained with its network', () => {
    const { zone, catalog } = zoneOf({ tasks: [client(), db], networks });
    const { snapshot } = catalog;
    const { rule, tasks } = explain(
      zone,
      snapshot,
      viewOf(snapshot, '10.0.1.9', 'default'),
      question('db', 'A'),
    );
    expect(rule).toBe('"db" on network shop_default');
    expect(tasks.map(({ task: { name }, in: isIn }) => [name, isIn])).toEqual([['postgres', true]]);
  });
});

describe('<name>.<network>', () => {
  const db = task('postgres', 'data', {
    on: ['n1=10.0.1.2 db', 'n2=10.0.2.2 db', 'n3=10.0.3.2', 'n4=10.0.4.2 db'],
  });

  it('is the address on that network, of a container or an alias', () => {
    expect(ask([client(), db], 'db.shop_default')).toBe('10.0.1.2');
    expect(ask([client(), db], 'postgres.edge')).toBe('10.0.2.2');
    expect(ask([client(), db], 'nothing.edge')).toBe('forward');
  });

  it('may have dots in the name, or be a top-level domain', () => {
    const wide = client({ on: ['n1=10.0.1.9', 'n3=10.0.3.9', 'n4=10.0.4.9'] });
    expect(ask([wide, db], 'postgres.my.net')).toBe('10.0.3.2');
    expect(ask([wide, db], 'db.dev')).toBe('10.0.4.2');
  });

  it('exists only for clients on that network', () => {
    expect(ask([client(), db], 'db.dev')).toBe('forward');
  });
});

describe('the names of the server itself', () => {
  const thief = task('thief', 'other', {
    on: ['n1=10.0.1.66 ns rancher-metadata'],
    names: ['thief', 'ns', 'rancher-metadata'],
  });

  it.each(['ns.rancher.internal', 'rancher-metadata.rancher.internal', 'rancher-metadata'])(
    'never belong to a container: %s',
    (name) => expect(ask([client(), thief], name)).toBe('169.254.169.250'),
  );
});

describe('a link', () => {
  const db = task('db', 'shop', { on: ['n1=10.0.1.2 db'] });
  const other = task('shop_other_1', 'shop', { service: 'other', on: ['n1=10.0.1.3'] });
  const linked = client({ links: { db: 'shop_other_1', cache: 'shop_other_1' } });

  it('hides a service of the same name for its owner, by every name that a search list makes', () => {
    expect(ask([linked, db, other], 'db')).toBe('10.0.1.3');
    expect(ask([linked, db, other], 'db.shop.rancher.internal')).toBe('10.0.1.3');
    expect(ask([client(), db, other], 'db.shop.rancher.internal')).toBe('10.0.1.2');
    expect(ask([linked, db, other], 'cache.shop.rancher.internal')).toBe('10.0.1.3');
    expect(ask([client(), db, other], 'cache.shop.rancher.internal')).toBe('NXDOMAIN rancher.internal');
  });

  it('also has a name with its network', () => {
    expect(ask([linked, db, other], 'cache.shop_default')).toBe('10.0.1.3');
    expect(ask([linked, db, other], 'cache.edge')).toBe('forward');
  });
});

describe('the addresses of a container on several networks', () => {
  const web = task('web', 'shop', { on: ['n1=10.0.1.2', 'n2=10.0.2.2'] });
  const from = (network: string, address: string) =>
    task(`asker-${network}`, 'other', { on: [`${network}=${address}`] });
  const { zone } = zoneOf({ tasks: [web, from('n1', '10.0.1.7'), from('n2', '10.0.2.7')], networks });

  // One name, as a task has one: on each network it leads back to the address there.
  it.each(['10.0.1.7', '10.0.2.7'])('have one reverse name, asked from %s', (asker) => {
    const names = ['2.1.0.10', '2.2.0.10'].map((each) =>
      answerTo(zone, `${each}.in-addr.arpa`, 'PTR', asker),
    );
    expect(names).toEqual(['PTR web.rancher.internal.', 'PTR web.rancher.internal.']);
    expect(answerTo(zone, 'web.rancher.internal', 'A', asker)).toBe(asker.replace('.7', '.2'));
  });
});
