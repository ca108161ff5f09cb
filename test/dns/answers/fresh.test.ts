import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClientFact, Facts, NetworkFact, ServiceFact, TaskFact } from '../../../src/catalog/facts.js';
import { TYPE } from '../../../src/wire/constants.js';
import { ref, taskFact } from '../../support/facts.js';
import { query } from '../../conformance/packets.js';
import { recordsOf } from '../zone/support.js';
import { ground, sorted } from './support.js';
import { runs } from '../../support/depth.js';

const stacks = ['shop', 'blog'];
const services = ['web', 'db', 'api'];
const refs = stacks.flatMap((stack) => services.map((service) => ref(`${service}.${stack}`)));
const addresses = Array.from({ length: 6 }, (_, i) => `10.0.${i % 2}.${i + 2}`);
const networkIds = ['n0', 'n1', '*'];
const clients = [...addresses, '10.0.0.99', '127.0.0.1'];

const service = fc.constantFrom(...refs);

const task: fc.Arbitrary<TaskFact> = fc
  .record({
    at: fc.nat(7),
    service: fc.option(service, { nil: undefined }),
    ip: fc.constantFrom(...addresses),
    network: fc.constantFrom(...networkIds),
    health: fc.constantFrom('healthy', 'healthy', 'unhealthy', 'draining', 'stopped'),
    link: fc.option(fc.constantFrom('web', 'db.blog', 'api.shop'), { nil: undefined }),
    expose: fc.boolean(),
    deep: fc.boolean(),
  })
  .map(({ at, service: of, ip, network, health, link, expose, deep }) =>
    taskFact(`t${at}`, {
      ...(of && { service: of }),
      names: [`t${at}`, ...(deep ? [`a.t${at}`] : [])],
      ip,
      network,
      health,
      expose,
      links: link === undefined ? {} : { alias: link },
      ports: [{ port: 80, protocol: 'tcp', name: 'http', target: 8080 }],
    }),
  );

const serviceFact: fc.Arbitrary<ServiceFact> = fc
  .tuple(service, fc.nat(4), service)
  .map(([of, kind, other]): ServiceFact => {
    switch (kind) {
      case 0:
        return { ...of, kind: 'external', externalIps: ['192.0.2.1', '192.0.2.2'] };
      case 1:
        return { ...of, kind: 'external', hostname: `${other.service}.${other.stack}.rancher.internal` };
      case 2:
        return { ...of, kind: 'alias', aliasOf: [other, ref('web.shop')] };
      case 3:
        return { ...of, kind: 'tasks', links: { alias: 'db' }, vip: '10.43.0.9', endpointMode: 'vip' };
      default:
        return { ...of, kind: 'tasks' };
    }
  });

const network: fc.Arbitrary<NetworkFact> = fc.record({
  id: fc.constantFrom('n0', 'n1'),
  name: fc.constantFrom('red', 'blue'),
  driver: fc.constant('bridge'),
  internal: fc.boolean(),
  subnets: fc.constantFrom(['10.0.0.0/24'], ['10.0.1.0/24'], []),
  gateways: fc.constantFrom(['10.0.0.1'], []),
});

const client: fc.Arbitrary<ClientFact> = fc.record({
  address: fc.constantFrom('10.0.0.99', '127.0.0.1'),
  environment: fc.constant('default'),
  stack: fc.constantFrom(...stacks),
  links: fc.constantFrom({}, { alias: 'web' }),
});

const facts: fc.Arbitrary<Facts> = fc.record({
  tasks: fc.uniqueArray(task, { selector: ({ id }) => id, maxLength: 6 }),
  services: fc.uniqueArray(serviceFact, {
    selector: (fact) => `${fact.service}.${fact.stack}`,
    maxLength: 3,
  }),
  networks: fc.uniqueArray(network, { selector: ({ id }) => id, maxLength: 2 }),
  clients: fc.uniqueArray(client, { selector: ({ address }) => address, maxLength: 2 }),
});

