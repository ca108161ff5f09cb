import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createClient } from './support/client-network.js';
import { createHost, untilKnown, type Host } from './support/host.js';
import { composeLabels } from './support/labels.js';
import { sleep } from './support/poll.js';
import { startNginx, type Nginx } from './support/proxies.js';
import { describeOnHost, enginePrograms } from './support/requirements.js';
import { createVipStack, type VipStack } from './support/vips.js';

const FRONT = 'shop-front-1';

describeOnHost(
  'nginx in front of a virtual IP',
  () => {
    let host: Host;
    let shop: VipStack;
    let proxies: Record<string, Nginx> = {};

    beforeAll(async () => {
      host = await createHost({ shared: true, images: ['tools', 'node'] });
      shop = createVipStack(host, 'shop');
      await host.fairlead.start();
      await host.docker.start(FRONT, { labels: composeLabels('shop', 'front') });
      await Promise.all([shop.web('web', 1), shop.web('web', 2)]);
      await untilKnown(host, FRONT, 'shop-web-1', 'shop-web-2');
      await shop.untilTaken('web', ['shop-web-1', 'shop-web-2']);
      const resolvConf = 'nameserver 169.254.169.250\nsearch shop.rancher.internal rancher.internal\n';
      const client = createClient(await host.docker.inside(FRONT), host.dir, resolvConf);
      const text = readFileSync(new URL('../../config/nginx.conf', import.meta.url), 'utf8');
      mkdirSync(join(host.dir, 'example'));
      // The first without a variable, too: the name is looked up once, at the start.
      proxies = {
        'proxy_pass http://web.shop.rancher.internal': await startNginx(client, host.dir, {
          locations: { '/': 'proxy_pass http://web.shop.rancher.internal;' },
        }),
        'config/nginx.conf': await startNginx(client, join(host.dir, 'example'), { text }),
      };
    });

    afterAll(async () => {
      await host.close();
    });

    test('is never reloaded while all tasks are replaced, and no request fails', async () => {
      const seen = new Map(Object.keys(proxies).map((name) => [name, new Map<string, number>()]));
      const stop = new AbortController();
      const client = async (name: string, nginx: Nginx): Promise<void> => {
        const answers = seen.get(name);
        while (!stop.signal.aborted) {
          const { status, body } = await nginx.get('/');
          const what = status === 200 ? body : String(status);
          answers?.set(what, (answers.get(what) ?? 0) + 1);
          await sleep(10);
        }
      };
      const clients = Object.entries(proxies).flatMap(([name, nginx]) => [
        client(name, nginx),
        client(name, nginx),
      ]);
      await sleep(500);
      for (const [next, old, rest] of [
        [3, 1, 2],
        [4, 2, 3],
      ] as const) {
        await shop.web('web', next);
        await shop.untilTaken(
          'web',
          [old, rest, next].map((number) => `shop-web-${number}`),
        );
        await sleep(300);
        await host.docker.cli('stop', '--time=10', `shop-web-${old}`);
        await host.docker.remove(`shop-web-${old}`);
      }
      await sleep(500);
      stop.abort();
      await Promise.all(clients);
      const all = [1, 2, 3, 4].map((number) => `web shop-web-${number}`);
      for (const [name, answers] of seen) {
        const [others, log] = [
          [...answers.keys()].filter((what) => !all.includes(what)),
          proxies[name]?.log(),
        ];
        expect(others, `${name}\n${log ?? ''}`).toEqual([]);
        // Where connections are kept, the newest task need not have got any.
        expect(answers.size).toBeGreaterThanOrEqual(name === 'config/nginx.conf' ? 2 : 4);
        expect([...answers.values()].reduce((sum, each) => sum + each, 0)).toBeGreaterThan(200);
      }
    });
  },
  [...enginePrograms, 'nginx', 'unshare'],
);
