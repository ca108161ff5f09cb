import type { Browser, Page } from 'playwright-core';

/** An event of Chromium's trace; times in microseconds. */
interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly dur?: number;
  /** CPU time of its thread, which other programs on the machine do not lengthen. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string; readonly data?: object };
}

export interface LongestTask {
  readonly task: number;
  readonly script: number;
  /** The most CPU time that a script took. */
  readonly scriptCpu: number;
  /** What the longest script was. */
  readonly what: string;
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
): Promise<LongestTask> {
  const categories = ['devtools.timeline', 'disabled-by-default-devtools.timeline', 'toplevel'];
  await browser.startTracing(page, { categories });
  await act();
  const trace = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  const threads = new Set(
    trace.traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  const longest = (fits: (name: string) => boolean, timeOf = ({ dur = 0 }: TraceEvent) => dur) =>
    trace.traceEvents
      .filter(({ name, pid, tid }) => fits(name) && threads.has(`${pid} ${tid}`))
      .reduce<TraceEvent | undefined>(
        (most, each) => (most && timeOf(most) >= timeOf(each) ? most : each),
        undefined,
      );
  const script = longest((name) => SCRIPTS.has(name));
  return {
    task: (longest((name) => name === 'RunTask')?.dur ?? 0) / 1000,
    script: (script?.dur ?? 0) / 1000,
    scriptCpu:
      (longest(
        (name) => SCRIPTS.has(name),
        ({ tdur = 0 }) => tdur,
      )?.tdur ?? 0) / 1000,
    what: script ? `${script.name} ${JSON.stringify(script.args?.data ?? {})}` : 'none',
  };
}
