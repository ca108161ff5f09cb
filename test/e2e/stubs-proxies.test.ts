import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createClientNetwork, type Client, type ClientNetwork } from './support/client-network.js';
import { until, untilEqual } from './support/poll.js';
import {
  startHaproxy,
  startNginx,
  startTasks,
  testNginx,
  type Haproxy,
  type Nginx,
} from './support/proxies.js';
import { describeOnHost, stubPrograms } from './support/requirements.js';
import { BIG, TASK_PORT, WEB, servicesWith, upstreamRecords } from './support/stub-services.js';

const ADDED = '10.9.1.13';

describeOnHost(
  'proxies with Fairlead as their resolver',
  () => {
    let network: ClientNetwork;
    let client: Client;

    beforeAll(async () => {
      network = await createClientNetwork(servicesWith(WEB), upstreamRecords);
      client = network.client('nameserver 169.254.169.250\n');
      await startTasks(client, TASK_PORT);
    });

    afterAll(() => network.close());

    beforeEach(() => network.write(servicesWith(WEB)));

    describe('nginx', () => {
      let nginx: Nginx;

      /** With a variable in it, proxy_pass asks the `resolver`; its short names are completed by Fairlead alone. */
      const resolved = (name: string): string =>
        `set $task ${name}; proxy_pass http://$task:${String(TASK_PORT)};`;

      const locations = {
        '/full': resolved('web.shop.rancher.internal'),
        '/bare': resolved('web'),
        '/stack': resolved('api.other'),
        '/own': resolved('own'),
        '/crm': resolved('crm'),
        '/big': resolved('big'),
        '/upstream': resolved('www.example.org'),
        '/absent': resolved('absent.shop.rancher.internal'),
        '/empty': resolved('empty'),
        // Asked through resolv.conf, once, at the start. No name may be in both forms: nginx would take this for it.
        '/start': `proxy_pass http://web.shop:${String(TASK_PORT)};`,
      };

      /** The status, and which tasks have answered 20 requests. */
      async function ask(path: string): Promise<readonly string[]> {
        const seen = new Set<string>();
        for (let i = 0; i < 20; i++) {
          const { status, body } = await nginx.get(path);
          seen.add(status === 200 ? body : String(status));
        }
        return [...seen].sort();
      }

      const context = (): string => `${nginx.log()}\n${network.fairlead.log()}`;

      beforeAll(async () => {
        nginx = await startNginx(client, network.dir, { locations });
      });

      test.each([
        ['/full', WEB],
        ['/bare', WEB],
        ['/stack', ['10.9.1.41']],
        ['/own', WEB],
        ['/crm', ['10.9.1.90']],
        ['/upstream', ['10.9.1.80']],
        ['/start', WEB],
        ['/absent', ['502']],
        ['/empty', ['502']],
      ])('%s is served by %j', async (path, tasks) => {
        await untilEqual(path, () => ask(path), tasks, { every: 300, context });
      });

      test('more tasks than fit into an answer of 512 bytes: over TCP', async () => {
        const seen = await ask('/big');
        expect(seen.length, context()).toBeGreaterThan(1);
        expect(BIG, context()).toEqual(expect.arrayContaining([...seen]));
      });

      test('says at once that a name does not exist', () => {
        expect(nginx.log()).toContain(
          'absent.shop.rancher.internal could not be resolved (3: Host not found)',
        );
      });

      test('follows the tasks, to none and back; a plain proxy_pass stays where it was', async () => {
        const expectTasks = async (tasks: readonly string[]): Promise<void> => {
          for (const path of ['/full', '/bare'])
            await untilEqual(path, () => ask(path), tasks, { every: 300, context });
        };
        network.write(servicesWith([ADDED]));
        await expectTasks([ADDED]);
        network.write(servicesWith(undefined));
        await expectTasks(['502']);
        expect(await ask('/start')).toEqual(WEB);
        network.write(servicesWith(WEB));
        await expectTasks(WEB);
      });

      test('does not start with a plain proxy_pass to a name that does not exist', async () => {
        const { starts, says } = await testNginx(client, network.dir, {
          locations: { '/': 'proxy_pass http://absent:80;' },
        });
        expect(starts).toBe(false);
        expect(says).toContain('host not found in upstream "absent"');
      });
    });

    describe('HAProxy', () => {
      let haproxy: Haproxy;

      const poll = 'timeout resolve 500ms\n  timeout retry 300ms';
      const hold = ['nx', 'refused', 'timeout', 'other'].map((what) => `  hold ${what} 60s`).join('\n');
      const resolvers = (name: string, server: string): string =>
        `resolvers ${name}\n  nameserver fairlead ${server}\n  accepted_payload_size 8192\n  ${poll}\n${hold}\n`;
      const template = (count: number, name: string, section: string): string =>
        `  server-template task ${String(count)} ${name} resolvers ${section} init-addr none resolve-prefer ipv4`;

      const backends = {
        srv: template(5, '_http._tcp.web.shop.rancher.internal', 'web'),
        a: template(5, `web.shop.rancher.internal:${String(TASK_PORT)}`, 'web'),
        bare: template(5, `web:${String(TASK_PORT)}`, 'web'),
        six: template(2, `six:${String(TASK_PORT)}`, 'udp'),
        own: template(3, `own:${String(TASK_PORT)}`, 'udp'),
        crm: template(3, `crm:${String(TASK_PORT)}`, 'udp'),
        absent: template(1, `absent.shop.rancher.internal:${String(TASK_PORT)}`, 'udp'),
        big: template(64, `big.shop.rancher.internal:${String(TASK_PORT)}`, 'udp'),
        'big-tcp': template(64, `big.shop.rancher.internal:${String(TASK_PORT)}`, 'tcp'),
        'big-srv-tcp': template(64, '_http._tcp.big.shop.rancher.internal', 'tcp'),
      };
      const following = ['srv', 'a', 'bare'] as const;

      const withPort = (addresses: readonly string[]): readonly string[] =>
        addresses.map((address) => `${address}:${String(TASK_PORT)}`).sort();
      const context = (): string => `${haproxy.log()}\n${network.fairlead.log()}`;
      const untilServers = (backend: string, addresses: readonly string[]): Promise<void> =>
        untilEqual(backend, () => haproxy.servers(backend), withPort(addresses), { context });

      beforeAll(async () => {
        haproxy = await startHaproxy(client, network.dir, {
          resolvers: [
            resolvers('web', '169.254.169.250:53'),
            resolvers('udp', '169.254.169.250:53'),
            resolvers('tcp', 'tcp@169.254.169.250:53'),
          ].join(''),
          backends,
        });
      });

      test.each([
        ['srv', WEB],
        ['a', WEB],
        ['bare', WEB],
        ['six', ['fd00:9::61']],
        ['own', WEB],
        ['crm', ['10.9.1.90']],
        ['absent', []],
        ['big', BIG],
        ['big-tcp', BIG],
        ['big-srv-tcp', BIG],
      ])('the backend %s has its servers', async (backend, addresses) => {
        await untilServers(backend, addresses);
      });

      test('a request reaches a task, at the port from SRV', async () => {
        const { status, body } = await haproxy.get('srv');
        expect({ status, known: WEB.includes(body) }, context()).toEqual({ status: 200, known: true });
      });

      test('follows tasks that come and go', async () => {
        network.write(servicesWith([...WEB, ADDED]));
        for (const backend of following) await untilServers(backend, [...WEB, ADDED]);
        network.write(servicesWith([ADDED]));
        for (const backend of following) await untilServers(backend, [ADDED]);
        expect(await haproxy.get('srv')).toEqual({ status: 200, body: ADDED });
        network.write(servicesWith(WEB));
        for (const backend of following) await untilServers(backend, WEB);
      });

      /** Resolves when there was no good answer for at least two rounds of every name of the section. */
      async function untilInVain(): Promise<void> {
        let { sent: before = 0, valid: lastValid = 0 } = await haproxy.counters('web');
        const asked = async (): Promise<number> => {
          const { sent = 0, valid = 0 } = await haproxy.counters('web');
          if (valid !== lastValid) [before, lastValid] = [sent, valid];
          return sent - before;
        };
        await until('HAProxy has asked in vain', asked, (count) => count >= 12, { context });
      }

      const restart = async (flags?: readonly string[]): Promise<void> => {
        await network.fairlead.stop();
        await network.fairlead.start(flags);
      };
      const write = (tasks: readonly string[] | undefined) => (): unknown =>
        network.write(servicesWith(tasks));

      const troubles: readonly (readonly [what: string, begin: () => unknown, end: () => unknown])[] = [
        ['the service does not exist (NXDOMAIN)', write(undefined), write(WEB)],
        ['the service has no task (no data)', write([]), write(WEB)],
        ['Fairlead refuses', () => restart(['--set', 'dns.allow=192.0.2.0/24']), () => restart()],
        ['Fairlead is away', () => network.fairlead.stop(), () => network.fairlead.start()],
      ];

      test.each(troubles)('keeps its servers while %s, and follows again', async (_, begin, end) => {
        await begin();
        await untilInVain();
        for (const backend of following) expect(await haproxy.servers(backend)).toEqual(withPort(WEB));
        await end();
        network.write(servicesWith([...WEB, ADDED]));
        for (const backend of following) await untilServers(backend, [...WEB, ADDED]);
        network.write(servicesWith(WEB));
        for (const backend of following) await untilServers(backend, WEB);
      });
    });
  },
  stubPrograms,
);
