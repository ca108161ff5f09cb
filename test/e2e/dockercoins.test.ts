import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startDockercoins, type Dockercoins } from './support/dockercoins.js';
import { createHost, type Host } from './support/host.js';
import { until } from './support/poll.js';
import { describeOnHost } from './support/requirements.js';

describeOnHost('dockercoins mines coins through bare names', () => {
  let host: Host;

  beforeAll(async () => {
    host = await createHost({ shared: true, images: ['tools', 'node', 'redis'] });
    await host.fairlead.start();
  });

  afterEach(() => host.docker.clear());

  afterAll(async () => {
    await host.close();
  });

  test.each([{ network: 'a-user-network' }, { network: 'bridge' }])(
    'on $network, while rng is scaled to 3 and replaced',
    async ({ network }) => {
      const { docker } = host;
      if (network !== 'bridge') await docker.cli('network', 'create', network);
      const coins = await startDockercoins(host, 'dockercoins', network);
      await untilMined(coins, 50);
      const errorsAtStart = (await coins.errors()).length;

      const first = ['dockercoins-rng-1', await coins.startRng(2), await coins.startRng(3)];
      await untilAllServe(coins, first);

      for (const [index, old] of first.entries()) {
        await coins.startRng(4 + index);
        await docker.cli('stop', '--time=10', old);
      }
      await docker.remove(...first);
      await untilAllServe(
        coins,
        [4, 5, 6].map((number) => `dockercoins-rng-${number}`),
      );

      const { hashes } = await coins.counters();
      await untilMined(coins, hashes + 50);
      expect((await coins.counters()).coins).toBeGreaterThan(0);
      expect((await coins.errors()).slice(errorsAtStart), host.fairlead.log()).toEqual([]);
    },
  );

  async function untilMined(coins: Dockercoins, count: number): Promise<void> {
    const isEnough = ({ hashes }: { hashes: number }): boolean => hashes >= count;
    await until(`${count} hashes`, () => coins.counters(), isEnough, host.patience());
  }

  async function untilAllServe(coins: Dockercoins, containers: readonly string[]): Promise<void> {
    const look = (): Promise<number[]> => Promise.all(containers.map((name) => coins.servedBy(name)));
    const isShared = (served: number[]): boolean => served.every((count) => count >= 10);
    await until(`${containers.join(', ')} serve`, look, isShared, host.patience());
  }
});
