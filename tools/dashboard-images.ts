// Writes the pictures of docs/images: the built dashboard over a services file, in a network namespace of its own, as root.
//   npm run build && npx tsx tools/dashboard-images.ts
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { forwardTo, launchBrowser } from '../test/e2e/support/browser.js';
import { createFairlead } from '../test/e2e/support/fairlead.js';
import { createNetns } from '../test/e2e/support/netns.js';
import { createWorkspace } from '../test/e2e/support/workspace.js';

const images = fileURLToPath(new URL('../docs/images', import.meta.url));

const SERVICES = `stacks:
  shop:
    services:
      web:
        ports: [http=80/tcp]
        endpoint_mode: vip
        tasks:
          - { name: shop_web_1, ip: 127.0.0.11 }
          - { name: shop_web_2, ip: 127.0.0.12 }
          - { name: shop_web_3, ip: 127.0.0.13, health: unhealthy }
          - { name: shop_web_4, ip: 127.0.0.14, health: draining }
      cart: { ports: [8080/tcp], endpoint_mode: vip, tasks: [{ name: shop_cart_1, ip: 127.0.0.21 }, { name: shop_cart_2, ip: 127.0.0.22 }] }
      front: { alias_of: [web.shop] }
      payments: { hostname: payments.example.com }
  data:
    services:
      redis: { ports: [6379/tcp], endpoint_mode: vip, tasks: [{ name: data_redis_1, ip: 127.0.0.31 }] }
      postgres: { ports: [5432/tcp], tasks: [{ name: data_postgres_1, ip: 127.0.0.32 }, { name: data_postgres_2, ip: 127.0.0.33, health: initializing }] }
  monitoring:
    services:
      grafana: { ports: [3000/tcp], tasks: [{ name: monitoring_grafana_1, ip: 127.0.0.41, health: unhealthy }] }
clients:
  127.0.0.51: { stack: shop, service: web, links: { cache: redis.data } }
  127.0.0.52: { stack: shop, service: cart, links: { db: postgres.data } }
`;

/** Who asks for what; some of it is not there. */
const QUESTIONS = [
  ['127.0.0.51', 'cart', 'A'],
  ['127.0.0.51', 'cache', 'A'],
  ['127.0.0.51', 'redis.data', 'AAAA'],
  ['127.0.0.52', 'db', 'A'],
  ['127.0.0.52', 'web', 'A'],
  ['127.0.0.52', 'web.local', 'A'],
  ['127.0.0.51', '_http._tcp.web.shop.rancher.internal', 'SRV'],
] as const;

const workspace = await createWorkspace();
const netns = await createNetns(workspace.netnsName, '192.0.2.1');
writeFileSync(join(workspace.dir, 'services.yaml'), SERVICES);
const fairlead = createFairlead(netns, workspace.dir, {
  hostAddress: '192.0.2.1',
  upstreams: ['127.0.0.153:53'],
  sources: { file: { path: join(workspace.dir, 'services.yaml') } },
  sections: { host: { name: 'alpha', address: '192.0.2.1' } },
});
await fairlead.start();
const door = await forwardTo(join(workspace.dir, 'fairlead.sock'));
const browser = await launchBrowser();

async function ask(times: number): Promise<void> {
  for (let time = 0; time < times; time++)
    for (const [from, name, type] of QUESTIONS)
      await netns.run('dig', ['@169.254.169.250', '-b', from, '+search', '+time=1', '+tries=1', name, type]);
}

async function picture(
  name: string,
  place: string,
  theme: 'light' | 'dark',
  prepare?: (page: Page) => Promise<void>,
) {
  const page = await browser.newPage({ viewport: { width: 1000, height: 560 }, colorScheme: theme });
  await page.goto(`${door.url}/#/${place}`);
  await page.locator('.link[data-state=live]').waitFor();
  await ask(3);
  await prepare?.(page);
  await page.screenshot({ path: join(images, `${name}.png`) });
  await page.close();
}

try {
  mkdirSync(images, { recursive: true });
  await picture('overview', 'overview', 'light', async (page) => {
    await ask(6);
    await page.locator('.spark path').first().waitFor();
  });
  await picture('service', 'services/default/shop/web', 'dark');
  await picture('dns', 'dns', 'light', () => ask(2));
} finally {
  await browser.close();
  await door.close();
  await fairlead.stop();
  await netns.remove();
  await workspace.remove();
}
