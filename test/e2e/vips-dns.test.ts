import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { dig, type Vantage } from './support/dig.js';
import { createHost, untilKnown, type Host } from './support/host.js';
import { knockUdp } from './support/knock.js';
import { composeLabels } from './support/labels.js';
import { sleep } from './support/poll.js';
import { describeOnHost } from './support/requirements.js';
import { createVipStack, type VipStack } from './support/vips.js';

const CLIENT = 'infra-client-1';
const NAME = 'anything.example.org';

describeOnHost('DNS over a UDP virtual IP', () => {
  let host: Host;
  let infra: VipStack;

  beforeAll(async () => {
    host = await createHost({ shared: true, images: ['tools', 'node'] });
    infra = createVipStack(host, 'infra');
    await host.fairlead.start();
  });

  afterEach(() => host.docker.clear());

  afterAll(async () => {
    await host.close();
  });

  const nameOf = (number: number): string => `infra-dns-${number}`;
  const start = (number: number) => infra.dns('dns', number, `192.0.2.${100 + number}`);

  /** Asks on and on, one question at a time. @returns ends it, with what came back and how often */
  function keepAsking(from: Vantage, server: string): () => Promise<Map<string, number>> {
    const seen = new Map<string, number>();
    const stop = new AbortController();
    const asking = (async () => {
      while (!stop.signal.aborted) {
        const { status, answers } = await dig(from, NAME, 'A', { server });
        const what = answers.join() || status;
        seen.set(what, (seen.get(what) ?? 0) + 1);
      }
    })();
    return async () => {
      stop.abort();
      await asking;
      return seen;
    };
  }

  test('every question is answered, by all tasks, while one is replaced', async () => {
    await Promise.all([start(1), start(2)]);
    await host.docker.start(CLIENT, { labels: composeLabels('infra', 'client') });
    await untilKnown(host, CLIENT, nameOf(1), nameOf(2));
    await infra.untilTaken('dns', [nameOf(1), nameOf(2)]);
    // The servers have no check, so they have to be up before they are asked.
    await sleep(1_000);
    const { vip, protocol } = await infra.vip('dns');
    expect(protocol).toBe('udp');
    const inside = await host.docker.inside(CLIENT);
    expect((await dig(inside, 'dns.infra.rancher.internal')).answers).toEqual([vip]);
    // A port that the service does not have.
    for (const from of [inside, host.netns]) expect(await knockUdp(from, vip, 54)).toBe('ECONNREFUSED');
    const end = keepAsking(inside, vip);
    await sleep(1_000);
    await start(3);
    await sleep(1_000);
    await host.docker.cli('stop', '--time=5', nameOf(1));
    await sleep(1_000);
    const seen = await end();
    expect([...seen.keys()].sort()).toEqual(['192.0.2.101', '192.0.2.102', '192.0.2.103']);
    const { tasks, total } = await infra.vip('dns');
    expect(tasks.map(({ name }) => name)).toEqual([nameOf(2), nameOf(3)]);
    expect(total).toBeGreaterThanOrEqual([...seen.values()].reduce((sum, each) => sum + each, 0));
  });
});
