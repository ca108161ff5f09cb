import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { askGlibc } from './support/ask.js';
import { dig, type DigAnswer } from './support/dig.js';
import { createHost, HOST_ADDRESS, type Host } from './support/host.js';
import { composeLabels, type Labels } from './support/labels.js';
import { keepLooking, until, untilEqual } from './support/poll.js';
import { describeOnHost } from './support/requirements.js';

const WEB = 'web.bookshop.rancher.internal';

/** A process 1 that goes on for a while after it was told to stop, as one that finishes its requests does. */
const lingering = ['/bin/sh', '-c', 'trap "sleep 3; exit 0" TERM; while :; do sleep 3600 & wait $!; done'];

describeOnHost('what happens to containers shows in the answers', () => {
  let host: Host;

  beforeAll(async () => {
    host = await createHost({ shared: true });
    await host.fairlead.start();
  });

  afterEach(() => host.docker.clear());

  afterAll(async () => {
    await host.close();
  });

  const web = (number: number, more: Labels = {}): Labels => ({
    ...composeLabels('bookshop', 'web', number),
    ...more,
  });
  const startWeb = (number: number): Promise<string> =>
    host.docker.start(`bookshop-web-${number}`, { labels: web(number) });
  const ask = (name: string, type?: string): Promise<DigAnswer> => dig(host.netns, name, type);
  const answersOf = async (name: string): Promise<readonly string[]> => (await ask(name)).answers;
  const addressesOf = async (...containers: string[]): Promise<string[]> =>
    (await Promise.all(containers.map((container) => host.docker.address(container)))).sort();

  /** The service's name answers with exactly these containers' addresses. */
  async function untilAnswers(containers: readonly string[], name = WEB): Promise<void> {
    const addresses = await addressesOf(...containers);
    await untilEqual(name, () => answersOf(name), addresses, host.patience());
  }

  test('scaling up and down', async () => {
    await startWeb(1);
    await untilAnswers(['bookshop-web-1']);
    await Promise.all([startWeb(2), startWeb(3)]);
    await untilAnswers(['bookshop-web-1', 'bookshop-web-2', 'bookshop-web-3']);
    const asker = 'bookshop-web-1';
    const all = await addressesOf('bookshop-web-1', 'bookshop-web-2', 'bookshop-web-3');
    expect(await askGlibc(host.docker, asker, 'web')).toEqual(all);
    await host.docker.remove('bookshop-web-2', 'bookshop-web-3');
    await untilAnswers(['bookshop-web-1']);
    expect(await askGlibc(host.docker, asker, 'web')).toEqual(await addressesOf('bookshop-web-1'));
    // The service is still known when nobody serves it, as long as its container is there.
    await host.docker.cli('kill', 'bookshop-web-1');
    await until('an empty service is no unknown name', () => ask(WEB), isNoData, host.patience());
    await host.docker.remove('bookshop-web-1');
    const isUnknown = ({ status }: DigAnswer): boolean => status === 'NXDOMAIN';
    await until('the last container of a service is gone', () => ask(WEB), isUnknown, host.patience());
  });

  test('a killed container is out', async () => {
    await Promise.all([startWeb(1), startWeb(2)]);
    await untilAnswers(['bookshop-web-1', 'bookshop-web-2']);
    await host.docker.cli('kill', 'bookshop-web-2');
    await untilAnswers(['bookshop-web-1']);
    expect(await ask('bookshop-web-2.rancher.internal')).toMatchObject({ status: 'NOERROR', answers: [] });
  });

  test('a container that receives its stop signal is out while it still runs', async () => {
    await startWeb(1);
    await host.docker.start('bookshop-web-2', { labels: web(2), command: lingering });
    await untilAnswers(['bookshop-web-1', 'bookshop-web-2']);
    const stopped = host.docker.cli('stop', '--time=10', 'bookshop-web-2');
    await untilAnswers(['bookshop-web-1']);
    expect((await host.docker.inspect('bookshop-web-2')).State.Running).toBe(true);
    expect(await taskOf('bookshop-web-2')).toMatchObject({ health: 'draining' });
    await stopped;
    await untilAnswers(['bookshop-web-1']);
    await host.docker.cli('start', 'bookshop-web-2');
    await untilAnswers(['bookshop-web-1', 'bookshop-web-2']);
  });

  test('a signal that is not the stop signal changes nothing', async () => {
    await host.docker.start('bookshop-web-1', {
      labels: web(1),
      command: ['/bin/sh', '-c', 'trap : HUP; while :; do sleep 3600 & wait $!; done'],
    });
    await untilAnswers(['bookshop-web-1']);
    await host.docker.cli('kill', '--signal=HUP', 'bookshop-web-1');
    await startWeb(2);
    await untilAnswers(['bookshop-web-1', 'bookshop-web-2']);
    expect(await taskOf('bookshop-web-1')).toMatchObject({ health: 'healthy' });
  });

  test('pause and unpause', async () => {
    await Promise.all([startWeb(1), startWeb(2)]);
    await untilAnswers(['bookshop-web-1', 'bookshop-web-2']);
    await host.docker.cli('pause', 'bookshop-web-2');
    await untilAnswers(['bookshop-web-1']);
    expect(await taskOf('bookshop-web-2')).toMatchObject({ health: 'unhealthy', reason: 'paused' });
    await host.docker.cli('unpause', 'bookshop-web-2');
    await untilAnswers(['bookshop-web-1', 'bookshop-web-2']);
  });

  test('rename', async () => {
    await host.docker.start('before');
    await untilAnswers(['before'], 'before.rancher.internal');
    await host.docker.cli('rename', 'before', 'after');
    await untilAnswers(['after'], 'after.rancher.internal');
    expect((await ask('before.rancher.internal')).status).toBe('NXDOMAIN');
  });

  test('network connect and disconnect', async () => {
    await host.docker.cli('network', 'create', 'late');
    await startWeb(1);
    await host.docker.start('client', { network: 'late', labels: composeLabels('bookshop', 'client') });
    const client = await host.docker.inside('client');
    const seen = async (): Promise<DigAnswer> => dig(client, 'web');
    await until('nothing is shared yet', seen, isNoData, host.patience());
    await host.docker.cli('network', 'connect', 'late', 'bookshop-web-1');
    const there = await host.docker.address('bookshop-web-1', 'late');
    await untilEqual('web', async () => (await seen()).answers, [there], host.patience());
    await host.docker.cli('network', 'disconnect', 'late', 'bookshop-web-1');
    await until('nothing is shared any more', seen, isNoData, host.patience());
    await untilAnswers(['bookshop-web-1']);
  });

  test('HEALTHCHECK: starting is out, healthy is in, unhealthy is out', async () => {
    await Promise.all([startWeb(1), startWeb(3)]);
    const check = ['--health-cmd=test -e /tmp/well', '--health-interval=500ms', '--health-retries=1'];
    await host.docker.start('bookshop-web-2', {
      labels: web(2),
      flags: [...check, '--health-start-period=60s'],
    });
    await untilAnswers(['bookshop-web-1', 'bookshop-web-3']);
    expect(await taskOf('bookshop-web-2')).toMatchObject({ health: 'initializing' });
    await host.docker.exec('bookshop-web-2', 'touch', '/tmp/well');
    await untilAnswers(['bookshop-web-1', 'bookshop-web-2', 'bookshop-web-3']);
    await host.docker.exec('bookshop-web-2', 'rm', '/tmp/well');
    await untilAnswers(['bookshop-web-1', 'bookshop-web-3']);
    expect(await taskOf('bookshop-web-2')).toMatchObject({ health: 'unhealthy' });
  });

  test('a label that is not a DNS label: reachable by container name, refused as a service, and reported', async () => {
    await host.docker.start('odd', { labels: composeLabels('bookshop', 'no such name!') });
    await startWeb(1);
    await untilAnswers(['odd'], 'odd.rancher.internal');
    await untilAnswers(['bookshop-web-1']);
    const { stdout, code } = await host.fairlead.cli('status', '-o', 'json');
    expect(code).toBe(0);
    const { problems } = JSON.parse(stdout) as { problems: { code: string; message: string }[] };
    const problem = problems.find(({ message }) => message.includes('odd'));
    expect(problem).toMatchObject({ code: 'label-invalid' });
    expect(problem?.message).toContain('com.docker.compose.service');
    await host.docker.remove('odd');
    const left = async (): Promise<number> => (await host.fairlead.status()).problems.length;
    await untilEqual('problems', left, 0, host.patience());
  });

  describe('network modes', () => {
    test('host, none and container:', async () => {
      await startWeb(1);
      await host.docker.start('in-host', { network: 'host', labels: composeLabels('modes', 'host') });
      await host.docker.start('in-none', { network: 'none', labels: composeLabels('modes', 'none') });
      await host.docker.start('in-other', {
        network: 'container:bookshop-web-1',
        labels: composeLabels('modes', 'other'),
      });
      await untilEqual(
        'host mode',
        () => answersOf('host.modes.rancher.internal'),
        [HOST_ADDRESS],
        host.patience(),
      );
      await until('none mode', () => ask('none.modes.rancher.internal'), isNoData, host.patience());
      const parent = await addressesOf('bookshop-web-1');
      await untilEqual(
        'container mode',
        () => answersOf('other.modes.rancher.internal'),
        parent,
        host.patience(),
      );
      await host.docker.cli('kill', 'bookshop-web-1');
      await until('its parent died', () => ask('other.modes.rancher.internal'), isNoData, host.patience());
    });

    test('IPv6', async () => {
      await host.docker.cli('network', 'create', '--ipv6', '--subnet=fd00:f1::/64', 'six');
      await host.docker.start('six-web-1', { network: 'six', labels: composeLabels('six', 'web') });
      await host.docker.start('six-client-1', { network: 'six', labels: composeLabels('six', 'client') });
      const { NetworkSettings } = await host.docker.inspect('six-web-1');
      const address = NetworkSettings.Networks['six']?.GlobalIPv6Address ?? '';
      expect(address).toMatch(/^fd00:f1::/);
      const aaaa = async (): Promise<readonly string[]> =>
        (await ask('web.six.rancher.internal', 'AAAA')).answers;
      await untilEqual('AAAA', aaaa, [address], host.patience());
      const both = [await host.docker.address('six-web-1', 'six'), address].sort();
      expect(await askGlibc(host.docker, 'six-client-1', 'web')).toEqual(both);
      const ping = await host.docker.exec(
        'six-client-1',
        '/usr/bin/ping',
        '-6',
        '-c',
        '1',
        '-W',
        '2',
        'web.six',
      );
      expect(ping.stdout).toContain(' 0% packet loss');
      // Docker gives it an address of IPv6, too, but its kernel does not use it.
      const flags = ['--sysctl=net.ipv6.conf.all.disable_ipv6=1'];
      await host.docker.start('six-web-2', { network: 'six', labels: composeLabels('six', 'web', 2), flags });
      const a = async (): Promise<number> => (await ask('web.six.rancher.internal')).answers.length;
      await untilEqual('A', a, 2, host.patience());
      expect(await aaaa()).toEqual([address]);
    });
  });

  test('a reused address never answers to the old name', async () => {
    await startWeb(1);
    await untilAnswers(['bookshop-web-1']);
    const [address] = await addressesOf('bookshop-web-1');
    const wrong: string[] = [];
    const stopLooking = keepLooking(async () => {
      // In this order, or an answer that was right when it was given would be blamed.
      const owner = await ownerOf(address ?? '');
      const { answers } = await ask(WEB);
      if (answers.length > 0 && owner === 'thief') wrong.push(`${WEB} gave ${answers.join()} of ${owner}`);
    });
    await host.docker.remove('bookshop-web-1');
    await host.docker.start('thief', { labels: composeLabels('other', 'thief') });
    expect(await addressesOf('thief')).toEqual([address]);
    await untilAnswers(['thief'], 'thief.other.rancher.internal');
    await stopLooking();
    expect(wrong).toEqual([]);
    expect((await ask(WEB)).answers).toEqual([]);
  });

  /** The name of the running container at an address of the default bridge. */
  async function ownerOf(address: string): Promise<string | undefined> {
    const text = await host.docker.cli('network', 'inspect', '--format={{json .Containers}}', 'bridge');
    const containers = Object.values(
      JSON.parse(text) as Record<string, { Name: string; IPv4Address: string }>,
    );
    return containers.find(({ IPv4Address }) => IPv4Address.startsWith(`${address}/`))?.Name;
  }

  const taskOf = (name: string): Promise<unknown> => host.fairlead.api(`/v1/tasks/${name}`);
});

const isNoData = ({ status, answers }: DigAnswer): boolean => status === 'NOERROR' && answers.length === 0;