type Ground = ReturnType<typeof ground>;
type Step = (on: { ground: Ground; sink: ReturnType<Ground['catalog']['sink']> }) => void;

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.array(task, { maxLength: 2 }).map(
      (tasks): Step =>
        ({ sink }) =>
          sink.update({ tasks }),
    ),
  },
  fc.nat(7).map(
    (at): Step =>
      ({ sink }) =>
        sink.update({ removedTasks: [`t${at}`] }),
  ),
  facts.map(
    (all): Step =>
      ({ sink }) =>
        sink.replace(all),
  ),
  network.map(
    (one): Step =>
      ({ sink }) =>
        sink.update({ networks: [one] }),
  ),
  service.map((of): Step => ({ ground: { catalog } }) => {
    catalog.drain({ service: `default/${of.stack}/${of.service}` });
  }),
  fc.nat(7).map(
    (at): Step =>
      ({ ground: { catalog } }) =>
        catalog.reportHealth([{ task: `t${at}`, report: { health: 'unhealthy', cause: 'probe' } }]),
  ),
);

const names = [
  ...refs.flatMap(({ service: name, stack }) => [
    `${name}.${stack}.rancher.internal.`,
    `${name}.${stack}.`,
    `${name}.`,
  ]),
  'tasks.web.shop.rancher.internal.',
  'vip.web.shop.rancher.internal.',
  '_http._tcp.web.shop.rancher.internal.',
  '_tcp.web.shop.rancher.internal.',
  'alias.',
  'alias.rancher.internal.',
  't1.',
  't1.rancher.internal.',
  'a.t1.rancher.internal.',
  'shop.rancher.internal.',
  'rancher.internal.',
  'none.shop.rancher.internal.',
  'fixed.example.',
  'x.wild.shop.rancher.internal.',
  '2.0.0.10.in-addr.arpa.',
  '0.0.10.in-addr.arpa.',
];

const question = fc.record({
  name: fc.constantFrom(...names),
  type: fc.constantFrom(TYPE.A, TYPE.A, TYPE.AAAA, TYPE.SRV, TYPE.PTR, TYPE.SOA, TYPE.CNAME),
  from: fc.constantFrom(...clients),
  flags: fc.constantFrom('RD', 'RD', '', 'RD CD', 'RD AD'),
  edns: fc.constantFrom(undefined, {}, { size: 512 }, { flags: 0x8000 }),
});

const records = recordsOf('fixed.example. 60 A 192.0.2.7', '*.wild.shop.rancher.internal. 60 TXT "wild"');

