import type { Browser, Page } from 'playwright-core';
import { forwardTo } from '../../test/e2e/support/browser.js';
import { requestOverSocket } from '../../test/e2e/support/http.js';
import { longestTask, type LongestTask } from '../support/page-trace.js';
import { TASKS, type BoardDaemon } from './daemon.js';

/** The policy of the page would stop what measures it. */
const WINDOW = { viewport: { width: 1280, height: 800 }, bypassCSP: true } as const;

/**
 * Says when the page can be used: all tasks are there, and the stream has taken over. What playwright brings into a page
 * in order to wait there would take longer than the page itself.
 */
const TELL = `(() => {
  const look = () => {
    const isThere =
      document.querySelector('output')?.textContent === '${TASKS.toLocaleString('en-US')}' &&
      document.querySelector('.link[data-state=live]') !== null;
    if (isThere) console.info('usable', performance.now());
    else requestAnimationFrame(look);
  };
  look();
})()`;

/** Opens the tasks. @returns ms until the page can be used */
async function openTasks(page: Page, url: string): Promise<number> {
  await page.addInitScript(TELL);
  const told = page.waitForEvent('console', {
    predicate: (message) => message.text().startsWith('usable '),
    timeout: 120_000,
  });
  await page.goto(`${url}/#/tasks`, { waitUntil: 'commit' });
  return Number((await told).text().slice('usable '.length));
}

/** A first visit, with nothing in the browser's cache. @returns ms until the page can be used */
export async function firstLoad(browser: Browser, url: string): Promise<number> {
  const context = await browser.newContext(WINDOW);
  const ms = await openTasks(await context.newPage(), url);
  await context.close();
  return ms;
}

/** All bytes that a first visit gets: documents, scripts, the state and the stream, with their headers. */
export async function firstLoadBytes(browser: Browser, { socket }: BoardDaemon): Promise<number> {
  const door = await forwardTo(socket);
  try {
    await firstLoad(browser, door.url);
    return door.bytes();
  } finally {
    await door.close();
  }
}

/** Notes when the first row was drawn as drained or no longer so, by the clock that both processes share. */
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
export async function toThePixel(
  browser: Browser,
  { url, socket }: BoardDaemon,
  changes: number,
): Promise<number[]> {
  const page = await browser.newPage(WINDOW);
  await page.goto(`${url}/#/tasks?q=task:task5`);
  await page.locator('tbody tr', { hasText: 'task5' }).waitFor();
  await page.evaluate(WATCH);
  const latencies: number[] = [];
  for (let change = 0; change < changes; change++) {
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

/** Scrolls through all tasks, and types filters letter by letter. @returns the longest task and script, ms */
export async function scrollAndFilter(browser: Browser, url: string): Promise<LongestTask> {
  const page = await browser.newPage(WINDOW);
  await openTasks(page, url);
  await page.mouse.move(600, 400);
  // What playwright brings into the page for this would count as a script of the page.
  await page.locator('#filter').pressSequentially('x');
  await page.locator('#filter').fill('');
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
