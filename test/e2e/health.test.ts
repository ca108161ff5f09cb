import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { ServiceDetailJson } from '../../src/api/types/resources.js';
import { dig } from './support/dig.js';
import { createHost, type Host } from './support/host.js';
import { composeLabels } from './support/labels.js';
import { sleep, until, untilEqual } from './support/poll.js';
import { startRequests } from './support/requests.js';
import { describeOnHost } from './support/requirements.js';

const WEB = 'web.shop.rancher.internal';
const SERVER = '169.254.169.250';

/** As `fairlead.health.*` labels; times in ms. */
const CHECK = { interval: 500, fall: 3, rise: 2 };
const labels = (number: number) => ({
  ...composeLabels('shop', 'web', number),
  'fairlead.health.type': 'http',
  'fairlead.health.port': '80',
  'fairlead.health.http.path': '/health',
  'fairlead.health.interval': `${CHECK.interval}ms`,
  'fairlead.health.timeout': '400ms',
  'fairlead.health.fall': String(CHECK.fall),
  'fairlead.health.rise': String(CHECK.rise),
});

/** A web server that answers /health until the file is taken away, and finishes what it does when it is told to stop. */
const serve = [
  '/bin/sh',
  '-c',
  'mkdir -p /www; echo ok > /www/health; echo hello > /www/index.html; httpd -p 80 -h /www; ' +
    'trap "sleep 2; exit 0" TERM; while :; do sleep 3600 & wait $!; done',
];

describeOnHost('health', () => {
  let host: Host;

  beforeAll(async () => {
    host = await createHost({ shared: true });
    await host.fairlead.start();
  });

  afterEach(() => host.docker.clear());

  afterAll(async () => {
    await host.close();
  });

  const nameOf = (number: number): string => `shop-web-${number}`;
  const start = (number: number): Promise<string> =>
    host.docker.start(nameOf(number), { labels: labels(number), command: serve });
  const addressesOf = async (...numbers: number[]): Promise<string[]> =>
    (await Promise.all(numbers.map((number) => host.docker.address(nameOf(number))))).sort();
  const untilAnswers = async (numbers: readonly number[]): Promise<void> => {
    const addresses = await addressesOf(...numbers);
    await untilEqual(WEB, async () => (await dig(host.netns, WEB)).answers, addresses, host.patience());
  };
  const sicken = (number: number) => host.docker.exec(nameOf(number), 'rm', '/www/health');
  const heal = (number: number) => host.docker.exec(nameOf(number), 'cp', '/www/index.html', '/www/health');

  test('a task that fails its check leaves, returns when it passes, and is not restarted', async () => {
    await Promise.all([start(1), start(2), start(3)]);
    await untilAnswers([1, 2, 3]);
    const { Id: id } = (await host.docker.inspect(nameOf(2))) as unknown as { Id: string };
    await sicken(2);
    await untilAnswers([1, 3]);
    const { stdout } = await host.fairlead.cli('health', 'web.shop');
    expect(stdout).toMatch(/shop-web-2 +unhealthy .*HTTP 404/);
    await heal(2);
    await untilAnswers([1, 2, 3]);
    const after = (await host.docker.inspect(nameOf(2))) as unknown as { Id: string; RestartCount: number };
    expect([after.Id, after.RestartCount]).toEqual([id, 0]);
  });

  test('docker stop and a rolling replacement, under 200 requests a second: no request fails', async () => {
    await Promise.all([start(1), start(2), start(3)]);
    await untilAnswers([1, 2, 3]);
    const end = startRequests(host.netns, WEB, SERVER);
    await sleep(1_000);
    await host.docker.cli('stop', '--time=10', nameOf(1));
    await untilAnswers([2, 3]);
    // Start first, then stop: never fewer than before.
    for (const [next, old] of [
      [4, 2],
      [5, 3],
    ] as const) {
      await start(next);
      const remaining = next === 4 ? [2, 3, 4] : [3, 4, 5];
      await untilAnswers(remaining);
      await host.docker.cli('stop', '--time=10', nameOf(old));
    }
    await untilAnswers([4, 5]);
    await sleep(500);
    const { requests, failures, fewest } = await end();
    expect(failures).toEqual([]);
    expect(fewest).toBeGreaterThanOrEqual(1);
    expect(requests).toBeGreaterThan(1_000);
  });

  test('a checker without network takes no service down', async () => {
    await Promise.all([start(1), start(2), start(3)]);
    await untilAnswers([1, 2, 3]);
    const rule = ['OUTPUT', '--protocol', 'tcp', '--dport', '80', '--jump', 'DROP'];
    await host.netns.must('iptables', ['--insert', ...rule]);
    try {
      const service = async () => (await host.fairlead.api('/v1/services/shop/web')) as ServiceDetailJson;
      const isInPanic = ({ panic, health }: ServiceDetailJson): boolean => panic && health.unhealthy === 3;
      await until('all checks fail', service, isInPanic, host.patience());
      await untilAnswers([1, 2, 3]);
    } finally {
      await host.netns.must('iptables', ['--delete', ...rule]);
    }
    const isWell = ({ panic, health }: ServiceDetailJson): boolean => !panic && health.healthy === 3;
    const service = async () => (await host.fairlead.api('/v1/services/shop/web')) as ServiceDetailJson;
    await until('all checks pass again', service, isWell, host.patience());
  });

  test('drained by an operator, for a time or until "fairlead undrain" ends it', async () => {
    await Promise.all([start(1), start(2)]);
    await untilAnswers([1, 2]);
    expect(await host.fairlead.cli('drain', nameOf(1), '--for', '2s')).toMatchObject({ code: 0 });
    await untilAnswers([2]);
    await untilAnswers([1, 2]);
    expect(await host.fairlead.cli('drain', nameOf(2), '--note', 'upgrade')).toMatchObject({ code: 0 });
    await untilAnswers([1]);
    // A restart of the daemon forgets neither the drain nor what checks found out.
    await host.fairlead.stop();
    await host.fairlead.start();
    await untilAnswers([1]);
    expect(await host.fairlead.cli('undrain', nameOf(2))).toMatchObject({ code: 0 });
    await untilAnswers([1, 2]);
  });
});
