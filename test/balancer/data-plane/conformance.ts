import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import type { DataPlane, VirtualService } from '../../../src/balancer/plane.js';
import type { HostPort } from '../../../src/net/ip.js';
import {
  answerAtEnd,
  backend,
  Client,
  closedAddress,
  echo,
  exchange,
  named,
  startPeer,
  tcpService,
  until,
  type Peer,
} from '../proxy/peer.js';

/** A plane under test. */
export interface PlaneUnderTest {
  readonly plane: DataPlane;
  /** The n-th address that it can serve and that nobody else uses. */
  readonly vip: (n: number) => HostPort;
  /** Where tasks listen; 127.0.0.1 by default. */
  readonly taskIp?: string;
  /** Whether there is one order of tasks for all connections; false: each thread of several has its own. */
  readonly choosesAsOne?: boolean;
  readonly close: () => Promise<void>;
}

/**
 * What every data plane does, whatever carries its traffic.
 * @param create called for each case
 */
export function describeDataPlane(name: string, create: () => Promise<PlaneUnderTest>): void {
  describe(`data plane ${name}`, () => {
    const cleanUp: (() => Promise<void>)[] = [];
    let taskIp = '127.0.0.1';
    afterEach(async () => {
      for (const each of cleanUp.splice(0).reverse()) await each();
    });
    const setUp = async (): Promise<PlaneUnderTest> => {
      const made = await create();
      cleanUp.push(() => made.close());
      taskIp = made.taskIp ?? '127.0.0.1';
      return made;
    };
    const task = async (behave: Parameters<typeof startPeer>[0]): Promise<Peer> => {
      const peer = await startPeer(behave, 0, taskIp);
      cleanUp.push(() => peer.close());
      return peer;
    };
    const one = async (plane: DataPlane, vip: HostPort) => {
      const found = (await plane.counters()).find((each) => each.vip === vip.ip && each.port === vip.port);
      if (!found) throw new Error(`no counters of ${vip.ip}:${vip.port}`);
      return found;
    };

    /** The kernel adds up what it has counted every now and then. */
    const untilCounted = async (look: () => Promise<unknown>, expected: object): Promise<void> => {
      const isCounted = async (): Promise<boolean> => {
        const seen = await look();
        try {
          expect(seen).toMatchObject(expected);
          return true;
        } catch {
          return false;
        }
      };
      await until(isCounted);
    };

    it('carries a connection to a task and back, and counts it', async () => {
      const { plane, vip } = await setUp();
      const peer = await task(answerAtEnd((got) => `got ${got.length}`));
      expect(await plane.apply([tcpService(vip(1), [backend('a', peer.address)])])).toEqual([]);
      expect(await exchange(vip(1), 'hello')).toEqual({ text: 'got 5', end: 'fin' });
      const backends = [{ id: 'a', total: 1 }];
      await untilCounted(() => one(plane, vip(1)), { active: 0, total: 1, backends });
      if (!plane.supports.features.has('figures')) return;
      expect(await one(plane, vip(1))).toMatchObject({
        service: 'default/shop/web',
        total: 1,
        bytesIn: 5,
        bytesOut: 5,
        refused: 0,
        failed: 0,
        backends: [{ id: 'a', active: 0, total: 1, bytesIn: 5, bytesOut: 5, errors: 0 }],
      });
      const { counts = [], sum = 0 } = (await one(plane, vip(1))).connects ?? {};
      expect(counts.reduce((total, each) => total + each, 0)).toBe(1);
      expect(sum).toBeGreaterThan(0);
    });

    it('spreads connections over the tasks by the scheduler, but not to one that drains or has weight 0', async () => {
      const { plane, vip, choosesAsOne = true } = await setUp();
      const peers = await Promise.all([task(echo), task(echo), task(echo), task(echo)]);
      const [a, b, c, d] = peers.map(({ address }) => address);
      if (!a || !b || !c || !d) throw new Error('there are four');
      const backends = [
        backend('a', a),
        backend('b', b),
        backend('c', c, { state: 'draining' }),
        backend('d', d, { weight: 0 }),
      ];
      await plane.apply([tcpService(vip(1), backends)]);
      for (let n = 0; n < 6; n++) expect(await exchange(vip(1), 'x')).toEqual({ text: 'x', end: 'fin' });
      const accepted = peers.map((peer) => peer.accepted());
      if (choosesAsOne) expect(accepted).toEqual([3, 3, 0, 0]);
      else expect([(accepted[0] ?? 0) + (accepted[1] ?? 0), ...accepted.slice(2)]).toEqual([6, 0, 0]);
    });

    it('takes only the connections and datagrams of clients that a service admits', async () => {
      const { plane, vip } = await setUp();
      const peer = await task(echo);
      const server = createSocket('udp4', (message, from) => server.send(message, from.port, from.address));
      cleanUp.push(() => Promise.resolve(void server.close()));
      server.bind(0, taskIp);
      await once(server, 'listening');
      const clients = { everyone: false, networks: ['front'], hostPort: false };
      const tcp = tcpService(vip(1), [backend('a', peer.address)], { clients });
      const udp: VirtualService = {
        ...tcpService(vip(2), [backend('a', { ip: taskIp, port: server.address().port })], { clients }),
        ...{ service: 'default/shop/dns', protocol: 'udp' },
      };
      await plane.admit({
        networks: [
          { id: 'front', subnets: ['127.0.1.0/24'], hasHost: true },
          { id: 'back', subnets: ['127.0.2.0/24'], hasHost: true },
        ],
        addresses: [['127.0.2.9', ['front', 'back']]],
        host: ['127.0.0.1'],
        external: ['127.0.4.0/24'],
      });
      expect(await plane.apply([tcp, udp])).toEqual([]);
      const from = {
        shared: '127.0.1.5',
        other: '127.0.2.5',
        both: '127.0.2.9',
        host: '127.0.0.1',
        far: '127.0.3.5',
        listed: '127.0.4.5',
      };
      const ends: Record<string, string> = {};
      for (const [who, address] of Object.entries(from))
        ends[who] = (await exchange(vip(1), 'x', address)).end;
      const taken = { shared: 'fin', both: 'fin', host: 'fin', listed: 'fin' };
      expect(ends).toEqual({ ...taken, other: 'ECONNRESET', far: 'ECONNRESET' });
      const heard: string[] = [];
      for (const [who, address] of Object.entries(from)) {
        const client = createSocket('udp4');
        cleanUp.push(() => Promise.resolve(void client.close()));
        client.on('message', () => heard.push(who));
        client.bind(0, address);
        await once(client, 'listening');
        client.send('x', vip(2).port, vip(2).ip);
      }
      await until(() => heard.length === 4);
      await until(async () => (await one(plane, vip(2))).refused === 2);
      expect(heard.sort()).toEqual(Object.keys(taken).sort());
    });

    it('carries connections by every scheduler that it supports', async () => {
      const { plane, vip } = await setUp();
      const peer = await task(echo);
      const services = Array.from(plane.supports.schedulers, (scheduler, n) =>
        tcpService(vip(n + 1), [backend('a', peer.address)], { service: `default/shop/s${n}`, scheduler }),
      );
      expect(services.length).toBeGreaterThan(0);
      expect(await plane.apply(services)).toEqual([]);
      for (const { vip: ip, port } of services) expect((await exchange({ ip, port }, 'x')).text).toBe('x');
    });

    it('tries another task when the first one refuses', async ({ skip }) => {
      const { plane, vip } = await setUp();
      if (!plane.supports.features.has('retry')) skip();
      const peer = await task(echo);
      const backends = [backend('a', closedAddress()), backend('b', peer.address)];
      await plane.apply([tcpService(vip(1), backends)]);
      for (let n = 0; n < 4; n++) expect((await exchange(vip(1), 'x')).text).toBe('x');
    });

    it('sends the connections of one client address to one task', async ({ skip }) => {
      const { plane, vip } = await setUp();
      if (!plane.supports.features.has('affinity')) skip();
      const peers = await Promise.all([task(echo), task(echo)]);
      const backends = peers.map(({ address }, n) => backend(`t${n}`, address));
      await plane.apply([tcpService(vip(1), backends, { affinity: { timeout: 60 } })]);
      for (let n = 0; n < 6; n++) expect((await exchange(vip(1), 'x')).text).toBe('x');
      expect(peers.map((peer) => peer.accepted()).sort()).toEqual([0, 6]);
    });

    it('refuses connections above a limit of the service', async ({ skip }) => {
      const { plane, vip } = await setUp();
      if (!plane.supports.features.has('limits')) skip();
      const peer = await task(echo);
      await plane.apply([tcpService(vip(1), [backend('a', peer.address)], { maxConnections: 1 })]);
      const first = new Client(vip(1)).send('1');
      await first.got(1);
      expect((await new Client(vip(1)).over).end).toBe('ECONNRESET');
      expect((await first.end().over).end).toBe('fin');
    });

    it('tells the task the address of the client', async ({ skip }) => {
      const { plane, vip } = await setUp();
      if (!plane.supports.features.has('proxy-protocol')) skip();
      const peer = await task(answerAtEnd((got) => got));
      await plane.apply([tcpService(vip(1), [backend('a', peer.address)], { proxyProtocol: 'v1' })]);
      const { ip, port } = vip(1);
      const { text } = await exchange(vip(1), 'hello', '127.0.0.9');
      expect(text).toMatch(
        new RegExp(`^PROXY TCP4 127\\.0\\.0\\.9 ${ip.replaceAll('.', '\\.')} \\d+ ${port}\\r\\nhello$`),
      );
    });

    it('passes datagrams both ways, empty ones too', async () => {
      const { plane, vip } = await setUp();
      const server = createSocket('udp4', (message, from) => server.send(message, from.port, from.address));
      cleanUp.push(() => Promise.resolve(void server.close()));
      server.bind(0, taskIp);
      await once(server, 'listening');
      const service: VirtualService = {
        ...tcpService(vip(1), [backend('a', { ip: taskIp, port: server.address().port })]),
        protocol: 'udp',
      };
      expect(await plane.apply([service])).toEqual([]);
      const client = createSocket('udp4');
      cleanUp.push(() => Promise.resolve(void client.close()));
      for (const text of ['hello', '']) {
        client.send(text, vip(1).port, vip(1).ip);
        const [reply, from] = (await once(client, 'message')) as [Buffer, { address: string; port: number }];
        expect([reply.toString(), from.address, from.port]).toEqual([text, vip(1).ip, vip(1).port]);
      }
    });

    it('chooses a task for each datagram where a service says so, and replies find back', async ({
      skip,
    }) => {
      const { plane, vip } = await setUp();
      if (!plane.supports.features.has('ops')) skip();
      const servers = ['a', 'b'].map((name) => {
        const server = createSocket('udp4', (_message, from) => server.send(name, from.port, from.address));
        cleanUp.push(() => Promise.resolve(void server.close()));
        return server.bind(0, taskIp);
      });
      await Promise.all(servers.map((server) => once(server, 'listening')));
      const [a, b] = servers.map((server) => ({ ip: taskIp, port: server.address().port }));
      if (!a || !b) throw new Error('no servers');
      const service: VirtualService = {
        ...tcpService(vip(1), [backend('a', a), backend('b', b)]),
        ...{ protocol: 'udp', scheduler: 'rr', ops: true },
      };
      expect(await plane.apply([service])).toEqual([]);
      const client = createSocket('udp4');
      cleanUp.push(() => Promise.resolve(void client.close()));
      const seen: string[] = [];
      for (let n = 0; n < 6; n++) {
        client.send('who', vip(1).port, vip(1).ip);
        const [reply, from] = (await once(client, 'message')) as [Buffer, { address: string; port: number }];
        expect([from.address, from.port]).toEqual([vip(1).ip, vip(1).port]);
        seen.push(reply.toString());
      }
      expect(seen.join('')).toMatch(/^(ab)+$|^(ba)+$/);
    });

    it('refuses at once when there is no task, or none takes connections', async () => {
      const { plane, vip } = await setUp();
      const peer = await task(echo);
      await plane.apply([
        tcpService(vip(1), []),
        tcpService(vip(2), [backend('a', peer.address, { weight: 0 })], { service: 'default/shop/idle' }),
      ]);
      for (const each of [vip(1), vip(2)])
        expect(await new Client(each).over).toEqual({ text: '', end: 'ECONNREFUSED' });
    });

    it('refuses a port that no service has', async () => {
      const { plane, vip } = await setUp();
      const peer = await task(echo);
      await plane.apply([tcpService(vip(1), [backend('a', peer.address)])]);
      const elsewhere = { ip: vip(1).ip, port: vip(1).port + 1 };
      expect(await new Client(elsewhere).over).toEqual({ text: '', end: 'ECONNREFUSED' });
    });

    it('ends in the same state in any order and however often it is applied', async () => {
      const { plane, vip } = await setUp();
      const peer = await task(echo);
      const services = [1, 2, 3].map((n) =>
        tcpService(vip(n), [backend('a', peer.address)], { service: `default/shop/s${n}` }),
      );
      const state = async (): Promise<unknown[]> =>
        (await plane.counters())
          .map(({ service, vip: address, port, backends }) => ({ service, address, port, backends }))
          .sort((x, y) => x.service.localeCompare(y.service));
      await plane.apply(services);
      const applied = await state();
      expect(applied).toHaveLength(3);
      // Not awaited: calls are carried out one after the other.
      const problems = await Promise.all([
        plane.apply(services.slice(2)),
        plane.apply([]),
        plane.apply([...services].reverse()),
        plane.apply(structuredClone(services)),
      ]);
      expect(problems).toEqual([[], [], [], []]);
      expect(await state()).toEqual(applied);
      for (const { vip: ip, port } of services) expect((await exchange({ ip, port }, 'x')).text).toBe('x');
    });

    it('gives a disputed address to the first service by key, and names both in the problem', async () => {
      const { plane, vip } = await setUp();
      const [first, second] = [await task(named('first')), await task(named('second'))];
      const services = [
        tcpService(vip(1), [backend('b', second.address)], { service: 'default/shop/b' }),
        tcpService(vip(1), [backend('a', first.address)], { service: 'default/shop/a' }),
      ];
      for (const desired of [services, [...services].reverse()]) {
        const [problem, ...others] = await plane.apply(desired);
        expect(others).toEqual([]);
        expect(problem?.message).toMatch(/default\/shop\/b.*default\/shop\/a/);
        expect((await exchange(vip(1), '')).text).toBe('first:');
      }
    });

    it('keeps open connections through changes that keep their task', async () => {
      const { plane, vip } = await setUp();
      const [a, b] = [await task(echo), await task(named('b'))];
      await plane.apply([tcpService(vip(1), [backend('a', a.address)])]);
      const client = new Client(vip(1)).send('1');
      await client.got(1);
      const changes: VirtualService[] = [
        tcpService(vip(1), [backend('b', b.address), backend('a', a.address, { weight: 7 })]),
        tcpService(vip(1), [backend('a', a.address, { state: 'draining' }), backend('b', b.address)]),
        tcpService(vip(1), [backend('a', a.address, { weight: 0 })], { scheduler: 'wlc' }),
        tcpService(vip(1), [backend('a', a.address)], { onDown: 'reset', maxConnections: 1 }),
      ];
      for (const [index, change] of changes.entries()) {
        await plane.apply([change]);
        expect(await client.send('x').got(index + 2)).toHaveLength(index + 2);
        const ofA = async () => (await one(plane, vip(1))).backends.find(({ id }) => id === 'a');
        await untilCounted(ofA, { active: 1, total: 1 });
      }
      expect((await client.end().over).end).toBe('fin');
    });

    it('sends new connections elsewhere when a task is removed, and keeps its open ones', async () => {
      const { plane, vip } = await setUp();
      const [a, b] = [await task(named('a')), await task(named('b'))];
      await plane.apply([tcpService(vip(1), [backend('a', a.address)])]);
      const client = new Client(vip(1));
      await client.got(2);
      await plane.apply([tcpService(vip(1), [backend('b', b.address)])]);
      for (let n = 0; n < 3; n++) expect((await exchange(vip(1), '')).text).toBe('b:');
      expect(await client.send('still').got(7)).toBe('a:still');
      expect((await client.end().over).end).toBe('fin');
    });

    it('resets the connections of a removed task if the service requests it', async ({ skip }) => {
      const { plane, vip } = await setUp();
      if (!plane.supports.features.has('reset')) skip();
      const [a, b] = [await task(named('a')), await task(named('b'))];
      await plane.apply([tcpService(vip(1), [backend('a', a.address)], { onDown: 'reset' })]);
      const client = new Client(vip(1));
      await client.got(2);
      await plane.apply([tcpService(vip(1), [backend('b', b.address)], { onDown: 'reset' })]);
      // A plane in the kernel sees the connection again with its next packet.
      client.send('x');
      expect(await client.over).toEqual({ text: 'a:', end: 'ECONNRESET' });
    });

    it('never sends a connection to another task that has the same id at a new address', async () => {
      const { plane, vip } = await setUp();
      const [before, after] = [await task(named('before')), await task(named('after'))];
      await plane.apply([tcpService(vip(1), [backend('a', before.address)])]);
      expect((await exchange(vip(1), '')).text).toBe('before:');
      await plane.apply([tcpService(vip(1), [backend('a', after.address)])]);
      expect((await exchange(vip(1), '')).text).toBe('after:');
    });

    it('frees the address of a removed service, and lets its open connections end', async () => {
      const { plane, vip } = await setUp();
      const peer = await task(echo);
      const service = tcpService(vip(1), [backend('a', peer.address)]);
      await plane.apply([service]);
      const client = new Client(vip(1)).send('1');
      await client.got(1);
      await plane.apply([]);
      expect(await plane.counters()).toEqual([]);
      expect((await new Client(vip(1)).over).end).toBe('ECONNREFUSED');
      await plane.apply([service]);
      expect((await exchange(vip(1), 'again')).text).toBe('again');
      expect(await client.send('2').got(2)).toBe('12');
      expect((await client.end().over).end).toBe('fin');
    });

    it('drains: open connections end regularly, new ones are refused', async ({ skip }) => {
      const { plane, vip } = await setUp();
      if (!plane.supports.features.has('ends')) skip();
      const peer = await task(echo);
      await plane.apply([tcpService(vip(1), [backend('a', peer.address)])]);
      const client = new Client(vip(1)).send('1');
      await client.got(1);
      let drained = false;
      const draining = plane.drain().then(() => (drained = true));
      let end = '';
      while (end !== 'ECONNREFUSED') {
        const late = new Client(vip(1));
        ({ end } = await late.end().over);
        late.socket.destroy();
      }
      expect(await client.send('2').got(2)).toBe('12');
      expect(drained).toBe(false);
      expect((await client.end().over).end).toBe('fin');
      await draining;
    });

    it('drains: queued connections are served', async ({ skip }) => {
      const { plane, vip } = await setUp();
      if (!plane.supports.features.has('queued')) skip();
      const peer = await task(echo);
      await plane.apply([tcpService(vip(1), [backend('a', peer.address)])]);
      // The kernel has them all before the plane gets to run again.
      const clients = Array.from({ length: 50 }, () => new Client(vip(1)).end('x'));
      const drained = plane.drain();
      const seen = await Promise.all(clients.map(({ over }) => over));
      expect(seen).toEqual(clients.map(() => ({ text: 'x', end: 'fin' })));
      await drained;
    });

    it('drains a service again while another still drains: open connections of both continue', async ({
      skip,
    }) => {
      const { plane, vip } = await setUp();
      if (!plane.supports.features.has('ends')) skip();
      const peer = await task(echo);
      const service = tcpService(vip(1), [backend('a', peer.address)]);
      const clients: Client[] = [];
      for (let generation = 0; generation < 3; generation++) {
        expect(await plane.apply([service])).toEqual([]);
        const client = new Client(vip(1)).send('1');
        await client.got(1);
        clients.push(client);
        await plane.apply([]);
      }
      let isDrained = false;
      const draining = plane.drain().then(() => (isDrained = true));
      for (const client of [...clients].reverse()) {
        expect(await client.send('2').got(2)).toBe('12');
        expect(isDrained).toBe(false);
        expect((await client.end().over).end).toBe('fin');
      }
      await draining;
    });

    it('closes at once, and does nothing afterwards', async ({ skip }) => {
      const { plane, vip } = await setUp();
      if (!plane.supports.features.has('ends')) skip();
      const peer = await task(echo);
      const service = tcpService(vip(1), [backend('a', peer.address)]);
      await plane.apply([service]);
      const client = new Client(vip(1)).send('1');
      await client.got(1);
      await plane.close();
      expect((await client.over).end).toBe('ECONNRESET');
      expect(await plane.apply([service])).toEqual([]);
      expect((await new Client(vip(1)).over).end).toBe('ECONNREFUSED');
      await plane.close();
    });
  });
}
