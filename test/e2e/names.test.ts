import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askAll, type Answers } from './support/ask.js';
import { dig } from './support/dig.js';
import { createHost, untilKnown, type Host } from './support/host.js';
import { composeLabels, rancherLabels, rancherSearch } from './support/labels.js';
import { describeOnHost } from './support/requirements.js';

const NGINX_1 = 'r-nginx-app-stack_nginx-alpine-service_1';
const NGINX_2 = 'r-nginx-app-stack_nginx-alpine-service_2';
const MEMCACHED = 'r-memcached-app-stack_memcached-service_1';
const STANDALONE = 'r-Default_nginx-alpine-app_1';

/** Who asks for what, and which containers' addresses are right. */
type Row = readonly [from: string, name: string, expected: readonly string[]];

describeOnHost('names, asked inside containers with the C library', () => {
  let host: Host;

  beforeAll(async () => {
    host = await createHost({ shared: true });
    await host.fairlead.start();
  });

  afterAll(async () => {
    await host.close();
  });

  /** Every resolver in `from` must say the same: the addresses of the containers, and ping must get through to one. */
  async function expectRows(rows: readonly Row[], network?: string): Promise<void> {
    const addresses = new Map<string, string>();
    for (const container of new Set(rows.flatMap(([, , expected]) => expected))) {
      addresses.set(container, await host.docker.address(container, network));
    }
    for (const from of new Set(rows.map(([asker]) => asker))) {
      const mine = rows.filter(([asker]) => asker === from);
      const answers = await askAll(
        host.docker,
        from,
        mine.map(([, name]) => name),
      );
      const seen = mine.map(([, name]) => [from, name, summary(answers.get(name))]);
      const wanted = mine.map(([, name, expected]) => {
        const list = expected.map((container) => addresses.get(container) ?? '?').sort();
        return [from, name, summaryOf(list)];
      });
      expect(seen, host.fairlead.log()).toEqual(wanted);
    }
  }

  describe('of Rancher stacks on the default bridge', () => {
    beforeAll(async () => {
      const { docker } = host;
      await docker.start(NGINX_1, { labels: rancherLabels('nginx-app-stack', 'nginx-alpine-service', 1) });
      await docker.start(NGINX_2, { labels: rancherLabels('nginx-app-stack', 'nginx-alpine-service', 2) });
      await docker.start(MEMCACHED, {
        labels: rancherLabels('memcached-app-stack', 'memcached-service'),
        dnsSearch: rancherSearch('memcached-app-stack', 'memcached-service'),
      });
      await docker.start(STANDALONE, {
        labels: {
          'io.rancher.stack.name': 'Default',
          'io.rancher.container.name': 'Default_nginx-alpine-app_1',
        },
      });
      await docker.start('plain');
      await untilKnown(host, NGINX_1, NGINX_2, MEMCACHED, STANDALONE, 'plain');
    });

    afterAll(() => host.docker.clear());

    const everywhere: readonly (readonly [string, readonly string[]])[] = [
      ['nginx-app-stack_nginx-alpine-service_1', [NGINX_1]],
      ['r-nginx-app-stack_nginx-alpine-service_1', [NGINX_1]],
      ['nginx-app-stack-nginx-alpine-service-1', [NGINX_1]],
      ['nginx-app-stack_nginx-alpine-service_2.rancher.internal', [NGINX_2]],
      ['Default_nginx-alpine-app_1', [STANDALONE]],
      ['default-nginx-alpine-app-1.rancher.internal', [STANDALONE]],
      ['nginx-alpine-service.nginx-app-stack', [NGINX_1, NGINX_2]],
      ['nginx-alpine-service.nginx-app-stack.rancher.internal', [NGINX_1, NGINX_2]],
      ['NGINX-Alpine-Service.nginx-app-stack.Rancher.Internal', [NGINX_1, NGINX_2]],
      ['memcached-service.memcached-app-stack', [MEMCACHED]],
    ];

    test.each([[NGINX_2], [MEMCACHED], [STANDALONE], ['plain']])(
      '%s resolves container names, service.stack and full names',
      async (from) => {
        await expectRows(everywhere.map(([name, expected]): Row => [from, name, expected]));
      },
    );

    test('a bare service name means the service of the own stack', async () => {
      await expectRows([
        [NGINX_1, 'nginx-alpine-service', [NGINX_1, NGINX_2]],
        [NGINX_2, 'nginx-alpine-service', [NGINX_1, NGINX_2]],
        [NGINX_1, 'memcached-service', []],
        [MEMCACHED, 'memcached-service', [MEMCACHED]],
        [MEMCACHED, 'nginx-alpine-service', []],
        ['plain', 'nginx-alpine-service', []],
        ['plain', 'memcached-service', []],
      ]);
    });

    test('a container without any label is reachable by its name', async () => {
      await expectRows([
        ['plain', 'plain', ['plain']],
        [NGINX_1, 'plain', ['plain']],
        [NGINX_1, 'plain.rancher.internal', ['plain']],
      ]);
    });
  });

  describe('of compose projects on a user network', () => {
    const NETWORK = 'shared';

    beforeAll(async () => {
      const { docker } = host;
      await docker.cli('network', 'create', NETWORK);
      const on = (labels: Readonly<Record<string, string>>) => ({ network: NETWORK, labels });
      await docker.start('bookshop_web_1', on(composeLabels('bookshop', 'web', 1)));
      await docker.start('bookshop_web_2', on(composeLabels('bookshop', 'web', 2)));
      await docker.start('bookshop-api-1', on(composeLabels('bookshop', 'api', 1)));
      await docker.start('north-server-1', on(composeLabels('north', 'server', 1)));
      await docker.start('south-server-1', on(composeLabels('south', 'server', 1)));
      await docker.start(NGINX_1, on(rancherLabels('nginx-app-stack', 'nginx-alpine-service', 1)));
      await docker.start(MEMCACHED, {
        ...on(rancherLabels('memcached-app-stack', 'memcached-service')),
        dnsSearch: rancherSearch('memcached-app-stack', 'memcached-service'),
      });
      await untilKnown(host, 'bookshop_web_2', 'bookshop-api-1', 'south-server-1', NGINX_1, MEMCACHED);
    });

    afterAll(() => host.docker.clear());

    test('bare name, service.stack, container name in both spellings, full name', async () => {
      const web = ['bookshop_web_1', 'bookshop_web_2'];
      const rows = (from: string): Row[] => [
        [from, 'web.bookshop', web],
        [from, 'web.bookshop.rancher.internal', web],
        [from, 'bookshop_web_1', ['bookshop_web_1']],
        [from, 'bookshop-web-1', ['bookshop_web_1']],
        [from, 'bookshop_api_1', ['bookshop-api-1']],
        [from, 'bookshop-web-2.rancher.internal', ['bookshop_web_2']],
        [from, 'nginx-app-stack_nginx-alpine-service_1', [NGINX_1]],
        [from, 'nginx-alpine-service.nginx-app-stack', [NGINX_1]],
      ];
      await expectRows(
        [
          ...rows('bookshop-api-1'),
          ['bookshop-api-1', 'web', web],
          ['bookshop_web_1', 'api', ['bookshop-api-1']],
          ...rows(MEMCACHED),
          [MEMCACHED, 'memcached-service', [MEMCACHED]],
          [MEMCACHED, 'web', []],
          [MEMCACHED, 'nginx-alpine-service', []],
        ],
        NETWORK,
      );
    });

    test('two stacks with a service of the same name each get their own', async () => {
      await expectRows(
        [
          ['north-server-1', 'server', ['north-server-1']],
          ['south-server-1', 'server', ['south-server-1']],
          ['south-server-1', 'server.north', ['north-server-1']],
          ['bookshop-api-1', 'server.south', ['south-server-1']],
          ['bookshop-api-1', 'server', []],
        ],
        NETWORK,
      );
    });

    test('the same, with our own packets from inside', async () => {
      const north = await host.docker.inside('north-server-1');
      const own = await dig(north, 'server');
      expect(own).toMatchObject({
        status: 'NOERROR',
        answers: [await host.docker.address('north-server-1', NETWORK)],
      });
      expect(own.flags).toContain('aa');
      expect(await dig(north, 'web')).toMatchObject({ status: 'NXDOMAIN', answers: [] });
      expect(await dig(north, 'server', 'AAAA')).toMatchObject({ status: 'NOERROR', answers: [] });
    });
  });
});

/** What is compared: all lists, and of each ping whether it went to one of them and was answered. */
function summaryOf(addresses: readonly string[]): unknown {
  const ping = addresses.length === 0 ? 'none' : 'answered';
  return { glibc: addresses, musl: addresses, nslookup: addresses, ping, busyboxPing: ping };
}

function summary(answers: Answers | undefined): unknown {
  if (answers === undefined) return undefined;
  const { glibc, musl, nslookup, ping, busyboxPing } = answers;
  const verdict = ({ address, answered }: Answers['ping']): string => {
    if (address === undefined) return 'none';
    if (!glibc.includes(address)) return `elsewhere: ${address}`;
    return answered ? 'answered' : 'no reply';
  };
  return { glibc, musl, nslookup, ping: verdict(ping), busyboxPing: verdict(busyboxPing) };
}
