import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HostJson } from '../../src/api/types/hosts-json.js';
import type { ExplainJson } from '../../src/api/types/query-json.js';
import { createCluster, type Cluster, type ClusterHost } from './support/cluster.js';
import { dig } from './support/dig.js';
import { composeLabels } from './support/labels.js';
import { until, untilEqual } from './support/poll.js';
import { describeOnHost, enginePrograms } from './support/requirements.js';
import { createVipStack, startTraffic, type VipStack } from './support/vips.js';

const WEB = 'web.shop.rancher.internal';
const CLIENT = 'shop-client-1';

describeOnHost(
  'three hosts that share a catalog through Consul',
  () => {
    let cluster: Cluster;
    let hosts: readonly ClusterHost[];
    let alpha: ClusterHost;
    let beta: ClusterHost;
    let gamma: ClusterHost;
    let shops: readonly VipStack[];

    beforeAll(async () => {
      cluster = await createCluster({ names: ['alpha', 'beta', 'gamma'], images: ['tools', 'node'] });
      ({ hosts } = cluster);
      [alpha, beta, gamma] = hosts as readonly [ClusterHost, ClusterHost, ClusterHost];
      await cluster.startServer();
      for (const host of hosts) {
        await host.startAgent('client');
        await host.fairlead.start();
        await host.docker.start(CLIENT, { labels: composeLabels('shop', 'client') });
      }
      shops = hosts.map((host) => createVipStack(host, 'shop'));
    });

    afterAll(async () => {
      await cluster.close();
    });

    const name = (number: number): string => `shop-web-${number}`;
    const start = (host: number, number: number) => shops[host]?.web('web', number, ['--publish=80']);
    const untilTaken = async (numbers: readonly number[]) => {
      for (const shop of shops) await shop.untilTaken('web', numbers.map(name));
    };
    /** The tasks that answer a client of a host, each once. */
    const answering = async (host: ClusterHost, client = CLIENT): Promise<string[]> => {
      const ask = `for i in 1 2 3 4 5 6; do timeout 5 wget -qO- http://${WEB}/ || exit; echo; done`;
      const { code, stdout, stderr } = await host.docker.exec(client, '/bin/sh', '-c', ask);
      expect(code, stderr).toBe(0);
      return [...new Set([...stdout.matchAll(/^web (\S+)$/gm)].map(([, task = '']) => task))].sort();
    };
    /** Host and port of each target, as a container of a host is told. */
    const targets = async (host: ClusterHost): Promise<string[]> => {
      const { answers } = await dig(await host.docker.inside(CLIENT), `_80._tcp.${WEB}`, 'SRV');
      return answers.map((each) => each.split(' ')[3] ?? '').sort();
    };

    test('a service with tasks on all of them is resolved and balanced from each', async () => {
      await start(0, 1);
      await start(1, 2);
      await start(2, 3);
      await untilTaken([1, 2, 3]);
      for (const host of hosts) {
        expect(await answering(host)).toEqual([1, 2, 3].map(name));
        const others = hosts.filter((other) => other !== host);
        expect(await targets(host)).toEqual(
          [
            `${name(hosts.indexOf(host) + 1)}.rancher.internal.`,
            ...others.map((other) => `${name(hosts.indexOf(other) + 1)}.${other.name}.rancher.internal.`),
          ].sort(),
        );
        // Only the names that this host uses are watched.
        const { sources } = await host.fairlead.status();
        expect(sources.find((source) => source.name === 'consul')).toMatchObject({
          state: 'live',
          detail: expect.stringMatching(/, \d+ of \d+ services$/) as string,
        });
      }
    });

    test('explain says on which host a task is, and fairlead hosts shows all of them', async () => {
      const told = JSON.parse((await alpha.fairlead.cli('explain', WEB, '-o', 'json')).stdout) as ExplainJson;
      expect(
        told.tasks.map(({ name: task, addresses, why }) => [task, addresses, why.split(';')[0]]),
      ).toEqual(
        expect.arrayContaining([
          [name(2), [beta.address], 'behind the virtual IP, on host beta'],
          [name(3), [gamma.address], 'behind the virtual IP, on host gamma'],
        ]),
      );
      const list = JSON.parse((await beta.fairlead.cli('hosts', '-o', 'json')).stdout) as HostJson[];
      expect(list).toMatchObject([
        { name: 'beta', self: true, address: beta.address, state: 'live' },
        { name: 'alpha', self: false, address: alpha.address, state: 'live' },
        { name: 'gamma', self: false, address: gamma.address, state: 'live' },
      ]);
      expect(new Set(list.map(({ version }) => version)).size).toBe(1);
    });

    test('a service that only another host has is watched when a client asks for its name', async () => {
      await beta.docker.start('lab-late-1', {
        labels: { ...composeLabels('lab', 'late'), 'fairlead.ports': '80' },
        flags: ['--publish=80:80'],
      });
      await until(
        'Consul has it',
        () => alpha.consul('/catalog/services'),
        (services) => 'lab-late' in (services as object),
      );
      const asked = async () =>
        (await dig(await alpha.docker.inside(CLIENT), 'late.lab.rancher.internal')).answers;
      await untilEqual('answers', asked, [beta.address], alpha.patience());
      await beta.docker.remove('lab-late-1');
      await untilEqual('answers', asked, [], alpha.patience());
    });

    test('two environments do not see one another, in any answer, virtual IP or list', async () => {
      const flag = '--label=fairlead.environment=test';
      const client = 'test-client-1';
      await beta.docker.start(client, { labels: composeLabels('shop', 'client'), flags: [flag] });
      await shops[1]?.web('web', 9, ['--publish=80', flag]);
      await until(
        'Consul has it',
        () => alpha.consul('/health/service/shop-web?passing'),
        (entries) => (entries as unknown[]).length === 4,
        alpha.patience(),
      );
      // What alpha has read afterwards: the answer that has this task has the other one, too.
      await start(2, 8);
      await shops[0]?.untilTaken('web', [1, 2, 3, 8].map(name));
      expect(await answering(alpha)).toEqual([1, 2, 3, 8].map(name));
      expect((await targets(alpha)).join()).not.toContain(name(9));
      for (const path of ['/v1/tasks', '/v1/vips', '/v1/services', `/v1/explain?name=${WEB}`])
        expect(JSON.stringify(await alpha.fairlead.api(path)), path).not.toContain(name(9));
      // The other way round, on the host that has both.
      const seen = async () => (await answering(beta, client)).join();
      await untilEqual('tasks that answer', seen, name(9), beta.patience());
      const told = await dig(await beta.docker.inside(client), `_80._tcp.${WEB}`, 'SRV');
      expect(told.answers.map((each) => each.split(' ')[3])).toEqual([`${name(9)}.rancher.internal.`]);
      await beta.docker.remove(client);
      await beta.docker.remove(name(9));
      await gamma.docker.remove(name(8));
      await untilTaken([1, 2, 3]);
    });

    test("the Consul half of the Swarm document, with Fairlead in registrator's and consul-template's place", async () => {
      // docker run -d -P --name httpd-N httpd, on every host
      for (const [at, host] of hosts.entries()) {
        await host.docker.cli('tag', 'node', 'httpd');
        await host.docker.cli(
          ...['run', '--detach', '--publish=80', `--name=httpd-${at}`, '--env=SERVICE_NAME=httpd'],
          ...[
            `--volume=${join(host.dir, 'vips')}:/app:ro`,
            'httpd',
            'node',
            '/app/web.mjs',
            'httpd',
            `${at}`,
          ],
        );
      }
      // curl HOST:8500/v1/catalog/service/httpd
      const listed = async () =>
        ((await alpha.consul('/catalog/service/httpd')) as { ServiceAddress: string }[])
          .map(({ ServiceAddress }) => ServiceAddress)
          .sort();
      await untilEqual('the entries in Consul', listed, hosts.map(({ address }) => address).sort());
      // dig @127.0.0.1 -p 8600 httpd.service.consul SRV
      const healthy = async () =>
        (await alpha.netns.must('dig', ['@127.0.0.1', '-p', '8600', 'httpd.service.consul', 'SRV', '+short']))
          .split('\n')
          .filter(Boolean).length;
      await untilEqual('healthy entries in the DNS of Consul', healthy, 3);
      // consul-template -consul HOST:8500 -template "consul.ctmpl:consul.result" --once
      const template = join(alpha.dir, 'consul.ctmpl');
      const result = join(alpha.dir, 'consul.result');
      writeFileSync(template, '{{range service "httpd"}}\nserver {{.Address}}:{{.Port}}{{end}}');
      const render = async () => {
        const flags = ['-consul', '127.0.0.1:8500', '-template', `${template}:${result}`, '--once'];
        expect(await alpha.fairlead.cli('render', ...flags)).toMatchObject({ code: 0 });
        return readFileSync(result, 'utf8')
          .split('\n')
          .filter((line) => line.startsWith('server '));
      };
      const servers = await render();
      expect(servers.map((line) => /^server (.+):\d+$/.exec(line)?.[1]).sort()).toEqual(
        hosts.map(({ address }) => address).sort(),
      );
      // Every line of the upstream block answers.
      for (const server of servers) {
        const url = server.replace('server ', 'http://');
        const ask = ['timeout', '5', 'wget', '-qO-', url];
        expect(await alpha.netns.must('/usr/bin/busybox', ask)).toMatch(/^httpd \d$/);
      }
      // docker stop httpd-1: it leaves the file
      await beta.docker.cli('stop', 'httpd-1');
      await untilEqual('servers in the file', async () => (await render()).length, 2);
      for (const [at, host] of hosts.entries()) await host.docker.remove(`httpd-${at}`);
    });

    test('a rolling replacement across the hosts fails no request of a client', async () => {
      const client = await startTraffic(alpha, CLIENT, WEB, 'web');
      let running = [1, 2, 3];
      for (const [at, host] of hosts.entries()) {
        const old = at + 1;
        const next = at + 4;
        await start(at, next);
        await untilTaken([...running, next]);
        await host.docker.cli('stop', '--time=20', name(old));
        running = [...running.filter((number) => number !== old), next];
        await untilTaken(running);
      }
      const seen = await client.end();
      expect(seen).toMatchObject({ failures: [], wrong: 0 });
      expect(Object.keys(seen.byTask).sort()).toEqual([1, 2, 3, 4, 5, 6].map(name));
    });

    test('a host that is cut off from Consul goes on serving what it knows, and says how old it is', async () => {
      await alpha.killAgent();
      await until(
        'the source is stale',
        async () => (await alpha.fairlead.status()).sources.find((source) => source.name === 'consul'),
        (source) => source?.state === 'stale' && source.asOf !== undefined,
        alpha.patience(),
      );
      expect(await answering(alpha)).toEqual([4, 5, 6].map(name));
      expect((await alpha.fairlead.cli('hosts')).stdout).toMatch(/\nbeta .* old\n/);
      // The others see that it is gone as Consul does: its tasks run, but Consul's word counts.
      await beta.docker.remove(name(5));
      await alpha.startAgent('client');
      await untilTaken([4, 6]);
    });

    test('three servers that know nothing take over from one, and no answer changes', async () => {
      for (const host of hosts) await host.killAgent(true);
      await cluster.killServer();
      expect(await answering(beta)).toEqual([4, 6].map(name));
      await Promise.all(hosts.map((host) => host.startAgent('server')));
      // Each publisher has registered everything again.
      for (const [host, count] of [
        [beta, 2],
        [gamma, 2],
      ] as const)
        await until(
          'the entries are there',
          async () => (await host.consul('/health/service/shop-web')) as unknown[],
          ({ length }) => length === count,
          host.patience(),
        );
      await untilTaken([4, 6]);
      expect(await answering(beta)).toEqual([4, 6].map(name));
    });

    test('the loss of the server that leads changes no answer, and what starts afterwards is found', async () => {
      const leader = (await beta.consul('/status/leader')) as string;
      const at = hosts.findIndex(({ address }) => leader.startsWith(`${address}:`));
      const lost = hosts[at];
      await lost?.killAgent();
      const others = hosts.filter((host) => host !== lost);
      const [first = beta] = others;
      await start(hosts.indexOf(first), 7);
      for (const host of others) {
        const shop = shops[hosts.indexOf(host)];
        await until(
          'the new task is taken',
          async () => (await shop?.vip('web'))?.tasks.map((task) => task.name) ?? [],
          (tasks) => tasks.includes(name(7)),
          host.patience(),
        );
      }
      await lost?.startAgent('server');
      await untilTaken([4, 6, 7]);
      await first.docker.remove(name(7));
      await untilTaken([4, 6]);
    });

    test('a host that dies leaves the answers of the others when Consul finds it dead', async () => {
      const dead = async () =>
        ((await beta.consul('/health/node/gamma')) as { CheckID: string; Status: string }[]).some(
          ({ CheckID, Status }) => CheckID === 'serfHealth' && Status === 'critical',
        );
      await gamma.unplug();
      await until('Consul finds it dead', dead, Boolean, { within: 60_000, every: 20 });
      const found = Date.now();
      for (const shop of shops.slice(0, 2)) await shop.untilTaken('web', [name(4)]);
      process.stdout.write(`left the answers ${Date.now() - found} ms after Consul's own detection\n`);
      expect(await answering(beta)).toEqual([name(4)]);
    });
  },
  [...enginePrograms, 'consul'],
);
