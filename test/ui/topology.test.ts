import { describe, expect, it } from 'vitest';
import type { QuerySeenJson } from '../../src/api/types/queries-json.js';
import type { ServiceJson, TaskJson } from '../../src/api/types/resources.js';
import { AskBook, NODE, placed, targetsOf, topologyOf } from '../../src/ui/topology.js';

const service = (name: string, links: Record<string, string> = {}): ServiceJson => {
  const [short = '', stack = ''] = name.split('.');
  return {
    key: `default/${stack}/${short}`,
    name,
    fqdn: `${name}.rancher.internal`,
    environment: 'default',
    stack,
    service: short,
    links,
  } as unknown as ServiceJson;
};

const task = (name: string, of: string, host?: string): TaskJson => {
  const [short = '', stack = ''] = of.split('.');
  return {
    id: `id-${name}`,
    name,
    names: [name],
    service: { environment: 'default', stack, service: short },
    ...(host !== undefined && { node: { id: host, name: host } }),
  } as unknown as TaskJson;
};

const query = (from: Partial<QuerySeenJson>, name: string, oneOf = 1): QuerySeenJson => ({
  at: '',
  transport: 'udp',
  name,
  type: 'A',
  rcode: 'NOERROR',
  answers: [],
  by: 'own',
  us: 1,
  oneOf,
  ...from,
});

const services = [service('web.shop', { cache: 'redis.shop' }), service('db.shop'), service('redis.shop')];
const tasks = [task('shop_db_1', 'db.shop', 'alpha'), task('shop_web_1', 'web.shop', 'alpha')];
const targets = targetsOf(services, tasks, 'rancher.internal');

describe('who asks for whom', () => {
  it('is counted by service, whichever of its names is asked for', () => {
    const book = new AskBook();
    for (const name of [
      'db.shop.rancher.internal.',
      'tasks.DB.shop.rancher.internal.',
      'shop_db_1.rancher.internal.',
    ])
      book.add(query({ service: 'web.shop', task: 'shop_web_1', client: '10.0.0.1' }, name, 4), targets);
    book.add(query({ client: '10.0.0.9' }, 'example.org.'), targets);
    // A service that asks for itself, and what privacy hides.
    book.add(query({ service: 'db.shop' }, 'db.shop.rancher.internal.'), targets);
    book.add(query({}, 'db.shop.rancher.internal.'), targets);
    expect(book.askings(services)).toEqual([
      { from: 'web.shop', to: 'db.shop', queries: 12, isLink: false },
      { from: '10.0.0.9', to: undefined, queries: 1, isLink: false },
      { from: 'web.shop', to: 'redis.shop', queries: 0, isLink: true },
    ]);
  });

  it('knows bare names, as those who ask may use them', () => {
    const book = new AskBook();
    for (const name of ['db.', 'db.shop.', 'cache.']) book.add(query({ service: 'web.shop' }, name), targets);
    // Of another stack, or of no service.
    book.add(query({ service: 'web.blog' }, 'db.'), targets);
    book.add(query({ client: '10.0.0.9' }, 'cache.'), targets);
    expect(book.askings([])).toEqual([
      { from: 'web.shop', to: 'db.shop', queries: 2, isLink: false },
      { from: '10.0.0.9', to: undefined, queries: 1, isLink: false },
      { from: 'web.blog', to: undefined, queries: 1, isLink: false },
      { from: 'web.shop', to: 'redis.shop', queries: 1, isLink: false },
    ]);
  });

  it('is drawn from those who ask to hosts', () => {
    const book = new AskBook();
    book.add(query({ service: 'web.shop' }, 'db.shop.rancher.internal.'), targets);
    const topology = topologyOf(
      book.askings(services),
      new Map(services.map((each) => [each.key, each])),
      tasks,
    );
    expect(topology.nodes.map(({ id }) => id)).toEqual([
      '0 web.shop',
      '1 db.shop',
      '1 redis.shop',
      '2 shop_db_1',
      '3 alpha',
    ]);
    expect(topology.edges).toContainEqual({ from: '0 web.shop', to: '1 db.shop', weight: 1, isLink: false });
    expect(topology.edges).toContainEqual({
      from: '0 web.shop',
      to: '1 redis.shop',
      weight: 0,
      isLink: true,
    });
    expect(topology.edges).toContainEqual({ from: '2 shop_db_1', to: '3 alpha', weight: 0, isLink: false });
  });

  it('is drawn by stack where there are too many', () => {
    const many = Array.from({ length: 80 }, (_, index) => service(`s${index}.stack${index % 4}`));
    const book = new AskBook();
    const names = targetsOf(many, [], 'rancher.internal');
    for (const { fqdn } of many) book.add(query({ service: 'web.shop' }, `${fqdn}.`), names);
    const topology = topologyOf(book.askings([]), new Map(many.map((each) => [each.key, each])), []);
    expect(topology.isGrouped).toBe(true);
    expect(topology.nodes.map(({ text }) => text).sort()).toEqual([
      'stack0',
      'stack1',
      'stack2',
      'stack3',
      'web.shop',
    ]);
    expect(topology.edges.map(({ weight }) => weight)).toEqual([20, 20, 20, 20]);
  });

  it('has no two boxes on one another', () => {
    const book = new AskBook();
    for (const { fqdn } of services) book.add(query({ client: '10.0.0.9' }, `${fqdn}.`), targets);
    const { nodes, width, height } = placed(
      topologyOf(book.askings(services), new Map(services.map((each) => [each.key, each])), tasks),
    );
    for (const node of nodes) {
      expect(node.x + NODE.width).toBeLessThanOrEqual(width);
      expect(node.y + NODE.height).toBeLessThanOrEqual(height + 4);
      const others = nodes.filter(
        ({ id, x, y }) => id !== node.id && x === node.x && Math.abs(y - node.y) < NODE.height,
      );
      expect(others).toEqual([]);
    }
  });
});