describe('a compiled answer', () => {
  it('equals what the responder would say now, whatever has changed since it was made', () => {
    let compiled = 0;
    fc.assert(
      fc.property(
        facts,
        fc.array(fc.tuple(step, fc.array(question, { minLength: 1, maxLength: 6 })), { maxLength: 8 }),
        (start, steps) => {
          const on = ground({ records });
          const sink = on.catalog.sink('docker');
          sink.replace(start);
          sink.status({ state: 'live' });
          const asked = new Map<string, { packet: Buffer; from: string }>();
          for (const [change, questions] of steps) {
            change({ ground: on, sink });
            for (const { name, type, from, flags, edns } of questions) {
              const packet = query(name, type, { id: asked.size, flags, ...(edns && { opt: edns }) });
              asked.set(`${name} ${type} ${from} ${flags} ${JSON.stringify(edns)}`, { packet, from });
            }
            // Everything that was ever asked is asked again: what is out of date would show.
            for (const { packet, from } of asked.values()) {
              for (let round = 0; round < 2; round++) {
                const known = on.ask(packet, from);
                if (!known) continue;
                compiled++;
                expect(sorted(known)).toEqual(sorted(on.plain(packet, from)));
              }
            }
          }
        },
      ),
      { numRuns: runs(600) },
    );
    expect(compiled).toBeGreaterThan(500);
  });

  it('is found by every client for which it is valid, and by no other', () => {
    const on = ground();
    const sink = on.catalog.sink('docker');
    sink.replace({
      tasks: [
        taskFact('a', { service: ref('web.shop'), ip: '10.0.0.2', network: 'n0' }),
        taskFact('b', { service: ref('db.shop'), ip: '10.0.0.3', network: 'n0' }),
        taskFact('c', { service: ref('web.blog'), ip: '10.0.1.2', network: 'n1' }),
      ],
    });
    sink.status({ state: 'live' });
    const full = query('web.shop.rancher.internal.', TYPE.A);
    const short = query('web.', TYPE.A);
    expect(on.ask(full, '10.0.0.2')).toBeUndefined();
    // Of the same network, so the entry is there; only the client is new.
    expect(on.ask(full, '10.0.0.3')).toBeUndefined();
    expect(on.ask(full, '10.0.0.3')).toBeDefined();
    for (const from of ['10.0.0.2', '10.0.1.2', '10.0.0.2', '10.0.1.2']) {
      const known = on.ask(short, from);
      if (known) expect(sorted(known)).toEqual(sorted(on.plain(short, from)));
    }
    expect(on.ask(short, '10.0.0.2')).toBeDefined();
    expect(on.ask(short, '10.0.1.2')).toBeDefined();
  });

  it('is made again before a change is published, for clients that asked before', () => {
    const on = ground();
    const sink = on.catalog.sink('docker');
    const tell = (ip: string) => {
      sink.replace({ tasks: [taskFact('a', { service: ref('web.shop'), ip, network: 'n0' })] });
    };
    tell('10.0.0.2');
    sink.status({ state: 'live' });
    const packets = [
      query('web.shop.rancher.internal.', TYPE.A),
      query('web.shop.rancher.internal.', TYPE.AAAA, { opt: {} }),
      query('a.rancher.internal.', TYPE.A, { flags: 'RD CD' }),
    ];
    for (const packet of packets) on.ask(packet, '127.0.0.1');
    for (let change = 3; change < 10; change++) {
      tell(`10.0.0.${change}`);
      for (const packet of packets) {
        const known = on.answers.answer(packet, '127.0.0.1');
        expect(sorted(known)).toEqual(sorted(on.plain(packet, '127.0.0.1')));
        expect(known).toBeDefined();
      }
    }
    on.versions.publish('all', 0);
    for (const packet of packets) expect(on.answers.answer(packet, '127.0.0.1')).toBeUndefined();
  });

  it('is made again only once for all its clients', () => {
    const on = ground();
    const sink = on.catalog.sink('docker');
    const clients = ['10.0.0.7', '10.0.0.8', '10.0.0.9'];
    const tell = (ip: string) => {
      const asking = clients.map((each) =>
        taskFact(each, { service: ref('client.shop'), ip: each, network: 'n0' }),
      );
      sink.replace({ tasks: [...asking, taskFact('a', { service: ref('web.shop'), ip, network: 'n0' })] });
    };
    tell('10.0.0.2');
    sink.status({ state: 'live' });
    const packet = query('web.shop.rancher.internal.', TYPE.A);
    for (const each of clients) on.answers.learn(packet, each);
    let entries = 0;
    on.installTo((entry) => {
      entries++;
      on.answers.install(entry);
    });
    tell('10.0.0.3');
    expect(entries).toBe(1);
    for (const each of clients) expect(on.answers.answer(packet, each)).toBeDefined();
  });

  it('exists for nonexistent names, in a stack of any size', () => {
    const on = ground();
    const sink = on.catalog.sink('docker');
    const services = Array.from({ length: 100 }, (_, at) => ({
      ...ref(`s${at}.shop`),
      kind: 'tasks' as const,
    }));
    sink.replace({ tasks: [], services });
    sink.status({ state: 'live' });
    const packet = query('web.shop.rancher.internal.', TYPE.A);
    for (let round = 0; round < 3; round++) on.ask(packet, '127.0.0.1');
    expect(sorted(on.ask(packet, '127.0.0.1'))).toEqual(sorted(on.plain(packet, '127.0.0.1')));
    sink.replace({ tasks: [], services: [{ ...ref('log.web.shop'), kind: 'tasks' as const }] });
    for (let round = 0; round < 3; round++) {
      const known = on.ask(packet, '127.0.0.1');
      if (known) expect(sorted(known)).toEqual(sorted(on.plain(packet, '127.0.0.1')));
    }
  });

  it('for a nonexistent name ends when a name below it appears', () => {
    const on = ground();
    const sink = on.catalog.sink('docker');
    sink.replace({ tasks: [] });
    sink.status({ state: 'live' });
    const packet = query('shop.rancher.internal.', TYPE.A);
    for (let round = 0; round < 3; round++) on.ask(packet, '127.0.0.1');
    expect(on.ask(packet, '127.0.0.1')).toBeDefined();
    sink.replace({ tasks: [taskFact('a', { service: ref('web.shop'), ip: '10.0.0.2' })] });
    for (let round = 0; round < 3; round++) {
      const known = on.ask(packet, '127.0.0.1');
      if (known) expect(sorted(known)).toEqual(sorted(on.plain(packet, '127.0.0.1')));
    }
    expect(on.ask(packet, '127.0.0.1')).toBeDefined();
  });

  it('is for another stack when the client moves', () => {
    const on = ground();
    const sink = on.catalog.sink('docker');
    const tell = (stack: string) => {
      const tasks = ['shop', 'blog'].map((each, i) =>
        taskFact(each, { service: ref(`web.${each}`), ip: `10.0.0.${i + 2}` }),
      );
      sink.replace({ tasks, clients: [{ address: '10.0.9.9', environment: 'default', stack, links: {} }] });
    };
    tell('shop');
    sink.status({ state: 'live' });
    const packet = query('web.', TYPE.A);
    for (const stack of ['shop', 'blog', 'shop']) {
      tell(stack);
      for (let round = 0; round < 3; round++) {
        const known = on.ask(packet, '10.0.9.9');
        if (known) expect(sorted(known)).toEqual(sorted(on.plain(packet, '10.0.9.9')));
      }
      expect(on.ask(packet, '10.0.9.9')).toBeDefined();
    }
  });

  it('for a virtual IP names the service that has it now', () => {
    const on = ground();
    const sink = on.catalog.sink('docker');
    const packet = query('9.0.43.10.in-addr.arpa.', TYPE.PTR);
    const tell = (...names: string[]) =>
      sink.replace({
        tasks: [],
        services: names.map((name) => ({ ...ref(name), kind: 'tasks' as const, vip: '10.43.0.9' })),
      });
    tell('web.shop');
    sink.status({ state: 'live' });
    for (const names of [['web.shop'], ['db.shop'], ['db.shop', 'api.shop']]) {
      tell(...names);
      for (let round = 0; round < 3; round++) {
        const known = on.ask(packet, '127.0.0.1');
        if (known) expect(sorted(known)).toEqual(sorted(on.plain(packet, '127.0.0.1')));
      }
      expect(on.ask(packet, '127.0.0.1')).toBeDefined();
    }
  });

  it('starts a set of addresses anywhere, each place equally often', () => {
    const on = ground();
    const sink = on.catalog.sink('docker');
    const ips = ['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6'];
    sink.replace({ tasks: ips.map((ip, i) => taskFact(`t${i}`, { service: ref('web.shop'), ip })) });
    sink.status({ state: 'live' });
    const packet = query('web.shop.rancher.internal.', TYPE.A);
    on.ask(packet, '127.0.0.1');
    const firsts = new Map<string, number>();
    const rounds = 5000;
    for (let i = 0; i < rounds; i++) {
      const reply = on.ask(packet, '127.0.0.1');
      const first = [...(reply?.subarray(packet.length + 12, packet.length + 16) ?? [])].join('.');
      firsts.set(first, (firsts.get(first) ?? 0) + 1);
    }
    expect([...firsts.keys()].sort()).toEqual(ips);
    for (const count of firsts.values()) expect(Math.abs(count - rounds / 5)).toBeLessThan(200);
  });

  it('for more records than fit says so, and contains any of them', () => {
    const on = ground();
    const sink = on.catalog.sink('docker');
    const ips = Array.from({ length: 60 }, (_, i) => `10.0.2.${i + 1}`);
    sink.replace({ tasks: ips.map((ip, i) => taskFact(`t${i}`, { service: ref('web.shop'), ip })) });
    sink.status({ state: 'live' });
    const seen = new Set<string>();
    for (const edns of [undefined, { size: 700 }, { size: 4096 }]) {
      const packet = query('web.shop.rancher.internal.', TYPE.A, edns && { opt: edns });
      for (let i = 0; i < 200; i++) {
        const reply = on.ask(packet, '127.0.0.1');
        const plain = on.plain(packet, '127.0.0.1');
        if (!reply) continue;
        const { flags, octets, answers } = sorted(reply) as {
          flags: number;
          octets: number;
          answers: string[];
        };
        expect([flags, octets, answers.length]).toEqual([
          (sorted(plain) as { flags: number }).flags,
          plain?.length,
          (sorted(plain) as { answers: string[] }).answers.length,
        ]);
        for (const answer of answers) seen.add(answer);
      }
    }
    expect(seen.size).toBe(60);
  });
});
