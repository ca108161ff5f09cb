/**
 * `npm run bench:dashboard [-- --json]`: the dashboard in Chromium with 1,000 services and 10,000 tasks: bytes over the wire and time until it
 * can be used, from a change to the pixel, and the longest task of the page while somebody scrolls and filters.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from '../test/e2e/support/browser.js';
import { freePorts } from '../test/e2e/support/free-ports.js';
import { requestOverSocket } from '../test/e2e/support/http.js';
import { until } from '../test/e2e/support/poll.js';
import { addressesFrom } from './dns/addresses.js';
import { bar, median, round } from './dns/summary.js';
import { longestTask } from './support/page-trace.js';
import { percentile } from './support/percentile.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const [SERVICES, TASKS] = [1000, 10];
const LOADS = 5;

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    changes: { type: 'string', default: '200' },
  },
});

function servicesFile(): string {
  const address = addressesFrom('10.0.0.1');
  const lines = ['stacks:'];
  for (let service = 0; service < SERVICES; service++) {
    if (service % 20 === 0) lines.push(`  stack${service / 20}:`, '    services:');
    lines.push(`      service${service}:`, '        ports: [http=80/tcp]', '        tasks:');
    for (let task = 0; task < TASKS; task++) {
      const at = service * TASKS + task;
      lines.push(`          - { name: task${at}, ip: ${address(at)} }`);
    }
  }
  return `${lines.join('\n')}\n`;
}

async function startDaemon(
  dir: string,
): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const [dns = 0, http = 0] = await freePorts(2);
  writeFileSync(join(dir, 'services.yaml'), servicesFile());
  writeFileSync(
    join(dir, 'fairlead.yaml'),
    `state: ${dir}/state
log: { level: warn }
dns: { listen: ['127.0.0.1:${dns}'], upstreams: [] }
vip: false
sources: { file: { path: services.yaml } }
api: { listen: ['unix:${dir}/api.sock', '127.0.0.1:${http}'] }
`,
  );
  const args = [join(root, 'dist/main.js'), 'run', '--config', join(dir, 'fairlead.yaml')];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ready = () => requestOverSocket(join(dir, 'api.sock'), 'GET', '/readyz', 2000);
  await until('the daemon is ready', ready, ({ status }) => status === 200, { within: 120_000 });
  const stop = async (): Promise<void> => {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  };
  return { url: `http://127.0.0.1:${http}`, stop };
}

/** The policy of the page would stop what measures it. */
const WINDOW = { viewport: { width: 1280, height: 800 }, bypassCSP: true } as const;

interface Load {
  readonly bytes: number;
  readonly ms: number;
}

/** A first visit: nothing is in the browser's cache. It can be used when all tasks are there and the stream has taken over. */
async function load(browser: Browser, url: string): Promise<Load> {
  const context = await browser.newContext(WINDOW);
  const page = await context.newPage();
  const wire = await context.newCDPSession(page);
  let bytes = 0;
  wire.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
  wire.on(
    'Network.webSocketFrameReceived',
    ({ response }) => (bytes += Buffer.byteLength(response.payloadData)),
  );
  await wire.send('Network.enable');
  await page.goto(`${url}/#/tasks`, { waitUntil: 'commit' });
  await usable(page);
  const ms = Number(await page.evaluate('performance.now()'));
  await context.close();
  return { bytes, ms };
}

async function usable(page: Page): Promise<void> {
  const all = (SERVICES * TASKS).toLocaleString('en-US');
  await page.waitForFunction(
    `document.querySelector('output')?.textContent === '${all}' && document.querySelector('.link[data-state=live]')`,
    undefined,
    { polling: 'raf', timeout: 120_000 },
  );
}

/** Notes when a frame has been drawn in which the first row changed between drained and not, by the clock that both processes share. */
const WATCH = `(() => {
  globalThis.drawn = [];
  let last = false;
  const look = () => {
    const now = document.querySelector('tbody tr[data-index]')?.textContent.includes('draining') ?? false;
    if (now === last) return;
    last = now;
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => globalThis.drawn.push(performance.timeOrigin + performance.now());
      port2.postMessage(0);
    });
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
})()`;

