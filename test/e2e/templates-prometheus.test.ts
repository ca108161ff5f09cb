import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from './support/poll.js';
import { describeOnHost, enginePrograms } from './support/requirements.js';
import { createTemplateHost, type TemplateHost } from './support/template-host.js';

const TARGETS = '/etc/prometheus/fairlead/services.json';
const HOSTS = '/etc/hosts';

const CONFIGURATION = `
scrape_configs:
  - job_name: services
    file_sd_configs: [{ files: ['/etc/prometheus/fairlead/*.json'] }]
`;

interface TargetsJson {
  readonly data: {
    readonly activeTargets: readonly {
      readonly scrapeUrl: string;
      readonly labels: Readonly<Record<string, string>>;
    }[];
  };
}

describeOnHost(
  'Prometheus and the hosts file',
  () => {
    let place: TemplateHost;

    beforeAll(async () => {
      place = await createTemplateHost('prometheus-targets.ctmpl', 'hosts.ctmpl');
      place.write('/etc/prometheus/prometheus.yml', CONFIGURATION);
      await place.fairlead.start();
      await place.untilState(TARGETS, 'rendered');
    });

    afterAll(() => place.close());

    /** `service address:port` of the targets that Prometheus has. */
    async function targets(): Promise<string[]> {
      const url = 'http://127.0.0.1:9090/api/v1/targets';
      const text = await place.root.must('/usr/bin/busybox', ['wget', '-qO-', url]);
      const { data } = JSON.parse(text) as TargetsJson;
      return data.activeTargets
        .map(({ labels, scrapeUrl }) => `${labels['service'] ?? ''} ${new URL(scrapeUrl).hostname}`)
        .sort();
    }

    async function untilTargets(...numbers: readonly number[]): Promise<void> {
      const addresses = await Promise.all(
        numbers.map((number) => place.host.docker.address(`shop-web-${number}`)),
      );
      const wanted = addresses.map((address) => `web ${address}`).sort();
      await until('the targets', targets, (found) => found.join() === wanted.join(), {
        within: 60_000,
        context: () => `${place.read(TARGETS)}\n${place.fairlead.log()}`,
      });
    }

    test('the targets follow the catalog, and promtool finds nothing wrong with them', async () => {
      const args = [
        '--config.file=/etc/prometheus/prometheus.yml',
        '--storage.tsdb.path=/var/lib/prometheus',
      ];
      place.spawn('prometheus', [...args, '--web.listen-address=127.0.0.1:9090', '--log.level=warn'], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      await until('Prometheus answers', targets, (found) => found.length === 0, { within: 60_000 });
      await Promise.all([place.startTask(1), place.startTask(2)]);
      await untilTargets(1, 2);
      const says = await place.root.must('promtool', ['check', 'config', '/etc/prometheus/prometheus.yml']);
      expect(says).toContain('SUCCESS');
      await place.host.docker.cli('stop', '--time=0', 'shop-web-1');
      await untilTargets(2);
      await place.host.docker.remove('shop-web-2');
      await until('no targets', targets, (found) => found.length === 0, { within: 60_000 });
    });

    test('names of the hosts file resolve', async () => {
      const before = place.read(`${HOSTS}.bak`);
      await place.startTask(3);
      const address = await place.host.docker.address('shop-web-3');
      const resolved = async (): Promise<string> =>
        (await place.root.run('getent', ['-s', 'files', 'hosts', 'web.shop'])).stdout.trim();
      await until('web.shop resolves', resolved, (line) => line.startsWith(`${address} `), {
        within: 60_000,
        context: () => `${place.read(HOSTS)}\n${place.fairlead.log()}`,
      });
      expect(await resolved()).toMatch(/ shop-web-3 web\.shop$/);
      expect((await place.root.run('getent', ['-s', 'files', 'hosts', 'localhost'])).code).toBe(0);
      expect(place.read(`${HOSTS}.bak`)).not.toBe(before);
    });
  },
  [...enginePrograms, 'prometheus', 'promtool', 'unshare'],
);
