import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHost, untilKnown, type Host } from './support/host.js';
import { composeLabels } from './support/labels.js';
import { until } from './support/poll.js';
import { describeOnHost, enginePrograms } from './support/requirements.js';

const pathOf = (file: string) => fileURLToPath(new URL(`../../config/${file}`, import.meta.url));
const METRICS_AT = '127.0.0.1:9180';
const PROMETHEUS_AT = '127.0.0.1:9090';

/** Of the answers of Prometheus's HTTP API, what is looked at. */
interface Answer {
  readonly status: string;
  readonly data: {
    readonly result?: readonly { readonly value: readonly [time: number, value: string] }[];
    readonly groups?: readonly {
      readonly rules: readonly {
        readonly name: string;
        readonly health: string;
        readonly state: string;
        readonly lastError?: string;
      }[];
    }[];
  };
}

interface Board {
  readonly panels: readonly {
    readonly title: string;
    readonly targets?: readonly { readonly expr: string }[];
  }[];
}

describeOnHost(
  'a real Prometheus',
  () => {
    let host: Host;

    beforeAll(async () => {
      host = await createHost({ shared: true });
      await host.docker.start('shop-web-1', { labels: composeLabels('shop', 'web', 1) });
      await host.fairlead.start();
      await untilKnown(host, 'shop-web-1');
      const { api } = await host.fairlead.status();
      await host.fairlead.reload({ api: { listen: [...api.listen, METRICS_AT] } });
      const data = join(host.dir, 'prometheus');
      mkdirSync(data, { recursive: true });
      const config = join(data, 'prometheus.yml');
      writeFileSync(
        config,
        JSON.stringify({
          global: { scrape_interval: '1s', evaluation_interval: '1s' },
          rule_files: [pathOf('prometheus/alerts.yaml')],
          scrape_configs: [{ job_name: 'fairlead', static_configs: [{ targets: [METRICS_AT] }] }],
        }),
      );
      const args = [`--config.file=${config}`, `--storage.tsdb.path=${data}/db`, '--log.level=warn'];
      host.netns.spawn('prometheus', [...args, `--web.listen-address=${PROMETHEUS_AT}`], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
    });

    afterAll(() => host.close());

    async function ask(path: string): Promise<Answer> {
      const url = `http://${PROMETHEUS_AT}/api/v1/${path}`;
      const { stdout, stderr, code } = await host.netns.run('/usr/bin/busybox', ['wget', '-qO-', url]);
      if (code !== 0) throw new Error(`GET ${url}: ${stderr}`);
      return JSON.parse(stdout) as Answer;
    }

    const query = (expr: string) => ask(`query?query=${encodeURIComponent(expr)}`);
    const value = async (expr: string): Promise<number | undefined> => {
      const [first] = (await query(expr)).data.result ?? [];
      return first && Number(first.value[1]);
    };
    const untilValue = (expr: string, wanted: number) =>
      until(
        expr,
        () => value(expr),
        (found) => found === wanted,
        host.patience(),
      );
    const rules = async () => (await ask('rules')).data.groups?.flatMap((group) => group.rules) ?? [];
    const untilAlert = (name: string, state: string) =>
      until(
        `${name} is ${state}`,
        async () => (await rules()).find((rule) => rule.name === name)?.state,
        (found) => found === state,
        host.patience(),
      );

    test('scrapes, and sees tasks come and go', async () => {
      await untilValue('up{job="fairlead"}', 1);
      const healthy = 'fairlead_tasks{health="healthy"}';
      await untilValue(healthy, 1);
      await host.docker.start('shop-web-2', { labels: composeLabels('shop', 'web', 2) });
      await untilValue(healthy, 2);
      await host.docker.cli('stop', '--time=0', 'shop-web-2');
      await untilValue(healthy, 1);
    });

    test('answers every query of the Grafana board', async () => {
      const { panels } = JSON.parse(readFileSync(pathOf('grafana/fairlead.json'), 'utf8')) as Board;
      const exprs = panels.flatMap(({ targets = [] }) =>
        targets.map(({ expr }) =>
          expr
            .replaceAll('$__rate_interval', '30s')
            .replaceAll('$__range', '5m')
            .replaceAll('$job', 'fairlead')
            .replaceAll('$instance', '.*'),
        ),
      );
      expect(exprs.length).toBeGreaterThan(30);
      expect(exprs.filter((expr) => expr.includes('$'))).toEqual([]);
      const seen: Record<string, number> = {};
      for (const expr of exprs) {
        const { status, data } = await query(expr);
        expect([expr, status]).toEqual([expr, 'success']);
        seen[expr] = data.result?.length ?? 0;
      }
      const filled = exprs.filter((expr) => (seen[expr] ?? 0) > 0);
      expect(filled.length, JSON.stringify(seen, null, 1)).toBeGreaterThan(exprs.length / 2);
    });

    test('evaluates every alert, and those come that should', async () => {
      const loaded = await until(
        'every rule was evaluated',
        rules,
        (found) => found.length > 15 && found.every(({ health }) => health !== 'unknown'),
        host.patience(),
      );
      expect(loaded.filter(({ health }) => health !== 'ok')).toEqual([]);
      expect(loaded.find(({ name }) => name === 'FairleadServiceDown')?.state).toBe('inactive');
      await host.docker.cli('pause', 'shop-web-1');
      await untilAlert('FairleadServiceDown', 'pending');
      await host.docker.cli('unpause', 'shop-web-1');
      await untilAlert('FairleadServiceDown', 'inactive');
      await host.fairlead.stop();
      await untilAlert('FairleadDown', 'pending');
      await host.fairlead.start();
      await untilAlert('FairleadDown', 'inactive');
    });
  },
  [...enginePrograms, 'prometheus'],
);
