import type { Browser, Page } from 'playwright-core';

/** An event of Chromium's trace; times in microseconds. */
interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly dur?: number;
  readonly args?: { readonly name?: string };
}

/** What runs scripts of the page. */
const SCRIPTS = new Set([
  'FunctionCall',
  'EvaluateScript',
  'FireAnimationFrame',
  'TimerFire',
  'EventDispatch',
  'RunMicrotasks',
]);

/**
 * The longest task of the page's main thread while something is done, and the longest run of its scripts, in
 * milliseconds. A task also has what the browser does for it: style, layout, drawing.
 */
export async function longestTask(
  browser: Browser,
  page: Page,
  act: () => Promise<void>,
): Promise<{ readonly task: number; readonly script: number }> {
  const categories = ['devtools.timeline', 'disabled-by-default-devtools.timeline', 'toplevel'];
  await browser.startTracing(page, { categories });
  await act();
  const trace = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  const threads = new Set(
    trace.traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  const longest = (fits: (name: string) => boolean): number =>
    trace.traceEvents
      .filter(({ name, pid, tid }) => fits(name) && threads.has(`${pid} ${tid}`))
      .reduce((most, { dur = 0 }) => Math.max(most, dur / 1000), 0);
  return {
    task: longest((name) => name === 'RunTask'),
    script: longest((name) => SCRIPTS.has(name)),
  };
}
