import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { axeViolations, CHROMIUM, faultsOf, launchBrowser } from './support/browser.js';
import { must } from './support/command.js';
import { freePorts } from './support/free-ports.js';
import { getOverSocket } from './support/http.js';
import { until } from './support/poll.js';
import { describeOnHost } from './support/requirements.js';

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

const SERVICES = `stacks:
  shop:
    services:
      web:
        ports: [http=80/tcp]
        tasks:
          - { name: shop-web-1, ip: 10.0.0.1 }
          - { name: shop-web-2, ip: 10.0.0.2 }
`;

describeOnHost(
  'roles on the dashboard',
  () => {
    let dir: string;
    let daemon: ChildProcess;
    let url: string;
    let browser: Browser;
    let context: BrowserContext;
    let page: Page;
    let faults: string[];
    const tokens: Record<string, string> = {};

    beforeAll(async () => {
      dir = await mkdtemp(join(tmpdir(), 'fairlead-roles-'));
      const socket = join(dir, 'api.sock');
      const [dns = 0, http = 0] = await freePorts(2);
      url = `http://127.0.0.1:${http}`;
      writeFileSync(join(dir, 'services.yaml'), SERVICES);
      writeFileSync(
        join(dir, 'fairlead.yaml'),
        `state: ${dir}/state
log: { level: error }
dns: { listen: ['127.0.0.1:${dns}'], upstreams: [] }
vip: false
sources: { file: { path: services.yaml } }
api: { listen: ['unix:${socket}', '127.0.0.1:${http}'], tokens: true }
`,
      );
      daemon = spawn(process.execPath, [main, 'run', '--config', join(dir, 'fairlead.yaml')], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      browser = await launchBrowser();
      const ready = () => getOverSocket(socket, '/readyz');
      await until('the daemon is ready', ready, ({ status }) => status === 200, { within: 60_000 });
      for (const role of ['viewer', 'operator']) {
        const args = ['--addr', `unix:${socket}`, 'token', 'create', `my-${role}`, '--role', role, '-q'];
        tokens[role] = (await must(process.execPath, [main, ...args])).trim();
      }
    });

    afterAll(async () => {
      await browser.close();
      const ended = once(daemon, 'exit');
      daemon.kill('SIGTERM');
      await ended;
      await rm(dir, { recursive: true });
    });

    beforeEach(async () => {
      context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
      context.setDefaultTimeout(60_000);
      page = await context.newPage();
      faults = faultsOf(page);
    });

    afterEach(async () => {
      await context.close();
      // Chromium reports each answer that refuses something as an error of the page.
      expect(faults.filter((fault) => !fault.includes('Failed to load resource'))).toEqual([]);
    });

    const logIn = async (into: Page, role: string): Promise<void> => {
      await into.goto(url);
      await into.locator('#token').fill(tokens[role] ?? '');
      await into.getByRole('button').click();
      await into.locator('.link[data-state=live]').waitFor();
      await into.getByText(`my-${role} (${role})`).waitFor();
    };
    const openTask = async (): Promise<void> => {
      await page.goto(`${url}/#/tasks`);
      await page.locator('tbody tr', { hasText: 'shop-web-1' }).locator('a').first().click();
      await page.locator('h1', { hasText: 'shop-web-1' }).waitFor();
    };
    const drained = (on: Page) => on.locator('.drain').getByText('Drained by an operator');
    const button = (name: string) => page.getByRole('button', { name, exact: true });

    test('leads to the login, says that a token is wrong, lets in with the right one, and out again', async () => {
      await page.goto(url);
      await page.locator('#token').fill('no such token');
      await page.getByRole('button').click();
      await page.getByRole('alert').waitFor();
      expect(new URL(page.url()).pathname).toBe('/login');
      await logIn(page, 'viewer');
      await page.getByRole('button', { name: 'Log out' }).click();
      await page.locator('#token').waitFor();
      await page.goto(`${url}/#/tasks`);
      await page.locator('#token').waitFor();
    });

    test('an operator drains a task and a whole service, and ends both drains', async () => {
      await logIn(page, 'operator');
      await openTask();
      for (const [first, sure] of [
        ['Drain', 'Yes, drain it'],
        ['End the drain', 'Yes, end the drain'],
      ] as const) {
        await button(first).click();
        await button(sure).click();
        await drained(page).waitFor({ state: first === 'Drain' ? 'visible' : 'detached' });
      }
      await page.getByText('● healthy').first().waitFor();
      await page.goto(`${url}/#/services/default/shop/web`);
      await button('Drain').click();
      await button('Cancel').click();
      await button('Drain').click();
      await button('Yes, drain it').click();
      await drained(page).waitFor();
      await page.locator('tbody tr', { hasText: 'draining' }).nth(1).waitFor();
      await button('End the drain').click();
      await button('Yes, end the drain').click();
      await page.locator('tbody tr', { hasText: 'draining' }).first().waitFor({ state: 'detached' });
    });

    test('a viewer has no button, reads why, and the daemon refuses what the page does not offer', async () => {
      await logIn(page, 'viewer');
      await openTask();
      await page.getByText('You are a viewer. Only an operator can drain this.').waitFor();
      expect(await button('Drain').count()).toBe(0);
      const answer = await page.evaluate(`(async () => {
        const { csrf } = await (await fetch('/v1/session')).json();
        const options = { method: 'PUT', headers: { 'x-fairlead-csrf': csrf } };
        const response = await fetch('/v1/tasks/shop-web-1/drain', options);
        return { status: response.status, code: (await response.json()).code };
      })()`);
      expect(answer).toEqual({ status: 403, code: 'role-too-low' });
      expect(JSON.parse((await getOverSocket(join(dir, 'api.sock'), '/v1/drains')).body)).toMatchObject({
        drains: [],
      });
    });

    test('a viewer whose page was opened by an operator reads that the drain was refused', async () => {
      await logIn(page, 'operator');
      await openTask();
      await button('Drain').click();
      await context.clearCookies();
      const other = await context.newPage();
      await logIn(other, 'viewer');
      await button('Yes, drain it').click();
      await page
        .getByRole('alert')
        .getByText('Not done: this changes something, and a viewer only reads')
        .waitFor();
      expect(await drained(page).count()).toBe(0);
    });

    test.each(['light', 'dark'] as const)(
      'axe-core finds nothing where people log in, on a task, in the question, in the help, without scripts: %s',
      async (colorScheme) => {
        const found: string[] = [];
        const look = async (at: string): Promise<void> => {
          found.push(...(await axeViolations(page)).map((violation) => `${at}: ${violation}`));
        };
        await page.emulateMedia({ colorScheme });
        await page.goto(url);
        await page.locator('#token').waitFor();
        await look('login');
        await logIn(page, 'operator');
        await openTask();
        await look('task');
        await button('Drain').click();
        await button('Yes, drain it').waitFor();
        await look('question');
        await page.keyboard.press('?');
        await page.locator('dialog[open]').waitFor();
        await look('help');
        await page.goto(`${url}/ui/plain`);
        await look('plain');
        await page.goto(`${url}/login`);
        await look('way out');
        expect(found).toEqual([]);
      },
    );
  },
  [CHROMIUM],
);