/** Milliseconds from just before the request that drains a task, or takes that back, until the page has drawn it. */
async function toThePixel(browser: Browser, url: string, socket: string): Promise<number[]> {
  const page = await browser.newPage(WINDOW);
  await page.goto(`${url}/#/tasks?q=task:task5`);
  await page.locator('tbody tr', { hasText: 'task5' }).waitFor();
  await page.evaluate(WATCH);
  const latencies: number[] = [];
  for (let change = 0; change < Number(values.changes); change++) {
    const begun = performance.timeOrigin + performance.now();
    const method = change % 2 === 0 ? 'PUT' : 'DELETE';
    const { status, body } = await requestOverSocket(socket, method, '/v1/tasks/task5/drain', 5000);
    if (status !== 200) throw new Error(`${method}: ${status} ${body}`);
    await page.waitForFunction(`drawn.length > ${change}`, undefined, { timeout: 30_000 });
    latencies.push(Number(await page.evaluate('drawn.at(-1)')) - begun);
  }
  await page.close();
  return latencies;
}

/** Scrolls through all tasks, and types filters letter by letter. */
async function scrollAndFilter(browser: Browser, url: string): Promise<{ task: number; script: number }> {
  const page = await browser.newPage(WINDOW);
  await page.goto(`${url}/#/tasks`);
  await usable(page);
  await page.mouse.move(600, 400);
  const longest = await longestTask(browser, page, async () => {
    for (let step = 0; step < 40; step++) {
      await page.mouse.wheel(0, step % 2 === 0 ? 700 : 6000);
      await page.evaluate('new Promise(requestAnimationFrame)');
    }
    for (const filter of ['task77', 'stack:stack7 -task:*5', 'service1 health:healthy']) {
      await page.locator('#filter').fill('');
      await page.locator('#filter').pressSequentially(filter);
      await page.evaluate('new Promise(requestAnimationFrame)');
    }
  });
  await page.close();
  return longest;
}

function scriptBytes(): number {
  const folder = join(root, 'dist/dashboard');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.js.gz'))
    .reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

const dir = mkdtempSync(join(tmpdir(), 'fairlead-bench-'));
const daemon = await startDaemon(dir);
const browser = await launchBrowser();
try {
  const loads: Load[] = [];
  for (let time = 0; time < LOADS; time++) loads.push(await load(browser, daemon.url));
  const latencies = await toThePixel(browser, daemon.url, join(dir, 'api.sock'));
  const longest = await scrollAndFilter(browser, daemon.url);
  const figures = {
    services: SERVICES,
    tasks: SERVICES * TASKS,
    loadBytes: median(loads.map(({ bytes }) => bytes)),
    usableMs: round(median(loads.map(({ ms }) => ms))),
    scriptGzipBytes: scriptBytes(),
    pixelMs: { p50: percentile(latencies, 50), p99: percentile(latencies, 99), changes: latencies.length },
    longestTaskMs: round(longest.task),
    longestScriptMs: round(longest.script),
  };
  const bars = [
    bar('an event to the pixel, p99, ms', figures.pixelMs.p99, 150),
    bar('first load, KB', round(figures.loadBytes / 1000), 500),
    bar('until it can be used, s', round(figures.usableMs / 1000, 2), 1.5),
    bar('scripts, gzip, KB', round(figures.scriptGzipBytes / 1000), 120),
    bar('scrolling and filtering, longest script, ms', figures.longestScriptMs, 50),
  ];
  if (values.json) console.log(JSON.stringify({ ...figures, bars }, undefined, 2));
  else for (const each of bars) console.log(JSON.stringify(each));
} finally {
  await browser.close();
  await daemon.stop();
  rmSync(dir, { recursive: true, force: true });
}
