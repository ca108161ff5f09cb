import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { TaskListJson } from '../../src/api/types/resources.js';
import {
  axeViolations,
  CHROMIUM,
  faultsOf,
  forwardTo,
  launchBrowser,
  type Forwarding,
} from './support/browser.js';
import { dig } from './support/dig.js';
import { createHost, untilKnown, type Host } from './support/host.js';
import { composeLabels } from './support/labels.js';
import { until } from './support/poll.js';
import { describeOnHost, enginePrograms } from './support/requirements.js';

const PAGES = [
  'overview',
  'stacks',
  'services',
  'services/default/shop/web',
  'tasks',
  'vips',
  'dns',
  'events',
  'topology',
  'templates',
  'sources',
  'doctor',
];

const WEB = 'web.shop.rancher.internal';
const IMG = '<img src=x onerror=alert(1)>';
const LONG = `${'ä'.repeat(127)}x`;
const RTL = 'abc\u202etxt.exe';

describeOnHost(
  'the dashboard in Chromium',
  () => {
    let host: Host;
    let browser: Browser;
    let door: Forwarding;
    let page: Page;
    let faults: string[];

    beforeAll(async () => {
      host = await createHost({ shared: true });
      [door, browser] = await Promise.all([forwardTo(join(host.dir, 'fairlead.sock')), launchBrowser()]);
      await host.docker.start('shop-web-1', { labels: composeLabels('shop', 'web', 1) });
      await host.fairlead.start();
      await untilKnown(host, 'shop-web-1');
    });

    afterAll(async () => {
      await browser.close();
      await door.close();
      await host.close();
    });

    beforeEach(async () => {
      page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
      page.setDefaultTimeout(60_000);
      faults = faultsOf(page);
    });

    afterEach(async () => {
      await page.close();
      expect(faults).toEqual([]);
    });

    const open = async (place: string): Promise<void> => {
      await page.goto(`${door.url}/#/${place}`);
      await page.locator('.link[data-state=live]').waitFor();
    };
    /** Every page, and those of one service and one task. */
    const places = async (): Promise<string[]> => {
      const { tasks } = (await host.fairlead.api('/v1/tasks')) as TaskListJson;
      const id = tasks.find(({ name }) => name === 'shop-web-1')?.id ?? '';
      return [...PAGES, `tasks/${id}`];
    };
    const row = (text: string) => page.locator('tbody tr', { hasText: text });
    const seen = async (text: string | RegExp): Promise<void> => {
      await page.locator('main').getByText(text).first().waitFor();
    };

    test('tasks come, change and go while the page is open, and it says why one is out', async () => {
      await open('services/default/shop/web');
      await row('shop-web-1').getByText('● in', { exact: true }).waitFor();
      await host.docker.start('shop-web-2', {
        labels: { ...composeLabels('shop', 'web', 2), 'fairlead.drain': 'true' },
      });
      await row('shop-web-2').getByText('▲ out', { exact: true }).waitFor();
      await row('shop-web-2').getByText('draining').first().waitFor();
      await row('shop-web-2').locator('a').click();
      expect(await page.locator('h1').textContent()).toBe('shop-web-2');
      await page.goBack();
      await host.docker.remove('shop-web-2');
      await row('shop-web-2').waitFor({ state: 'detached' });
      await page.locator('nav').getByText('Events').click();
      await row('task.removed').filter({ hasText: 'shop-web-2' }).first().waitFor();
      await row('task.removed').first().locator('a').first().click();
      await page.locator('h1', { hasText: /^Event \d+$/ }).waitFor();
    });

    test('queries are seen while they are asked; filters compose and negate, and are in the address', async () => {
      await open('dns');
      const asks = async (): Promise<void> => {
        await dig(await host.docker.inside('shop-web-1'), WEB);
        await dig(host.netns, 'nothing.shop.rancher.internal', 'AAAA');
      };
      // The log begins when the page has subscribed.
      const queries = row(WEB);
      await until(
        'the query is shown',
        async () => (await asks(), await queries.count()),
        (count) => count > 0,
      );
      await row('NXDOMAIN').first().waitFor();
      await row('shop-web-1').filter({ hasText: WEB }).first().waitFor();
      await page.keyboard.press('/');
      await page.keyboard.type('client:shop-web-1 -rcode:NXDOMAIN');
      await row('NXDOMAIN').first().waitFor({ state: 'detached' });
      await queries.first().waitFor();
      await page.waitForURL((url) =>
        decodeURIComponent(url.hash).includes('client:shop-web-1+-rcode:NXDOMAIN'),
      );
      await page.getByRole('heading', { name: /^Top/ }).waitFor();
      await page.goto(`${door.url}/#/topology`);
      await until(
        'who asks is drawn',
        async () => {
          await dig(await host.docker.inside('shop-web-1'), 'example.org');
          return row('web.shop').count();
        },
        (count) => count > 0,
      );
      await page.locator('svg.topology rect').first().waitFor();
    });

    test('virtual IPs are a table, and a file', async () => {
      await host.docker.start('shop-front-1', {
        labels: {
          ...composeLabels('shop', 'front', 1),
          'fairlead.endpoint_mode': 'vip',
          'fairlead.ports': '80',
        },
      });
      await open('vips');
      await seen('front.shop');
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByText('Download as CSV').click(),
      ]);
      expect(await readFile(await download.path(), 'utf8')).toMatch(
        /^service,vip,port,.*\r\n[^]*front\.shop,/,
      );
      await host.docker.remove('shop-front-1');
    });

    test('the keyboard leads everywhere', async () => {
      await open('overview');
      await page.keyboard.press('?');
      await page.locator('dialog[open]').waitFor();
      await page.keyboard.press('Escape');
      await page.locator('dialog[open]').waitFor({ state: 'detached' });
      await page.keyboard.press('g');
      await page.keyboard.press('s');
      await page.locator('h1', { hasText: 'Services' }).waitFor();
      await page.keyboard.press('/');
      await page.keyboard.type('stack:shop service:web');
      await page.keyboard.press('Escape');
      await page.keyboard.press('j');
      await page.keyboard.press('Enter');
      await page.locator('h1', { hasText: 'web.shop' }).waitFor();
    });

    test('says since when the daemon is gone, greys what is old, and goes on with the next one', async () => {
      await open('tasks');
      await row('shop-web-1').waitFor();
      await host.fairlead.stop();
      await page.getByText(/The daemon has not answered since \d\d:\d\d:\d\d/).waitFor();
      expect(await page.locator('main.old').count()).toBe(1);
      expect(await row('shop-web-1').count()).toBe(1);
      await host.docker.start('shop-web-3', { labels: composeLabels('shop', 'web', 3) });
      await host.fairlead.start();
      await row('shop-web-3').waitFor();
      await page.getByText('The daemon has not answered').waitFor({ state: 'detached' });
      expect(await page.locator('main.old').count()).toBe(0);
      await host.docker.remove('shop-web-3');
      await row('shop-web-3').waitFor({ state: 'detached' });
      // That the stream could not be opened meanwhile is no fault of the page.
      faults.splice(
        0,
        faults.length,
        ...faults.filter((fault) => !/WebSocket|ERR_|Failed to load/.test(fault)),
      );
    });

    test('what containers and clients call themselves is text, and shows what is hidden in it', async () => {
      await host.docker.start('shop-evil-1', {
        labels: {
          ...composeLabels('shop', 'evil', 1),
          SERVICE_TAGS: IMG,
          SERVICE_DIRECTION: RTL,
          SERVICE_LONG: LONG,
          'fairlead.weight': IMG,
        },
      });
      await untilKnown(host, 'shop-evil-1');
      await open('tasks');
      await row('shop-evil-1').locator('a').first().click();
      await seen(IMG);
      await seen('abc\\u202etxt.exe');
      await seen(LONG);
      await page.goto(`${door.url}/#/doctor`);
      await row('label').filter({ hasText: IMG }).first().waitFor();
      await page.goto(`${door.url}/#/dns`);
      const hostile = `${IMG.replaceAll(' ', '\\032')}.shop.rancher.internal`;
      await until(
        'the query is shown',
        async () => {
          await dig(host.netns, hostile);
          return row('onerror').count();
        },
        (count) => count > 0,
      );
      await page.goto(`${door.url}/#/${encodeURIComponent(IMG)}`);
      await seen(IMG);
      await page.goto(`${door.url}/#/services/${encodeURIComponent(IMG)}?q=${encodeURIComponent(IMG)}`);
      await seen(IMG);
      expect(await page.locator('img').count()).toBe(0);
      await host.docker.remove('shop-evil-1');
    });

    test.each(['light', 'dark'])('axe-core finds nothing on any page or in the help, %s', async (theme) => {
      await open('overview');
      await page.locator('.theme select').selectOption(theme);
      const found: string[] = [];
      for (const place of await places()) {
        await page.goto(`${door.url}/#/${place}`);
        await page.locator('h1').first().waitFor();
        found.push(...(await axeViolations(page)).map((violation) => `${place}: ${violation}`));
      }
      await page.keyboard.press('?');
      await page.getByRole('dialog', { name: 'Keys' }).waitFor();
      found.push(...(await axeViolations(page)).map((violation) => `help: ${violation}`));
      expect(found).toEqual([]);
    });

    test.each([
      ['320 pixels', { width: 320, height: 640 }],
      ['200 % on a screen of 1280 pixels', { width: 640, height: 400 }],
    ])('only tables and pictures scroll sideways at %s', async (_what, viewport) => {
      await page.setViewportSize(viewport);
      await open('overview');
      const wide: string[] = [];
      for (const place of await places()) {
        await page.goto(`${door.url}/#/${place}`);
        await page.locator('h1').first().waitFor();
        const width = Number(await page.evaluate('document.documentElement.scrollWidth'));
        if (width > viewport.width) wide.push(`${place}: ${width}`);
      }
      expect(wide).toEqual([]);
    });
  },
  [...enginePrograms, CHROMIUM],
);
