import { describe, expect, it } from 'vitest';
import type { Task } from '../../../src/catalog/model.js';
import { entriesOf, type EntryOptions } from '../../../src/publishers/consul/consul-entry.js';
import { ref, taskFact } from '../../support/facts.js';

const node = { id: 'host-1', name: 'alpha' };
const options: EntryOptions = {
  node,
  ids: 'fairlead',
  internal: false,
  explicit: false,
  hostAddress: '192.0.2.1',
  networkName: (id) => id,
  spansHosts: (id) => id === 'mesh',
};
const published = [{ ip: '0.0.0.0', port: 32768 }];
const http = { port: 80, protocol: 'tcp', target: 80, published } as const;

function task(over: Parameters<typeof taskFact>[1] = {}): Task {
  const fact = taskFact('c0ffeec0ffee99', {
    name: 'shop-web-1',
    service: ref('web.shop'),
    ip: '172.17.0.2',
    network: 'bridge',
    image: 'registry:5000/team/nginx:1.27',
    ports: [http],
    ...over,
  });
  return { source: 'docker', ...fact };
}
const one = (over: Parameters<typeof taskFact>[1] = {}, more: Partial<EntryOptions> = {}) =>
  entriesOf(task(over), { ...options, ...more }).entries[0];
const labelled = (labels: Record<string, string>, more: Partial<EntryOptions> = {}) => one({ labels }, more);

