import { describe, expect, it } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import { HOST_NETWORK } from '../../src/catalog/model.js';
import { reach } from '../../src/catalog/reach.js';
import { taskView, viewOf } from '../../src/catalog/view.js';
import type { NetworkFact, TaskFact } from '../../src/catalog/facts.js';
import { ref, taskFact } from '../support/facts.js';

const network = (id: string, subnet: string, over: Partial<NetworkFact> = {}): NetworkFact => ({
  id,
  name: id,
  driver: 'bridge',
  internal: false,
  subnets: [`${subnet}.0/24`],
  gateways: [`${subnet}.1`],
  ...over,
});

const networks = [
  network('front', '10.1.0'),
  network('back', '10.2.0'),
  network('vault', '10.3.0', { internal: true }),
];

function snapshotOf(...tasks: TaskFact[]) {
  const catalog = new Catalog();
  catalog.sink('docker').replace({
    tasks,
    networks,
    clients: [
      {
        address: '127.0.0.21',
        environment: 'default',
        stack: 'shop',
        service: 'web',
        links: { db: 'pg.other' },
      },
    ],
  });
  return catalog.snapshot;
}

const on = (...endpoints: [network: string, ip: string][]) => ({
  endpoints: endpoints.map(([name, ip]) => ({ network: name, ip })),
});
const http = (hostPort?: number, hostIp = '0.0.0.0') => ({
  ports: [
    {
      port: 80,
      protocol: 'tcp' as const,
      target: 80,
      ...(hostPort === undefined ? {} : { published: [{ ip: hostIp, port: hostPort }] }),
    },
  ],
});

describe('the view of an address', () => {
  const asker = taskFact('asker', {
    service: ref('web.shop'),
    ...on(['front', '10.1.0.2'], ['back', '10.2.0.2']),
    clientAddresses: ['172.18.0.4'],
  });
  const snapshot = snapshotOf(asker);

  it.each([
    ['a task', '10.1.0.2', { stack: 'shop', networks: ['back', 'front'] }],
    ['a task asking from docker_gwbridge', '172.18.0.4', { stack: 'shop', networks: ['back', 'front'] }],
    ['a static client', '127.0.0.21', { stack: 'shop', links: { db: 'pg.other' }, networks: 'all' }],
    ['a container that is not known yet', '10.1.0.77', { networks: ['front'] }],
    ['the host on a bridge', '10.1.0.1', { networks: 'all' }],
    ['a stranger', '192.0.2.1', { networks: 'all' }],
  ])('is that of %s', (_who, address, expected) => {
    expect(viewOf(snapshot, address, 'default')).toMatchObject(expected);
  });

  it('gives a stranger no stack', () => {
    expect(viewOf(snapshot, '192.0.2.1', 'default').stack).toBeUndefined();
    expect(viewOf(snapshot, '10.1.0.77', 'default').stack).toBeUndefined();
  });
});

describe('which address a client receives', () => {
  const frontClient = taskFact('c', on(['front', '10.1.0.2']));
  const vaultClient = taskFact('v', on(['vault', '10.3.0.2']));
  const cases: [what: string, client: TaskFact | 'host', task: TaskFact, expected: object | undefined][] = [
    [
      'same network: its own',
      frontClient,
      taskFact('t', on(['front', '10.1.0.3'])),
      { via: 'network', addresses: ['10.1.0.3'] },
    ],
    [
      'several networks: the shared one',
      frontClient,
      taskFact('t', on(['back', '10.2.0.3'], ['front', '10.1.0.3'])),
      { via: 'network', addresses: ['10.1.0.3'] },
    ],
    [
      'both families of one network',
      frontClient,
      taskFact('t', on(['front', 'fd00::3'], ['front', '10.1.0.3'])),
      { addresses: ['10.1.0.3', 'fd00::3'] },
    ],
    ['no shared network: nothing', frontClient, taskFact('t', on(['back', '10.2.0.3'])), undefined],
    [
      'no shared network, exposed: its own',
      frontClient,
      taskFact('t', { ...on(['back', '10.2.0.3']), expose: true }),
      { via: 'expose', addresses: ['10.2.0.3'] },
    ],
    [
      'published under its own number: the host',
      frontClient,
      taskFact('t', { ...on(['back', '10.2.0.3']), ...http(80) }),
      { via: 'published', addresses: ['10.1.0.1'], ports: [{ dial: 80 }] },
    ],
    [
      'published under another number: SRV only',
      frontClient,
      taskFact('t', { ...on(['back', '10.2.0.3']), ...http(8080) }),
      { via: 'published', addresses: [], serviceAddresses: ['10.1.0.1'], ports: [{ dial: 8080 }] },
    ],
    [
      'published on loopback: nothing',
      frontClient,
      taskFact('t', { ...on(['back', '10.2.0.3']), ...http(80, '127.0.0.1') }),
      undefined,
    ],
    [
      'published, client on an internal network: nothing',
      vaultClient,
      taskFact('t', { ...on(['back', '10.2.0.3']), ...http(80) }),
      undefined,
    ],
    [
      'host mode: the host',
      frontClient,
      taskFact('t', on([HOST_NETWORK, '192.0.2.7'])),
      { via: 'host', addresses: ['192.0.2.7'] },
    ],
    [
      'host mode, client on an internal network: nothing',
      vaultClient,
      taskFact('t', on([HOST_NETWORK, '192.0.2.7'])),
      undefined,
    ],
    [
      'a static address: always',
      vaultClient,
      taskFact('t', on(['*', '192.0.2.8'])),
      { via: 'any', addresses: ['192.0.2.8'] },
    ],
    [
      'the host: any network, not internal first',
      'host',
      taskFact('t', on(['vault', '10.3.0.3'], ['back', '10.2.0.3'])),
      { via: 'host', addresses: ['10.2.0.3'] },
    ],
    ['a stopped task: nothing', frontClient, taskFact('t'), undefined],
  ];
  it.each(cases)('%s', (_what, client, task, expected) => {
    const snapshot = client === 'host' ? snapshotOf(task) : snapshotOf(client, task);
    const view =
      client === 'host'
        ? viewOf(snapshot, '192.0.2.1', 'default')
        : taskView(snapshot, { ...client, source: 'docker' });
    const reached = reach(snapshot, { ...task, source: 'docker' }, view);
    if (expected === undefined) expect(reached).toBeUndefined();
    else expect(reached).toMatchObject(expected);
  });
});