describe('an entry in Consul', () => {
  it('is the published port at the host’s address, with the owner’s mark', () => {
    expect(one()).toEqual({
      id: 'fairlead:c0ffeec0ffee:80',
      name: 'shop-web',
      address: '192.0.2.1',
      port: 32768,
      tags: [],
      meta: {
        'fairlead-owner': 'host-1',
        'fairlead-host': 'alpha',
        'fairlead-task': 'c0ffeec0ffee99',
        'fairlead-name': 'shop-web-1',
        'fairlead-environment': 'default',
        'fairlead-stack': 'shop',
        'fairlead-service': 'web',
        'fairlead-port': '80/tcp',
        'fairlead-image': 'registry:5000/team/nginx:1.27',
        'fairlead-target': '80',
      },
      weight: 1,
      status: 'passing',
    });
  });

  it('says what the task runs, as far as it is known and Consul has room for it', () => {
    const version = {
      imageId: `sha256:${'a'.repeat(64)}`,
      createdAt: Date.UTC(2026, 0, 2, 3, 4, 5),
      startedAt: Date.UTC(2026, 0, 2, 3, 4, 6),
      restarts: 2,
    };
    expect(one({ ...version, image: `x/${'y'.repeat(511)}` })?.meta).toMatchObject({
      'fairlead-image-id': version.imageId,
      'fairlead-created': '2026-01-02T03:04:05.000Z',
      'fairlead-started': '2026-01-02T03:04:06.000Z',
      'fairlead-restarts': '2',
    });
    expect(one({ image: `x/${'y'.repeat(511)}` })?.meta).not.toHaveProperty('fairlead-image');
  });

  it('has registrator’s id and name if configured', () => {
    const ids = { ids: 'registrator' } as const;
    expect(one({}, ids)).toMatchObject({ id: 'alpha:shop-web-1:80', name: 'nginx' });
    const dns = { port: 53, protocol: 'udp', target: 53, published } as const;
    expect(one({ ports: [dns] }, ids)).toMatchObject({
      id: 'alpha:shop-web-1:53:udp',
      tags: ['udp', 'fairlead-service=shop/web'],
    });
  });

  it('has a tag with its service if its name does not tell it', () => {
    const tag = ['fairlead-service=shop/web'];
    expect(labelled({ SERVICE_NAME: 'front' })).toMatchObject({ tags: tag });
    expect(labelled({ SERVICE_NAME: 'shop-web' })).toMatchObject({ tags: [] });
    expect(labelled({ SERVICE_NAME: 'shop-web-http' })).toMatchObject({ tags: tag });
    expect(labelled({}, { ids: 'registrator' })).toMatchObject({ name: 'nginx', tags: tag });
    expect(one({ service: ref('log.web.shop') })).toMatchObject({ name: 'shop-web-log', tags: [] });
    expect(one({ service: ref('log.web.shop'), labels: { SERVICE_NAME: 'x' } })).toMatchObject({
      tags: ['fairlead-service=shop/web/log'],
    });
    const lone = taskFact('lone', { ip: '172.17.0.2', network: 'bridge', ports: [http] });
    expect(entriesOf({ source: 'docker', ...lone }, options).entries[0]).toMatchObject({ tags: [] });
  });

  it.each([
    [{ SERVICE_NAME: 'front' }, { name: 'front' }],
    [{ SERVICE_80_NAME: 'front' }, { name: 'front' }],
    [{ SERVICE_NAME: 'all', SERVICE_80_NAME: 'front' }, { name: 'front' }],
    [{ SERVICE_81_NAME: 'other' }, { name: 'shop-web' }],
    [{ SERVICE_ID: 'mine' }, { id: 'mine' }],
    [{ SERVICE_TAGS: 'a, b\\,c,,d' }, { tags: ['a', 'b,c', 'd'] }],
    [{ SERVICE_CHECK_DEREGISTER_AFTER: '90m' }, { deregisterAfter: '90m' }],
    [{ SERVICE_CHECK_DEREGISTER_AFTER: '1h30m' }, { deregisterAfter: '1h30m' }],
    [{ SERVICE_REGION: 'eu', SERVICE_80_region: 'us' }, { meta: { region: 'us' } }],
    [{ SERVICE_CHECK_HTTP: '/up' }, { meta: { check_http: '/up' } }],
  ])('%j', (labels: Record<string, string>, expected) => expect(labelled(labels)).toMatchObject(expected));

  it.each([{ SERVICE_IGNORE: 'false' }, { SERVICE_80_IGNORE: 'x' }])('%j: none', (labels) =>
    expect(labelled(labels as unknown as Record<string, string>)).toBeUndefined(),
  );

  it('with several ports has the port in its name, unless the name belongs to the port', () => {
    const ports = [
      http,
      { port: 443, protocol: 'tcp', target: 443, published: [{ ip: '::', port: 443 }] } as const,
    ];
    const names = (labels: Record<string, string>) =>
      entriesOf(task({ ports, labels }), options).entries.map(({ name }) => name);
    expect(names({})).toEqual(['shop-web-80', 'shop-web-443']);
    expect(names({ SERVICE_443_NAME: 'secure' })).toEqual(['shop-web-80', 'secure']);
  });

  it('is only what a label names if configured', () => {
    expect(labelled({}, { explicit: true })).toBeUndefined();
    expect(labelled({ SERVICE_NAME: 'front' }, { explicit: true })).toMatchObject({ name: 'front' });
    expect(labelled({ 'fairlead.service': 'web' }, { explicit: true })).toBeDefined();
  });

  it.each<[string, Parameters<typeof taskFact>[1], Partial<EntryOptions>, object | undefined]>([
    ['unpublished', { ports: [{ ...http, published: [] }] }, {}, undefined],
    [
      'published on loopback only',
      { ports: [{ ...http, published: [{ ip: '127.0.0.1', port: 80 }] }] },
      {},
      undefined,
    ],
    [
      'published at one address',
      { ports: [{ ...http, published: [{ ip: '192.0.2.7', port: 80 }] }] },
      {},
      { address: '192.0.2.7' },
    ],
    ['in the host’s network', { network: 'host', ip: '192.0.2.1' }, {}, { address: '192.0.2.1', port: 80 }],
    ['internal', {}, { internal: true }, { address: '172.17.0.2', port: 80 }],
    [
      'internal, of a network by name',
      {
        endpoints: [
          { network: 'bridge', ip: '172.17.0.2' },
          { network: 'front', ip: '10.9.0.2' },
        ],
      },
      { internal: true, network: 'front' },
      { address: '10.9.0.2' },
    ],
    [
      'unpublished, on a network that spans hosts',
      { network: 'mesh', ip: '10.9.0.7', ports: [{ ...http, published: [] }] },
      {},
      { address: '10.9.0.7', port: 80, meta: { 'fairlead-networks': 'mesh=10.9.0.7' } },
    ],
    ['internal, not on that network', {}, { internal: true, network: 'front' }, undefined],
    ['no host address', {}, { hostAddress: undefined }, undefined],
  ])('%s', (_what, over, more, expected) => {
    const entry = one(over, more);
    if (expected === undefined) expect(entry).toBeUndefined();
    else expect(entry).toMatchObject(expected);
  });

  it.each<[Task['health'], object | undefined]>([
    ['healthy', { status: 'passing' }],
    ['unhealthy', { status: 'critical' }],
    ['initializing', { status: 'critical' }],
    ['draining', { maintenance: 'stop signal 15 sent' }],
    ['stopped', undefined],
  ])('of a task that is %s', (health, expected) => {
    const entry = one({ health, reason: 'stop signal 15 sent' });
    if (expected === undefined) expect(entry).toBeUndefined();
    else expect(entry).toMatchObject(expected);
  });

  it('expresses a weight of 0 by a tag, because Consul does not allow it', () => {
    expect(one({ weight: 0 })).toMatchObject({ weight: 1, tags: ['fairlead.weight=0'] });
  });

  it.each([
    ['SERVICE_foo.bar', 'x', 'has a character other than'],
    ['SERVICE_consul-x', 'x', 'has a reserved name'],
    ['SERVICE_FAIRLEAD-OWNER', 'x', 'has a reserved name'],
    ['SERVICE_LONG', 'x'.repeat(513), 'has a value of more than 512 bytes'],
    ['SERVICE_CHECK_DEREGISTER_AFTER', 'soon', 'is not a duration written with its unit'],
    ['SERVICE_CHECK_DEREGISTER_AFTER', '2d', 'is not a duration written with its unit'],
    ['SERVICE_CHECK_DEREGISTER_AFTER', '0s', 'is not a duration written with its unit'],
    ['SERVICE_CHECK_INITIAL_STATUS', 'fine', 'must be one of passing, warning, critical'],
  ])('leaves out %s, which Consul would refuse, and registers the rest', (label, value, message) => {
    const { entries, problems } = entriesOf(
      task({ labels: { [label]: value, SERVICE_REGION: 'eu' } }),
      options,
    );
    expect(entries[0]?.meta).toMatchObject({ region: 'eu', 'fairlead-owner': 'host-1' });
    expect(entries[0]).not.toHaveProperty('deregisterAfter');
    expect(problems).toMatchObject([
      { code: 'label-invalid', message: expect.stringContaining(message) as string },
    ]);
    expect(Object.keys(entries[0]?.meta ?? {})).toHaveLength(11);
  });

  it('stays within Consul’s limit of 64 pairs', () => {
    const labels = Object.fromEntries(Array.from({ length: 80 }, (_, at) => [`SERVICE_A${at}`, 'x']));
    const { entries, problems } = entriesOf(task({ labels }), options);
    expect(Object.keys(entries[0]?.meta ?? {})).toHaveLength(64);
    expect(problems).toHaveLength(26);
  });
});
